/** A client's stock: adding to it, replacing it, taking from it. */
import { type Context, Hono } from "hono";
import { CHECK_PAUSE_MS, CHECK_WAIT_MS, MAX_REFS_PER_REQUEST } from "../../../config/limits.ts";
import { readSettings } from "../../../config/settings.ts";
import type { PreflightCall, PublishAnswer, SignatureKey } from "../../../contract/pool-messages.ts";
import { fromBase64Url } from "../../../shared/base64url.ts";
import { countBy } from "../../../shared/count-by.ts";
import { authenticate } from "../../auth/authenticate.ts";
import { owner } from "../../auth/owner.ts";
import type { AppEnv } from "../../bindings.ts";
import { bodyLimit } from "../../middleware/body-limit.ts";
import { accept, type Checked, problem, refuse } from "../../refusals/refusal.ts";
import { countUploads, gaugeStock } from "../../telemetry/metrics.ts";
import { callPool, pause, poolOverloaded } from "../../upstream/pool.ts";
import { currentRestoreEpoch } from "../../upstream/restore-epoch-cache.ts";
import { inventoryBody } from "../../wire/bodies.ts";
import { check, readJson } from "../../wire/read-json.ts";
import { readQuery } from "../../wire/read-query.ts";
import { admitBatch, admittedOf, readBatch, resultsOf } from "./batch.ts";
import { removeRequest, replaceQuery } from "./schemas.ts";

const KEY_PACKAGES = "/v1/users/:user/clients/:client/key-packages";
const publisher = authenticate("key-packages:publish");

export const keyPackages = new Hono<AppEnv>()
  .post(KEY_PACKAGES, publisher, owner, bodyLimit, (c) => publish(c, "add"))
  .put(KEY_PACKAGES, publisher, owner, bodyLimit, (c) => {
    const query = check(replaceQuery, readQuery(c.req.queries()));
    return query.ok ? publish(c, "replace", query.value.allow_empty === "true") : problem(c, query.refusal);
  })
  .delete(KEY_PACKAGES, publisher, owner, bodyLimit, async (c) => {
    const request = readJson(removeRequest, c.req.header("Content-Type"), c.get("body"));
    if (!request.ok) return problem(c, request.refusal);
    const refs = readRefs("refs", request.value.refs ?? [], MAX_REFS_PER_REQUEST);
    if (!refs.ok) return problem(c, refs.refusal);
    const { user, client } = c.get("owned");
    const call = { user, client, restoreEpoch: await currentRestoreEpoch(c.env.DB) };
    const which = request.value.all ? ({ kind: "all" } as const) : ({ kind: "refs", refs: refs.value } as const);
    const removed = await callPool(c.env, user, "safe", (pool) => pool.remove({ ...call, which }));
    if (!removed.ok) return problem(c, removed.refusal);
    if (removed.value.outcome !== "removed") return problem(c, { code: removed.value.outcome });
    c.set("outcomes", { removed: removed.value.removed });
    return c.json({ removed: removed.value.removed, inventory: inventoryBody(c.env, removed.value.inventory) });
  });

/** References in base64url, at most `max`. */
export function readRefs(member: string, texts: readonly string[], max: number): Checked<readonly Uint8Array[]> {
  if (texts.length > max) return refuse("too_many_refs", `${texts.length} references are more than ${max}`);
  const refs = texts.map(fromBase64Url);
  const bad = refs.indexOf(undefined);
  return bad === -1 ? accept(refs.filter((ref) => ref !== undefined)) : refuse("invalid_base64", `${member}/${bad}`);
}

/** Counts and sizes first, then the pool's leave, then decoding and signatures, and the pool again to store. */
async function publish(c: Context<AppEnv>, mode: "add" | "replace", allowEmpty = true): Promise<Response> {
  const { user, client } = c.get("owned");
  const items = readBatch(c.req.header("Content-Type"), c.get("body"), readSettings(c.env).maxKeyPackagesPerRequest);
  if (!items.ok) return problem(c, items.refusal);
  if (items.value.length === 0 && !allowEmpty) {
    return problem(c, { code: "empty_replacement", detail: "to remove everything add ?allow_empty=true" });
  }
  const call = { user, client, restoreEpoch: await currentRestoreEpoch(c.env.DB) };
  const checked = items.value.length;
  const signatureKeys = await preflight(c, { ...call, packages: checked });
  if (!signatureKeys.ok) return problem(c, signatureKeys.refusal);

  const verdicts = await admitBatch(c.env, call, signatureKeys.value, items.value);
  const admitted = admittedOf(verdicts);
  const refused = verdicts.length - admitted.length;
  // A replacement with a refused package goes to the pool too, as nothing: the refusals count against the budget.
  const hopeless = mode === "replace" && refused > 0;
  const put = hopeless
    ? ({ ...call, mode: "add", keyPackages: [], refused, checked } as const)
    : { ...call, mode, keyPackages: admitted, refused, checked };
  const stored = await callPool<PublishAnswer>(c.env, user, "safe", (pool) => pool.publish(put));
  if (!stored.ok) return problem(c, stored.refusal);
  if (stored.value.outcome !== "published") return problem(c, { code: stored.value.outcome });

  const applied = !hopeless && stored.value.applied;
  const results = resultsOf(verdicts, stored.value.codes, applied);
  const outcomes = countBy(results.map((result) => result.code));
  c.set("outcomes", outcomes);
  countUploads(c.env.METRICS, outcomes);
  gaugeStock(c.env.METRICS, stored.value.inventory);
  const answer = { results, inventory: inventoryBody(c.env, stored.value.inventory) };
  if (applied) return c.json(answer);
  return problem(c, { code: "batch_refused", detail: "see results; nothing was changed", members: answer });
}

/**
 * Whether to spend crypto on the request at all, and with which keys its packages must be signed. Waits a while for the
 * client's earlier uploads: one that sends many at once is served in turn, and none of them goes uncounted.
 */
async function preflight(c: Context<AppEnv>, call: PreflightCall): Promise<Checked<readonly SignatureKey[]>> {
  for (let waitedMs = 0; ; waitedMs += CHECK_PAUSE_MS) {
    const answer = await callPool(c.env, call.user, "safe", (pool) => pool.preflight(call));
    if (!answer.ok) return answer;
    switch (answer.value.outcome) {
      case "ready":
        return accept(answer.value.signatureKeys);
      case "refusals_exhausted":
        return refuse("refusals_exhausted", undefined, { retryAfterSeconds: answer.value.retryAfterSeconds });
      case "client_not_registered":
        return refuse("client_not_registered");
      case "busy":
        if (waitedMs >= CHECK_WAIT_MS) return poolOverloaded();
        await pause(CHECK_PAUSE_MS * (0.5 + Math.random()));
    }
  }
}
