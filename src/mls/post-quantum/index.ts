/** Suites with ML-DSA signatures, and key pairs of ML-KEM: an entry of its own, since it alone needs their arithmetic. */
export { postQuantumCrypto, withPostQuantum } from "./post-quantum-crypto.ts";
