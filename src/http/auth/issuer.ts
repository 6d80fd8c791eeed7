/** Whose tokens are accepted: read from the environment, closed as long as anything is missing. */
import { createLocalJWKSet, createRemoteJWKSet, type JWTVerifyGetKey } from "jose";
import { JWKS_CACHE_MS, JWKS_COOLDOWN_MS, JWKS_TIMEOUT_MS } from "../../config/limits.ts";
import type { Bindings } from "../bindings.ts";
import { accept, type Checked, refuse } from "../refusals/refusal.ts";

export type Issuer = {
  readonly keys: JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  readonly clientClaim: string;
};

type AuthBindings = Pick<
  Bindings,
  "AUTH_JWKS_URL" | "AUTH_JWKS" | "AUTH_ISSUER" | "AUTH_AUDIENCE" | "AUTH_CLIENT_CLAIM"
>;

/** The keys of the last configuration seen, so that an isolate fetches and imports them once. */
let cached: { readonly source: string; readonly keys: JWTVerifyGetKey } | undefined;

/** The issuer of this deployment, or `authentication_not_configured` with the name of what is missing or unreadable. */
export function readIssuer(env: AuthBindings): Checked<Issuer> {
  const { AUTH_JWKS_URL: url, AUTH_JWKS: jwks, AUTH_ISSUER: issuer, AUTH_AUDIENCE: audience } = env;
  if (url && jwks) return notConfigured("AUTH_JWKS_URL and AUTH_JWKS are both set; set one");
  if (!issuer) return notConfigured("AUTH_ISSUER is not set");
  if (!audience) return notConfigured("AUTH_AUDIENCE is not set");
  const source = url || jwks;
  if (!source) return notConfigured("neither AUTH_JWKS_URL nor AUTH_JWKS is set");
  if (cached?.source !== source) {
    const keys = url ? remoteKeys(url) : localKeys(source);
    if (!keys) return notConfigured(url ? "AUTH_JWKS_URL is not an https address" : "AUTH_JWKS is not a JWKS");
    cached = { source, keys };
  }
  return accept({ keys: cached.keys, issuer, audience, clientClaim: env.AUTH_CLIENT_CLAIM || "device_id" });
}

function notConfigured(detail: string) {
  return refuse("authentication_not_configured", detail);
}

function remoteKeys(text: string): JWTVerifyGetKey | undefined {
  const url = URL.parse(text);
  const loopback = url?.hostname === "127.0.0.1" || url?.hostname === "localhost";
  if (!url || !(url.protocol === "https:" || (url.protocol === "http:" && loopback))) return undefined;
  return createRemoteJWKSet(url, {
    cacheMaxAge: JWKS_CACHE_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    timeoutDuration: JWKS_TIMEOUT_MS,
  });
}

function localKeys(text: string): JWTVerifyGetKey | undefined {
  try {
    return createLocalJWKSet(JSON.parse(text));
  } catch {
    return undefined;
  }
}
