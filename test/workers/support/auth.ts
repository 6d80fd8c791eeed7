/** Tokens of the issuer that vitest.config.ts configures the Worker under test with. */
import { env } from "cloudflare:workers";
import { importJWK, type JWTPayload, SignJWT } from "jose";

export const ISSUER = "https://auth.test";
export const AUDIENCE = "mls-key-directory-test";

export const PUBLISH = "key-packages:publish";
export const CLAIM = "key-packages:claim";
export const REVOKE = "clients:revoke";
export const DATA = "users:data";
export const ROUTES = "routes:read";
export const ADMIN = "directory:admin";

export type TokenOptions = {
  readonly user?: string | undefined;
  readonly client?: string | undefined;
  readonly scope?: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** Seconds from now. */
  readonly expiresIn?: number | undefined;
  readonly claims?: JWTPayload;
};

export async function token(options: TokenOptions = {}): Promise<string> {
  const { user = "alice", scope = PUBLISH, issuer = ISSUER, audience = AUDIENCE, claims = {} } = options;
  const client = "client" in options ? options.client : "phone";
  const expiresIn = "expiresIn" in options ? options.expiresIn : 600;
  const jwt = new SignJWT({ ...(client === undefined ? {} : { device_id: client }), scope, ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "test" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(user);
  if (expiresIn !== undefined) jwt.setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn);
  return jwt.sign(await importJWK(JSON.parse(env.TEST_PRIVATE_JWK), "ES256"));
}
