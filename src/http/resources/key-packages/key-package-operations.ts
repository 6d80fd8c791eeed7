/** A client's stock: adding to it, replacing it, taking from it. */
import type { Context } from "hono";
import type * as z from "zod/mini";
import { LIST_BODY_BYTES, MAX_REFS_PER_REQUEST, SMALL_BODY_BYTES } from "../../../config/limits.ts";
import type { Settings } from "../../../config/settings.ts";
import { countBy } from "../../../shared/count-by.ts";
import { pause } from "../../../shared/pause.ts";
import { unixSeconds } from "../../../shared/time.ts";
import type { AppEnv } from "../../bindings.ts";
import { type Descriptions, type MediaType, operation } from "../../operation.ts";
import { receiptQuery, receiptsFor } from "../../receipts/receipts.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { countUploads, gaugeStock } from "../../telemetry/metrics.ts";
import { ownPool } from "../../upstream/own-pool.ts";
import { shownInventory } from "../../upstream/shown-inventory.ts";
import { inventoryBody } from "../../wire/bodies.ts";
import { listBound } from "../../wire/read-json.ts";
import { readRefs } from "../../wire/read-refs.ts";
import { readBatch } from "./batch.ts";
import {
  publishAnswer,
  publishRequest,
  refusedBatch,
  removeAnswer,
  removeRequest,
  replaceQuery,
} from "./key-package-schemas.ts";
import { type BatchToPublish, publishBatch } from "./publish-batch.ts";

const KEY_PACKAGES = "/v1/users/{user}/clients/{client}/key-packages";
const MLS: readonly MediaType[] = ["message/mls"];

/** The largest batch in base64url, four characters for three bytes, with quotes and white space. */
const largestBatch = ({ maxKeyPackagesPerRequest, maxKeyPackageBytes }: Settings): number =>
  SMALL_BODY_BYTES + maxKeyPackagesPerRequest * (Math.ceil((maxKeyPackageBytes * 4) / 3) + 64);

const batch = { json: publishRequest, also: MLS, maxBytes: largestBatch, read: readBatch } as const;

const BATCH_PROBLEMS = [
  "invalid_base64",
  "malformed_messages",
  "too_many_key_packages",
  "client_not_registered",
  "refusals_exhausted",
  "uploads_exhausted",
  "not_offered",
] as const;

export const keyPackages = [
  operation({
    id: "publishKeyPackages",
    method: "POST",
    path: KEY_PACKAGES,
    access: "publisher",
    query: receiptQuery,
    body: batch,
    needs: "pool",
    handle: ({ user, client, body, query }, c) =>
      publish(c, { user, client, mode: "add", items: body, allowEmpty: true }, query),
  }),
  operation({
    id: "replaceKeyPackages",
    method: "PUT",
    path: KEY_PACKAGES,
    access: "publisher",
    query: replaceQuery,
    body: batch,
    needs: "pool",
    handle: ({ user, client, body, query }, c) =>
      publish(c, { user, client, mode: "replace", items: body, allowEmpty: query.allow_empty === "true" }, query),
  }),
  operation({
    id: "removeKeyPackages",
    method: "DELETE",
    path: KEY_PACKAGES,
    access: "publisher",
    body: {
      json: removeRequest,
      maxBytes: () => LIST_BODY_BYTES,
      lists: () => [listBound("refs", MAX_REFS_PER_REQUEST, "too_many_refs", "references")],
    },
    needs: "pool",
    handle: async ({ user, client, body }, c) => {
      const refs = readRefs("refs", body.refs ?? [], MAX_REFS_PER_REQUEST);
      if (!refs.ok) return refs;
      const which = body.all ? ({ kind: "all" } as const) : ({ kind: "refs", refs: refs.value } as const);
      const pool = ownPool(c, user);
      const answer = await pool.remove({ client, which });
      if (!answer.ok) return answer;
      const { removed, inventory } = answer.value;
      c.set("outcomes", { removed });
      const shown = await shownInventory(c.get("deployment"), pool, client, inventory);
      return shown.ok ? ok(c.json({ removed, inventory: shown.value })) : shown;
    },
  }),
];

export const keyPackagesDescribed = (): Descriptions => ({
  publishKeyPackages: {
    summary: "Add a batch of key packages. A bad one never blocks the good ones.",
    answers: [{ status: 200, description: "One result for each package.", json: publishAnswer }],
    problems: BATCH_PROBLEMS,
  },
  replaceKeyPackages: {
    summary: "Make these packages the whole stock, of every ciphersuite, or change nothing.",
    answers: [{ status: 200, description: "Replaced.", json: publishAnswer }],
    problems: [...BATCH_PROBLEMS, "batch_refused", "empty_replacement"],
    members: { batch_refused: refusedBatch },
  },
  removeKeyPackages: {
    summary: "Remove packages by reference, or all of them.",
    answers: [{ status: 200, description: "Removed.", json: removeAnswer }],
    problems: ["invalid_base64", "too_many_refs", "client_not_registered"],
  },
});

async function publish(
  c: Context<AppEnv>,
  toPublish: BatchToPublish,
  query: z.infer<typeof receiptQuery>,
): Promise<Result<Response>> {
  const receipts = await receiptsFor(c, query);
  if (!receipts.ok) return receipts;
  const deployment = c.get("deployment");
  const deps = {
    pool: ownPool(c, toPublish.user),
    deployment,
    crypto: c.get("crypto"),
    x509: await c.get("x509Verifier")(),
    now: () => unixSeconds(Date.now()),
    pause,
    random: Math.random,
  };
  const published = await publishBatch(deps, toPublish);
  if (!published.ok) return published;
  const { applied, results, inventory, signatureKeys, restoreEpoch, at, registeredAt } = published.value;
  const outcomes = countBy(results.map((result) => result.code));
  c.set("outcomes", outcomes);
  countUploads(c.env.METRICS, outcomes);
  gaugeStock(c.env.METRICS, inventory);
  const answer = {
    results,
    inventory: inventoryBody(deployment, inventory, signatureKeys),
    restore_epoch: restoreEpoch,
  };
  if (applied) {
    const { user, client, mode } = toPublish;
    const refs = results.flatMap((result) => (result.ok && result.key_package_ref ? [result.key_package_ref] : []));
    const receipt = await receipts.value?.publication({ user, client, mode, refs, at, registeredAt });
    return ok(c.json({ ...answer, ...(receipt === undefined ? {} : { receipt }) }));
  }
  const refused = results.filter((result) => !result.ok).length;
  const detail = `expected every package of the replacement to be accepted, got ${refused} of ${results.length} refused (see results); nothing was changed`;
  return refuse("batch_refused", detail, { members: answer });
}
