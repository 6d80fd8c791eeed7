/**
 * A claim capability in place of a token: `Authorization: Capability` and the secret. Who it is of, and whether it is any
 * good, only the user's pool can tell.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { fromBase64Url } from "../../shared/base64url.ts";
import type { AppEnv } from "../bindings.ts";

/** What the request presents. */
export type PresentedCapability = {
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
  /** Where it comes from, as far as the platform knows: what budgets without a name are counted by. */
  readonly source: string;
};

/** The challenge of a refusal (RFC 9110 §11.6.1). */
export const CAPABILITY_CHALLENGE = 'Capability realm="mls-key-directory"';

const SECRET_BYTES = 32;

/**
 * Lets a request with a capability pass without a token, where the deployment takes them; any other goes through
 * `authenticated`. A secret of another form is hashed all the same: it opens nothing, by the same way.
 */
export function capabilityOr(...authenticated: readonly MiddlewareHandler<AppEnv>[]): MiddlewareHandler<AppEnv>[] {
  return [
    createMiddleware<AppEnv>(async function capability(c, next) {
      c.set("capability", presented(c));
      return next();
    }),
    ...authenticated.map((handler) =>
      createMiddleware<AppEnv>(async (c, next) => (c.get("capability") === undefined ? handler(c, next) : next())),
    ),
  ];
}

function presented(c: Context<AppEnv>): PresentedCapability | undefined {
  if (!c.get("deployment").takesClaimCapabilities) return undefined;
  const [, text] = c.req.header("Authorization")?.match(/^capability +([^\s]+) *$/i) ?? [];
  if (text === undefined) return undefined;
  const secret = fromBase64Url(text);
  const isSecret = secret?.length === SECRET_BYTES;
  // No secret hashes to zeros that anybody knows.
  return { secretHash: isSecret ? sha256(secret) : new Uint8Array(SECRET_BYTES), source: sourceOf(c) };
}

/** The address that the platform saw; of IPv6 the first half, since whoever has one address has all of those. */
function sourceOf(c: Context<AppEnv>): string {
  const address = c.req.header("CF-Connecting-IP") ?? "";
  return address.includes(":") ? address.split(":").slice(0, 4).join(":") : address;
}
