import type { Context } from "hono";
import { clientOf } from "../auth/principal.ts";
import type { AppEnv } from "../bindings.ts";
import { type PoolClient, poolClient } from "./pool-client.ts";

/** The pool of `user` for a caller who is one of that user's clients: a token from before its client was ended is refused. */
export function ownPool(c: Context<AppEnv>, user: string): PoolClient {
  const principal = c.get("principal");
  return poolClient(c.env, user, { client: clientOf(principal), issuedAt: principal.issuedAt });
}
