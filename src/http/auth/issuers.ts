/** The issuers of the deployment with their keys, and the tokens that were verified with them. */
import type { IssuerSettings } from "../../config/auth-settings.ts";
import type { Deployment } from "../../config/deployment.ts";
import type { IssuerKeyMark } from "../../contract/record-messages.ts";
import { ok, type Result } from "../../shared/ok-or-error.ts";
import { pause } from "../../shared/pause.ts";
import { type AuthenticationFailure, failure, notConfigured } from "./authentication-failure.ts";
import { fetchJwks } from "./fetch-jwks.ts";
import { fixedKeys, type KeySource } from "./key-source.ts";
import { RemoteKeys } from "./remote-keys.ts";
import { sharedKeys } from "./shared-keys.ts";
import { TokenCache } from "./token-cache.ts";

export type Issuer = { readonly settings: IssuerSettings; readonly keys: KeySource };

export type Issuers = {
  /** By what `iss` must be. */
  readonly byName: ReadonlyMap<string, Issuer>;
  readonly verified: TokenCache;
  /** Those that were obeyed last. */
  marks: readonly IssuerKeyMark[];
};

/** Another configuration starts with nothing. */
const known = new WeakMap<readonly IssuerSettings[], Issuers>();

/** The issuers, or `authentication_not_configured` with the name of the setting that is missing. */
export function issuersOf({ issuers: settings }: Pick<Deployment, "issuers">): Result<Issuers, AuthenticationFailure> {
  if (!settings.ok) return failure("not_configured", notConfigured(settings.error));
  const issuers = known.get(settings.value) ?? makeIssuers(settings.value);
  known.set(settings.value, issuers);
  return ok(issuers);
}

/** The same, without keys that operators called too old, and without what was verified with such. */
export function issuersObeying(
  deployment: Pick<Deployment, "issuers">,
  marks: readonly IssuerKeyMark[],
  nowMs: number,
): ReturnType<typeof issuersOf> {
  const issuers = issuersOf(deployment);
  if (issuers.ok) obeyKeyMarks(issuers.value, marks, nowMs);
  return issuers;
}

function obeyKeyMarks(issuers: Issuers, marks: readonly IssuerKeyMark[], nowMs: number): void {
  if (marks === issuers.marks) return;
  issuers.marks = marks;
  const news = marks.map(({ issuer, sinceMs }) => issuers.byName.get(issuer)?.keys.expire(sinceMs, nowMs) ?? false);
  if (news.includes(true)) issuers.verified.clear();
}

const makeIssuers = (all: readonly IssuerSettings[]): Issuers => ({
  byName: new Map(all.map((settings) => [settings.issuer, { settings, keys: keysOf(settings) }])),
  verified: new TokenCache(),
  marks: [],
});

function keysOf({ issuer, keys }: IssuerSettings): KeySource {
  if (keys.from === "setting") return fixedKeys(keys.jwks);
  const { url } = keys;
  return new RemoteKeys({ issuer, fetchJwks: () => fetchJwks(url), shared: sharedKeys(url), pause });
}
