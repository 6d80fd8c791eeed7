/** Signs tokens for a directory on this machine, with the key that `npm start` keeps in its state folder. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { importJWK, type JWK, SignJWT } from "jose";
import { UsageError } from "../command.ts";

export const LOCAL_ALGORITHM = "ES256";
export const LOCAL_ISSUER = "urn:mls-key-directory:local";
export const LOCAL_AUDIENCE = "mls-key-directory";
const TOKEN_LIFETIME = "12h";
const KEY_ID = "local";

/** In a state folder: the private key, and where the directory listens. */
export const TOKEN_KEY_FILE = "token-key.json";
export const DESCRIPTION_FILE = "local.json";

/** A token of twelve hours for a user's client. */
export type SignToken = (user: string, client: string, scope: string) => Promise<string>;

export function tokensOf(privateJwk: JWK): SignToken {
  return async (user, client, scope) =>
    new SignJWT({ device_id: client, scope })
      .setProtectedHeader({ alg: LOCAL_ALGORITHM, kid: privateJwk.kid ?? KEY_ID })
      .setSubject(user)
      .setIssuer(LOCAL_ISSUER)
      .setAudience(LOCAL_AUDIENCE)
      .setIssuedAt()
      .setExpirationTime(TOKEN_LIFETIME)
      .sign(await importJWK(privateJwk, LOCAL_ALGORITHM));
}

/** The key of a file. Files of earlier versions name neither key nor algorithm. */
export function readTokenKey(file: string): JWK {
  return { kid: KEY_ID, alg: LOCAL_ALGORITHM, ...(JSON.parse(readFileSync(file, "utf8")) as JWK) };
}

/** The issuer of a state folder, or undefined if no directory was started on it. */
export function localIssuer(state: string): SignToken | undefined {
  const file = join(state, TOKEN_KEY_FILE);
  if (!existsSync(file)) return undefined;
  try {
    return tokensOf(readTokenKey(file));
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Where the directory of a state folder listens, or did when it last ran. */
export function localAddress(state: string): string | undefined {
  const file = join(state, DESCRIPTION_FILE);
  if (!existsSync(file)) return undefined;
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly address: string }).address;
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
