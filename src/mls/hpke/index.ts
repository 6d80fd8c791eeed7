/** HPKE with the keys of a KeyPackage (RFC 9420 §5.1.3): an entry of its own, since it alone needs an HPKE library. */
export { type HpkeCiphertext, type HpkeError, type Labelled, open, seal } from "./hpke.ts";
