/** An issuer of tokens for directories on this machine: a key that is trusted nowhere else, and what is signed with it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { LOCAL_AUDIENCE } from "./local-audience.ts";

const ALGORITHM = "ES256";
const TOKEN_LIFETIME = "12h";
const ISSUER = "urn:mls-key-directory:local";

export type SigningKey = {
  readonly privateJwk: JWK;
  /** The public half as AUTH_JWKS takes it. */
  readonly jwks: string;
};

export type Issuer = {
  /** The settings of a directory that trusts this issuer. */
  readonly settings: Readonly<Record<"AUTH_JWKS" | "AUTH_ISSUER" | "AUTH_AUDIENCE", string>>;
  /** A token of twelve hours for a user's client. */
  readonly token: (user: string, client: string, scope: string) => Promise<string>;
};

export async function newSigningKey(keyId: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return signingKey({ ...(await exportJWK(privateKey)), kid: keyId, alg: ALGORITHM });
}

/** An issuer whose key is in `file`, readable for its owner alone; it is made there at the first call. */
export async function keptIssuer(file: string): Promise<Issuer> {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify((await newSigningKey("local")).privateJwk), { mode: 0o600 });
  }
  // Files of earlier versions name neither key nor algorithm.
  const privateJwk = { kid: "local", alg: ALGORITHM, ...(JSON.parse(readFileSync(file, "utf8")) as JWK) };
  return issuerWith(signingKey(privateJwk));
}

/** An issuer whose key ends with the process. */
export const newIssuer = async (): Promise<Issuer> => issuerWith(await newSigningKey("local"));

function signingKey(privateJwk: JWK): SigningKey {
  const { d: _secret, ...publicJwk } = privateJwk;
  return { privateJwk, jwks: JSON.stringify({ keys: [{ ...publicJwk, use: "sig" }] }) };
}

function issuerWith({ privateJwk, jwks }: SigningKey): Issuer {
  return {
    settings: { AUTH_JWKS: jwks, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: LOCAL_AUDIENCE },
    token: async (user, client, scope) =>
      new SignJWT({ device_id: client, scope })
        .setProtectedHeader({ alg: ALGORITHM, kid: privateJwk.kid ?? "local" })
        .setSubject(user)
        .setIssuer(ISSUER)
        .setAudience(LOCAL_AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(TOKEN_LIFETIME)
        .sign(await importJWK(privateJwk, ALGORITHM)),
  };
}
