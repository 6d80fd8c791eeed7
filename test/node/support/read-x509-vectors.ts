/** Certificates that OpenSSL and step-ca made (tools/x509-vectors.ts). */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SignatureScheme, X509Credential } from "../../../src/mls/index.ts";
import { type X509Options, x509Verifier } from "../../../src/mls/x509/index.ts";

const BLOCK = /^# (\w+)\n(-----BEGIN CERTIFICATE-----[^#]*)/gm;

/** DER of each certificate of a file, by its name. */
export function readVectors(file: "openssl.pem" | "step-ca.pem"): ReadonlyMap<string, Uint8Array> {
  const text = readFileSync(join(import.meta.dirname, "../../vectors/x509", file), "utf8");
  return new Map([...text.matchAll(BLOCK)].map(([, name = "", pem = ""]) => [name, derOf(pem)]));
}

const derOf = (pem: string): Uint8Array => new Uint8Array(new X509Certificate(pem).raw);

/** The Ed25519 key of a client's certificate: the end of its SubjectPublicKeyInfo. */
export function signatureKeyOf(der: Uint8Array): Uint8Array {
  const spki = new X509Certificate(der).publicKey.export({ type: "spki", format: "der" });
  return new Uint8Array(spki.subarray(-32));
}

export type Question = {
  readonly chain: readonly Uint8Array[];
  readonly anchors: readonly Uint8Array[];
  readonly intermediates?: X509Options["intermediates"];
  readonly now: number;
  /** Unless it is that of the first certificate. */
  readonly signatureKey?: Uint8Array;
};

/** The verdict on a chain for its first certificate's key. */
export async function verify({ chain, anchors, intermediates, now, signatureKey }: Question) {
  const verifier = await x509Verifier(anchors, { intermediates });
  return verifier({
    credential: new X509Credential(chain).toCredential(),
    signatureScheme: SignatureScheme.ed25519,
    signatureKey: signatureKey ?? signatureKeyOf(chain[0] ?? new Uint8Array()),
    now,
  });
}
