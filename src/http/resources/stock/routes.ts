/** What an owner reads of its stock: the inventory, how it differs from the client's own, who claimed. */
import { Hono } from "hono";
import { DEFAULT_PAGE_ROWS, MAX_HELD_REFS_PER_REQUEST } from "../../../config/limits.ts";
import type { JournalEntry } from "../../../contract/pool-messages.ts";
import { fromBase64Url, toBase64Url } from "../../../shared/base64url.ts";
import { equalBytes } from "../../../shared/bytes.ts";
import { refsDigest } from "../../../shared/refs-digest.ts";
import { authenticate } from "../../auth/authenticate.ts";
import { owner } from "../../auth/owner.ts";
import type { AppEnv } from "../../bindings.ts";
import { bodyLimit } from "../../middleware/body-limit.ts";
import { problem } from "../../refusals/refusal.ts";
import { callPool } from "../../upstream/pool.ts";
import { currentRestoreEpoch } from "../../upstream/restore-epoch-cache.ts";
import { inventoryBody } from "../../wire/bodies.ts";
import { check, readJson } from "../../wire/read-json.ts";
import { readQuery } from "../../wire/read-query.ts";
import { readRefs } from "../key-packages/routes.ts";
import { journalQuery, reconcileRequest } from "../key-packages/schemas.ts";

const CLIENT = "/v1/users/:user/clients/:client";
const publisher = authenticate("key-packages:publish");
const SHA256_BYTES = 32;

export const stock = new Hono<AppEnv>()
  .get(`${CLIENT}/inventory`, publisher, owner, async (c) => {
    const { user, client } = c.get("owned");
    const call = { user, client, restoreEpoch: await currentRestoreEpoch(c.env.DB) };
    const found = await callPool(c.env, user, "safe", (pool) => pool.getClient(call));
    if (!found.ok) return problem(c, found.refusal);
    if (found.value.outcome !== "found") return problem(c, { code: found.value.outcome });
    return c.json({ inventory: inventoryBody(c.env, found.value.view.inventory) });
  })
  .post(`${CLIENT}/reconcile`, publisher, owner, bodyLimit, async (c) => {
    const request = readJson(reconcileRequest, c.req.header("Content-Type"), c.get("body"));
    if (!request.ok) return problem(c, request.refusal);
    const digest = fromBase64Url(request.value.digest);
    if (digest?.length !== SHA256_BYTES) return problem(c, { code: "invalid_base64", detail: "digest: 32 bytes" });
    const held = readRefs("refs", request.value.refs ?? [], MAX_HELD_REFS_PER_REQUEST);
    if (!held.ok) return problem(c, held.refusal);
    // A list that is not what the digest is of was made by a client that is mistaken: nothing is removed at its word.
    if (request.value.refs && !equalBytes(refsDigest(held.value), digest)) {
      return problem(c, { code: "invalid_request", detail: "/digest: expected the digest of refs" });
    }
    const { user, client } = c.get("owned");
    const call = {
      user,
      client,
      restoreEpoch: await currentRestoreEpoch(c.env.DB),
      digest,
      held: request.value.refs && held.value,
      prune: request.value.prune === true,
    };
    const compared = await callPool(c.env, user, "safe", (pool) => pool.reconcile(call));
    if (!compared.ok) return problem(c, compared.refusal);
    const answer = compared.value;
    if (answer.outcome === "client_not_registered") return problem(c, { code: answer.outcome });
    c.set("outcomes", { [answer.outcome]: 1, pruned: answer.pruned });
    const comparison = {
      server_refs: answer.serverRefs.map(toBase64Url),
      missing_at_server: answer.missingAtServer.map(toBase64Url),
      pruned: answer.pruned,
      inventory: inventoryBody(c.env, answer.inventory),
    };
    if (answer.outcome === "same") return c.json({ same: true, ...comparison });
    return problem(c, { code: "stock_differs", members: comparison });
  })
  .get(`${CLIENT}/journal`, publisher, owner, async (c) => {
    const query = check(journalQuery, readQuery(c.req.queries(), ["after", "limit"]));
    if (!query.ok) return problem(c, query.refusal);
    const { user, client } = c.get("owned");
    const call = {
      user,
      client,
      restoreEpoch: await currentRestoreEpoch(c.env.DB),
      after: query.value.after,
      limit: query.value.limit ?? DEFAULT_PAGE_ROWS,
    };
    const page = await callPool(c.env, user, "safe", (pool) => pool.journal(call));
    if (!page.ok) return problem(c, page.refusal);
    if (page.value.outcome !== "page") return problem(c, { code: page.value.outcome });
    return c.json({ entries: page.value.entries.map(entryBody), next_after: page.value.nextAfter ?? null });
  });

function entryBody(entry: JournalEntry) {
  const { sequence, at, event, claimer, ciphersuite, keyPackageRef, reason } = entry;
  return {
    sequence,
    at,
    event,
    claimer: { user: claimer.user, client: claimer.client },
    ...(ciphersuite === undefined ? {} : { ciphersuite }),
    ...(keyPackageRef === undefined ? {} : { key_package_ref: toBase64Url(keyPackageRef) }),
    ...(reason === undefined ? {} : { reason }),
  };
}
