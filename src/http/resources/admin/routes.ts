/** What operators see and do. Their scope gives no right to publish or to claim. */
import { Hono } from "hono";
import { DEFAULT_PAGE_ROWS, EXPIRING_WITHIN_SECONDS } from "../../../config/limits.ts";
import { listStock, listUsers } from "../../../directory/queries.ts";
import { readRestoreEpoch, writeRestoreEpoch } from "../../../directory/restore-epoch.ts";
import { authenticate } from "../../auth/authenticate.ts";
import { targetUser } from "../../auth/target-user.ts";
import type { AppEnv } from "../../bindings.ts";
import { bodyLimit } from "../../middleware/body-limit.ts";
import { problem } from "../../refusals/refusal.ts";
import { readDirectory } from "../../upstream/directory.ts";
import { callPool } from "../../upstream/pool.ts";
import { currentRestoreEpoch, rememberRestoreEpoch } from "../../upstream/restore-epoch-cache.ts";
import { clientViewBody } from "../../wire/bodies.ts";
import { check, readJson } from "../../wire/read-json.ts";
import { readQuery } from "../../wire/read-query.ts";
import { restoreEpochRequest, stockCursor, stockQuery, userListQuery } from "./schemas.ts";

const operator = authenticate("directory:admin");
const nowSeconds = () => Math.floor(Date.now() / 1000);

export const admin = new Hono<AppEnv>()
  .get("/v1/admin/stock", operator, async (c) => {
    const query = check(stockQuery, readQuery(c.req.queries(), ["limit", "expiring_within_seconds"]));
    if (!query.ok) return problem(c, query.refusal);
    const { filter = "all", limit = DEFAULT_PAGE_ROWS, after } = query.value;
    const cursor = after === undefined ? undefined : readCursor(after);
    if (after !== undefined && !cursor) return problem(c, { code: "invalid_request", detail: "after: not a page" });
    const expiringBefore = nowSeconds() + (query.value.expiring_within_seconds ?? EXPIRING_WITHIN_SECONDS);
    const page = await readDirectory(() => listStock(c.env.DB, { filter, after: cursor, limit, expiringBefore }));
    if (!page.ok) return problem(c, page.refusal);
    const last = page.value.more ? page.value.rows.at(-1) : undefined;
    return c.json({
      rows: page.value.rows.map((row) => ({
        user: row.user,
        client: row.client,
        // Of a client that has never uploaded the directory keeps a row of no ciphersuite.
        ciphersuite: row.ciphersuite === 0 ? null : row.ciphersuite,
        available: row.available,
        last_resort: row.lastResort,
        next_expiry: row.nextExpiry ?? null,
        needs_upload: row.needsUpload,
      })),
      next_after: last ? JSON.stringify([last.user, last.client, last.ciphersuite]) : null,
    });
  })
  .get("/v1/admin/users", operator, async (c) => {
    const query = check(userListQuery, readQuery(c.req.queries(), ["limit"]));
    if (!query.ok) return problem(c, query.refusal);
    const { after = "", limit = DEFAULT_PAGE_ROWS } = query.value;
    const found = await readDirectory(() => listUsers(c.env.DB, { after, limit: limit + 1 }));
    if (!found.ok) return problem(c, found.refusal);
    const users = found.value.slice(0, limit);
    return c.json({ users, next_after: found.value.length > limit ? (users.at(-1) ?? null) : null });
  })
  .get("/v1/admin/users/:user", operator, targetUser, async (c) => {
    const user = c.get("target");
    const call = { user, restoreEpoch: await currentRestoreEpoch(c.env.DB) };
    const view = await callPool(c.env, user, "safe", (pool) => pool.view(call));
    if (!view.ok) return problem(c, view.refusal);
    if (view.value.outcome !== "found") return problem(c, { code: view.value.outcome });
    return c.json({
      user,
      restore_epoch: view.value.restoreEpoch,
      directory_pending: view.value.directoryPending,
      clients: view.value.clients.map((client) => ({ ...clientViewBody(c.env, client), revoked: client.revoked })),
    });
  })
  .delete("/v1/admin/users/:user", operator, targetUser, async (c) => {
    const user = c.get("target");
    const call = { user, restoreEpoch: await currentRestoreEpoch(c.env.DB) };
    const revoked = await callPool(c.env, user, "safe", (pool) => pool.revokeUser(call));
    if (!revoked.ok) return problem(c, revoked.refusal);
    if (revoked.value.outcome !== "revoked") return problem(c, { code: revoked.value.outcome });
    const { clients, purged } = revoked.value;
    c.set("outcomes", { clients, purged });
    return c.json({ user, clients, purged });
  })
  .post("/v1/admin/users/:user/resync", operator, targetUser, async (c) => {
    const user = c.get("target");
    const call = { user, restoreEpoch: await currentRestoreEpoch(c.env.DB) };
    const synced = await callPool(c.env, user, "safe", (pool) => pool.resync(call));
    if (!synced.ok) return problem(c, synced.refusal);
    if (synced.value.outcome === "unknown_user") return problem(c, { code: synced.value.outcome });
    return c.json({ user, status: synced.value.outcome });
  })
  .get("/v1/admin/restore-epoch", operator, async (c) => {
    const epoch = await readDirectory(() => readRestoreEpoch(c.env.DB));
    if (!epoch.ok) return problem(c, epoch.refusal);
    return c.json({ restore_epoch: epoch.value });
  })
  .post("/v1/admin/restore-epoch", operator, bodyLimit, async (c) => {
    const request = readJson(restoreEpochRequest, c.req.header("Content-Type"), c.get("body"));
    if (!request.ok) return problem(c, request.refusal);
    const now = nowSeconds();
    // The next full second: what was stored earlier in this one is void too. A pool takes an epoch over only once, so
    // what it stores after that stays, even in the same second.
    const latest = now + 1;
    const wanted = request.value.restore_epoch ?? latest;
    if (wanted > latest)
      return problem(c, { code: "invalid_request", detail: "/restore_epoch: expected not the future" });
    const epoch = await readDirectory(() => writeRestoreEpoch(c.env.DB, wanted, now));
    if (!epoch.ok) return problem(c, epoch.refusal);
    rememberRestoreEpoch(epoch.value);
    if (epoch.value > wanted) {
      return problem(c, { code: "restore_epoch_older", members: { restore_epoch: epoch.value } });
    }
    return c.json({ restore_epoch: epoch.value });
  });

function readCursor(text: string) {
  try {
    const cursor = stockCursor.safeParse(JSON.parse(text));
    if (!cursor.success) return undefined;
    const [user, client, ciphersuite] = cursor.data;
    return { user, client, ciphersuite };
  } catch {
    return undefined;
  }
}
