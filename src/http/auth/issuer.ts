/** The issuer of the deployment with its keys, which an isolate fetches and imports once. */
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import type { Deployment, IssuerSettings } from "../../config/deployment.ts";
import { JWKS_CACHE_MS, JWKS_COOLDOWN_MS, JWKS_TIMEOUT_MS } from "../../config/limits.ts";
import { ok, type Result, refuse } from "../refusals/refusal.ts";

export type Issuer = {
  readonly keys: JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  readonly clientClaim: string;
};

const issuers = new WeakMap<IssuerSettings, Issuer>();

/** The issuer, or `authentication_not_configured` with the name of the setting that is missing. */
export function issuerOf({ issuer: settings }: Pick<Deployment, "issuer">): Result<Issuer> {
  if (!settings.ok) return refuse("authentication_not_configured", settings.error);
  const { issuer, audience, clientClaim } = settings.value;
  const known = issuers.get(settings.value) ?? { issuer, audience, clientClaim, keys: keysOf(settings.value) };
  issuers.set(settings.value, known);
  return ok(known);
}

function keysOf({ keys }: IssuerSettings): JWTVerifyGetKey {
  if (keys.from === "setting") return createLocalJWKSet(keys.jwks as JSONWebKeySet);
  return createRemoteJWKSet(keys.url, {
    cacheMaxAge: JWKS_CACHE_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    timeoutDuration: JWKS_TIMEOUT_MS,
  });
}
