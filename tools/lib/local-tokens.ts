/** The key that signs tokens for the local directory, and the tokens. Made at the first start, never used elsewhere. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";

const ALGORITHM = "ES256";
const KEY_ID = "local";
const TOKEN_LIFETIME = "12h";

export const LOCAL_ISSUER = "urn:mls-key-directory:local";
export const LOCAL_AUDIENCE = "mls-key-directory";

export type LocalKey = { readonly privateJwk: JWK; readonly jwks: string };

/** Reads the key from `file`, or makes it and writes it there for its owner's eyes only. */
export async function localKey(file: string): Promise<LocalKey> {
  if (!existsSync(file)) {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
  }
  const privateJwk = JSON.parse(readFileSync(file, "utf8")) as JWK;
  const { d: _secret, ...publicJwk } = privateJwk;
  return { privateJwk, jwks: JSON.stringify({ keys: [{ ...publicJwk, kid: KEY_ID, alg: ALGORITHM, use: "sig" }] }) };
}

/** A token of twelve hours for a user's client. */
export async function localToken(
  key: LocalKey,
  subject: { readonly user: string; readonly client: string; readonly scope: string },
): Promise<string> {
  return new SignJWT({ device_id: subject.client, scope: subject.scope })
    .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID })
    .setSubject(subject.user)
    .setIssuer(LOCAL_ISSUER)
    .setAudience(LOCAL_AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(TOKEN_LIFETIME)
    .sign(await importJWK(key.privateJwk, ALGORITHM));
}
