/** What a publisher reads of its stock: the inventory, how it differs from the client's own, who claimed. */
import { DEFAULT_PAGE_ROWS, LIST_BODY_BYTES, MAX_HELD_REFS_PER_REQUEST } from "../../../config/limits.ts";
import { base64UrlFault, fromBase64Url, toBase64Url } from "../../../shared/base64url.ts";
import { equalBytes } from "../../../shared/bytes.ts";
import { countBy } from "../../../shared/count-by.ts";
import { refsDigest } from "../../../shared/refs-digest.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, refuse } from "../../refusals/refusal.ts";
import { ownPool } from "../../upstream/own-pool.ts";
import { shownInventory } from "../../upstream/shown-inventory.ts";
import { clientViewBody, journalEntryBody } from "../../wire/bodies.ts";
import { readCursor, writeCursor } from "../../wire/cursor.ts";
import { invalidAt, listBound } from "../../wire/read-json.ts";
import { readRefs } from "../../wire/read-refs.ts";
import {
  inventoryAnswer,
  journalAnswer,
  journalCursor,
  journalQuery,
  reconcileAnswer,
  reconcileRequest,
} from "./stock-schemas.ts";

const CLIENT = "/v1/users/{user}/clients/{client}";
const SHA256_BYTES = 32;

export const stock = [
  operation({
    id: "getInventory",
    method: "GET",
    path: `${CLIENT}/inventory`,
    access: "publisher",
    needs: "pool",
    handle: async ({ user, client }, c) => {
      const found = await ownPool(c, user).getClient({ client });
      if (!found.ok) return found;
      const { view, restoreEpoch } = found.value;
      const { inventory } = clientViewBody(c.get("deployment"), view);
      return ok(c.json({ inventory, restore_epoch: restoreEpoch }));
    },
  }),
  operation({
    id: "reconcile",
    method: "POST",
    path: `${CLIENT}/reconcile`,
    access: "publisher",
    body: {
      json: reconcileRequest,
      maxBytes: () => LIST_BODY_BYTES,
      lists: () => [listBound("refs", MAX_HELD_REFS_PER_REQUEST, "too_many_refs", "references")],
    },
    needs: "pool",
    handle: async ({ user, client, body }, c) => {
      const digest = fromBase64Url(body.digest);
      if (digest?.length !== SHA256_BYTES)
        return refuse(
          "invalid_base64",
          `/digest: ${digest ? `expected 32 bytes, got ${digest.length}` : base64UrlFault(body.digest)}`,
        );
      const held = readRefs("refs", body.refs ?? [], MAX_HELD_REFS_PER_REQUEST);
      if (!held.ok) return held;
      // A digest that does not match its own list was made by a client in error: its word removes nothing.
      if (body.refs && !equalBytes(refsDigest(held.value), digest)) {
        return invalidAt("/digest", "expected SHA-256 over refs, got the digest of other references");
      }
      const call = { client, digest, held: body.refs && held.value, prune: body.prune === true };
      const pool = ownPool(c, user);
      const compared = await pool.reconcile(call);
      if (!compared.ok) return compared;
      const { outcome, serverRefs, missing, pruned, inventory, restoreEpoch } = compared.value;
      c.set("outcomes", { [outcome]: 1, ...countBy(missing.map(({ reason }) => reason)), pruned });
      const shown = await shownInventory(c.get("deployment"), pool, client, inventory);
      if (!shown.ok) return shown;
      return ok(
        c.json({
          same: outcome === "same",
          server_refs: serverRefs.map(toBase64Url),
          missing_at_server: missing.map(({ ref, reason }) => ({ key_package_ref: toBase64Url(ref), reason })),
          pruned,
          inventory: shown.value,
          restore_epoch: restoreEpoch,
        }),
      );
    },
  }),
  operation({
    id: "getJournal",
    method: "GET",
    path: `${CLIENT}/journal`,
    access: "publisher",
    query: journalQuery,
    needs: "pool",
    handle: async ({ user, client, query }, c) => {
      const place = readCursor(journalCursor, query.after);
      if (!place.ok) return place;
      const call = { client, after: place.value?.[0], limit: query.limit ?? DEFAULT_PAGE_ROWS };
      const page = await ownPool(c, user).journal(call);
      if (!page.ok) return page;
      const { entries, nextAfter } = page.value;
      const next = nextAfter === undefined ? null : writeCursor([nextAfter]);
      return ok(c.json({ entries: entries.map(journalEntryBody), next }));
    },
  }),
];

export const stockDescribed = (): Descriptions => ({
  getInventory: {
    summary: "What is in stock, zeros included.",
    answers: [{ status: 200, description: "The inventory.", json: inventoryAnswer }],
    problems: ["client_not_registered"],
  },
  reconcile: {
    summary: "Compare what the client holds private keys for with what the directory would hand out.",
    answers: [{ status: 200, description: "What differs, if anything does.", json: reconcileAnswer }],
    problems: ["invalid_base64", "too_many_refs", "client_not_registered"],
  },
  getJournal: {
    summary: "Who claimed and when, and claims that found no package.",
    answers: [{ status: 200, description: "A page of the journal.", json: journalAnswer }],
    problems: ["client_not_registered"],
  },
});
