/** The issuers' keys as this service has them, and fetching them again before their time. */
import type { Context } from "hono";
import * as z from "zod/mini";
import { ORDERS_SETTLED_SECONDS } from "../../../config/limits.ts";
import { countBy } from "../../../shared/count-by.ts";
import { unixSeconds } from "../../../shared/time.ts";
import { type Issuer, issuersObeying } from "../../auth/issuers.ts";
import type { AppEnv } from "../../bindings.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { askRecords } from "../../upstream/ask-records.ts";
import { keyMarks, rereadOrders } from "../../upstream/standing-orders.ts";
import * as schemas from "../../wire/common-schemas.ts";
import { shownText } from "../../wire/shown-value.ts";

const ISSUER_KEYS = "/v1/admin/issuer-keys";

const keysOfIssuer = () => ({
  issuer: z.string(),
  from: z.enum(["address", "setting"]),
  fetched_at: z.nullable(schemas.unixSeconds),
  last_fetch_failed: z.boolean(),
  key_ids: z.array(z.string()),
});

const keysAnswer = /* @__PURE__ */ schemas.named(
  "IssuerKeys",
  "The issuers, and their keys as the isolate has them that answers. `fetched_at` is null before the first token of the issuer, while its keys are too old, and for keys that are a setting.",
  () => z.strictObject({ issuers: z.array(z.strictObject(keysOfIssuer())) }),
);

const refreshQuery = z.strictObject({ issuer: z.optional(z.string().check(z.minLength(1))) });

const refreshAnswer = /* @__PURE__ */ schemas.named(
  "RefreshedIssuerKeys",
  "What became of each issuer. Where `outcome` is `fetched`, no isolate that is in use believes older keys of the issuer, or a token that was verified with one, from `holds_everywhere_at` on; a new one may believe those of its data center for its first requests. Otherwise nothing has changed: the issuer gave no keys (`failed`), it was asked a moment ago (`too_soon`), or its keys are a setting (`of_a_setting`).",
  () =>
    z.strictObject({
      issuers: z.array(
        z.strictObject({ ...keysOfIssuer(), outcome: z.enum(["fetched", "failed", "too_soon", "of_a_setting"]) }),
      ),
      holds_everywhere_at: z.nullable(schemas.unixSeconds),
    }),
);

export const issuerKeys = [
  operation({
    id: "getIssuerKeys",
    method: "GET",
    path: ISSUER_KEYS,
    access: "operator",
    handle: (_, c) => {
      const issuers = issuersNamed(c, undefined);
      return issuers.ok ? ok(c.json({ issuers: issuers.value.map((one) => keysBody(one, Date.now())) })) : issuers;
    },
  }),
  operation({
    id: "refreshIssuerKeys",
    method: "POST",
    path: ISSUER_KEYS,
    access: "operator",
    query: refreshQuery,
    needs: "records",
    handle: async ({ query }, c) => {
      const issuers = issuersNamed(c, query.issuer);
      if (!issuers.ok) return issuers;
      const nowMs = Date.now();
      const refreshed = await Promise.all(
        issuers.value.map(async (issuer) => ({
          issuer,
          outcome: await issuer.keys.refresh(nowMs),
        })),
      );
      c.set("outcomes", countBy(refreshed.map(({ outcome }) => outcome)));
      const fetched = refreshed.filter(({ outcome }) => outcome === "fetched");
      for (const { issuer } of fetched) {
        const mark = { issuer: issuer.settings.issuer, sinceMs: nowMs };
        const marked = await askRecords(c.env, (records) => records.markIssuerKeys(mark));
        if (!marked.ok) return marked;
      }
      if (fetched.length > 0) await rereadOrders(c.env);
      return ok(
        c.json({
          issuers: refreshed.map(({ issuer, outcome }) => ({ ...keysBody(issuer, nowMs), outcome })),
          holds_everywhere_at: fetched.length > 0 ? unixSeconds(nowMs) + ORDERS_SETTLED_SECONDS : null,
        }),
      );
    },
  }),
];

export const issuerKeysDescribed = (): Descriptions => ({
  getIssuerKeys: {
    summary: "Which keys of which issuer are in use, and when they were fetched.",
    answers: [{ status: 200, description: "The issuers.", json: keysAnswer }],
    problems: [],
  },
  refreshIssuerKeys: {
    summary: "Fetch the keys of all issuers, or of one, now, and have older ones forgotten everywhere.",
    answers: [{ status: 200, description: "Asked.", json: refreshAnswer }],
    problems: [],
  },
});

/** All of them, or the one of that name. */
function issuersNamed(c: Context<AppEnv>, name: string | undefined): Result<readonly Issuer[]> {
  const issuers = issuersObeying(c.get("deployment"), keyMarks(), Date.now());
  if (!issuers.ok) return issuers;
  const all = [...issuers.value.byName.values()];
  if (name === undefined) return ok(all);
  const issuer = issuers.value.byName.get(name);
  if (issuer) return ok([issuer]);
  const expected = all.map(({ settings }) => settings.issuer).join(" or ");
  return refuse("invalid_request", `/issuer: expected ${expected}, got ${shownText(name)}`);
}

function keysBody({ settings, keys }: Issuer, nowMs: number) {
  const { from, fetchedAtMs, failed, keyIds } = keys.state(nowMs);
  return {
    issuer: settings.issuer,
    from,
    fetched_at: fetchedAtMs === undefined ? null : unixSeconds(fetchedAtMs),
    last_fetch_failed: failed,
    key_ids: [...keyIds],
  };
}
