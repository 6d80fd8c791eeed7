/** Requests to register a client, with the proofs that they take. Runs in Node and in workerd. */
import { registrationProofInput } from "../../src/admission/registration-proof.ts";
import { LOCAL_AUDIENCE } from "../../src/cli/remote/local-issuer.ts";
import { SignatureScheme, signatureSchemeName } from "../../src/mls/ciphersuite.ts";
import { postQuantumCrypto } from "../../src/mls/post-quantum/index.ts";
import { unixSeconds } from "../../src/shared/time.ts";
import type { SampleSigner } from "./sample-packages.ts";

export type Registering = {
  /** AUTH_AUDIENCE of the directory. */
  readonly audience: string;
  readonly user: string;
  readonly client: string;
  /** Unix seconds; now if left out. */
  readonly signedAt?: number;
};

export type SigningKey = {
  /** Ed25519 if left out. */
  readonly scheme?: SignatureScheme;
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
};

export type RegistrationBody = {
  readonly signature_keys: Readonly<Record<string, string>>;
  readonly signed_at: number;
  readonly proofs: Readonly<Record<string, string>>;
};

/** The body of a registration of these keys, each proven with its own private key. */
export async function registrationBody(
  { signedAt = unixSeconds(Date.now()), ...who }: Registering,
  ...keys: readonly SigningKey[]
): Promise<RegistrationBody> {
  const signature_keys: Record<string, string> = {};
  const proofs: Record<string, string> = {};
  for (const { scheme = SignatureScheme.ed25519, publicKey, privateKey } of keys) {
    const input = registrationProofInput({ ...who, signedAt, scheme, publicKey });
    const name = signatureSchemeName(scheme);
    signature_keys[name] = base64url(publicKey);
    proofs[name] = base64url(await postQuantumCrypto.sign(scheme, privateKey, input));
  }
  return { signature_keys, signed_at: signedAt, proofs };
}

/** The same for a directory on this machine and a sample's Ed25519 key. */
export const localRegistration = (
  user: string,
  client: string,
  { publicKey, signKey }: SampleSigner,
): Promise<RegistrationBody> =>
  registrationBody({ audience: LOCAL_AUDIENCE, user, client }, { publicKey, privateKey: signKey });

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
