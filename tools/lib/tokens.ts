/** An issuer of tokens for directories on this machine: a key that is trusted nowhere else, and what is signed with it. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import {
  LOCAL_ALGORITHM,
  LOCAL_AUDIENCE,
  LOCAL_ISSUER,
  readTokenKey,
  type SignToken,
  tokensOf,
} from "../../src/cli/remote/local-issuer.ts";

export type SigningKey = {
  readonly privateJwk: JWK;
  /** The public half as AUTH_JWKS takes it. */
  readonly jwks: string;
};

export type Issuer = {
  /** The settings of a directory that trusts this issuer. */
  readonly settings: Readonly<Record<"AUTH_JWKS" | "AUTH_ISSUER" | "AUTH_AUDIENCE", string>>;
  readonly token: SignToken;
};

export async function newSigningKey(keyId: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(LOCAL_ALGORITHM, { extractable: true });
  return signingKey({ ...(await exportJWK(privateKey)), kid: keyId, alg: LOCAL_ALGORITHM });
}

/** An issuer whose key is in `file`, readable for its owner alone; it is made there at the first call. */
export async function keptIssuer(file: string): Promise<Issuer> {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify((await newSigningKey("local")).privateJwk), { mode: 0o600 });
  }
  return issuerWith(signingKey(readTokenKey(file)));
}

/** An issuer whose key ends with the process. */
export const newIssuer = async (): Promise<Issuer> => issuerWith(await newSigningKey("local"));

function signingKey(privateJwk: JWK): SigningKey {
  const { d: _secret, ...publicJwk } = privateJwk;
  return { privateJwk, jwks: JSON.stringify({ keys: [{ ...publicJwk, use: "sig" }] }) };
}

function issuerWith({ privateJwk, jwks }: SigningKey): Issuer {
  return {
    settings: { AUTH_JWKS: jwks, AUTH_ISSUER: LOCAL_ISSUER, AUTH_AUDIENCE: LOCAL_AUDIENCE },
    token: tokensOf(privateJwk),
  };
}
