/**
 * A claim capability in place of a token: `Authorization: Capability` and the secret. Who it is of, and whether it is any
 * good, only the user's pool can tell.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { Context, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR } from "../../config/limits.ts";
import type { CapabilityClaimCall } from "../../contract/capability-messages.ts";
import type { PoolCall } from "../../contract/pool-call.ts";
import { fromBase64Url } from "../../shared/base64url.ts";
import type { AppEnv } from "../bindings.ts";
import { refuse } from "../refusals/refusal.ts";
import { capabilityAttempts } from "../upstream/capability-attempts.ts";
import { type PoolClient, poolClient } from "../upstream/pool-client.ts";

/** What the request presents. */
export type PresentedCapability = {
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
  /** Claims with it, unless there were too many in vain. */
  readonly claim: (user: string, call: CapabilityCall) => ReturnType<PoolClient["claim"]>;
};

type CapabilityCall = Omit<CapabilityClaimCall, keyof PoolCall | "secretHash">;

/** The challenge of a refusal (RFC 9110 §11.6.1). */
const CAPABILITY_CHALLENGE = 'Capability realm="mls-key-directory"';

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
  const secretHash = isSecret ? sha256(secret) : new Uint8Array(SECRET_BYTES);
  return { secretHash, claim: (user, call) => claim(c, user, { ...call, secretHash }) };
}

/** What is done does not depend on whether there is such a user. */
async function claim(
  c: Context<AppEnv>,
  user: string,
  call: CapabilityCall & { readonly secretHash: Uint8Array },
): ReturnType<PoolClient["claim"]> {
  const leave = capabilityAttempts.leaveToTry(sourceOf(c), Date.now());
  if (leave.waitMs > 0) {
    const detail = `expected at most ${CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR} claims per hour with capabilities that give none, got another one`;
    return refuse("capability_refusals_exhausted", detail, { retryAfterSeconds: Math.ceil(leave.waitMs / 1000) });
  }
  const claimed = await poolClient(c.env, user).claimWithCapability(call);
  if (claimed.ok || claimed.error.code === "idempotency_key_reused") leave.wasRight();
  else if (claimed.error.code === "capability_refused") c.header("WWW-Authenticate", CAPABILITY_CHALLENGE);
  return claimed;
}

/** The address that the platform saw; of IPv6 the first half, since whoever has one address has all of those. */
function sourceOf(c: Context<AppEnv>): string {
  const address = c.req.header("CF-Connecting-IP") ?? "";
  return address.includes(":") ? address.split(":").slice(0, 4).join(":") : address;
}
