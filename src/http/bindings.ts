/** What the Worker finds in its environment, and what a request gathers on its way through the middleware. */
import type { PoolPlacement } from "../pool/address.ts";
import type { Principal } from "./auth/principal.ts";
import type { ProblemCode } from "./refusals/problem-codes.ts";

/** Bindings and secrets; numbers that a deployment may change are read by settings.ts. */
export type Bindings = PoolPlacement & {
  readonly DB: D1Database;
  /** Where the issuer publishes its keys, or the keys themselves as the JSON text of a JWKS. Exactly one of the two. */
  readonly AUTH_JWKS_URL?: string;
  readonly AUTH_JWKS?: string;
  readonly AUTH_ISSUER?: string;
  readonly AUTH_AUDIENCE?: string;
  /** Claim of the token that names the client; default `device_id`. */
  readonly AUTH_CLIENT_CLAIM?: string;
  /** What a BasicCredential's identity must be; default `{user}`, `*` accepts any. */
  readonly CREDENTIAL_IDENTITY?: string;
  /** Accepted ciphersuites by number, the preferred one first; default all of RFC 9420. */
  readonly CIPHERSUITES?: string;
  /** Who checks signatures: `noble` (default) or `webcrypto`. */
  readonly CRYPTO_PROVIDER?: string;
  readonly METRICS?: AnalyticsEngineDataset;
};

export type Variables = {
  requestId: string;
  /** Set by `authenticate`. */
  principal: Principal;
  /** Set by `owner`: the client of the path, which the token belongs to. */
  owned: { readonly user: string; readonly client: string };
  /** Set by `targetUser`: the user of the path, whoever asks. */
  target: string;
  /** Set by `bodyLimit`. */
  body: Uint8Array;
  /** Code of the problem that the request was answered with. */
  problem: ProblemCode | undefined;
  /** What became of the parts of the request, for the access log: codes and statuses with their number. */
  outcomes: Readonly<Record<string, number>>;
};

export type AppEnv = { Bindings: Bindings; Variables: Variables };
