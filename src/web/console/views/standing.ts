/** Under which pool logs, blocks and the record have a user, and whether the user is blocked. */
import { h } from "../../dom.ts";
import type { Api } from "../api.ts";
import type { AuditTrail, BlockedUsers } from "../operator-api-types.ts";
import { when } from "../pieces.ts";
import { rememberPool, wholePoolId } from "../pool-names.ts";
import { nameOf } from "../shown-name.ts";

export type Standing = {
  /** Undefined where no operator has changed anything of the user: only the record tells the id. */
  readonly pool: string | undefined;
  readonly block: BlockedUsers["blocked"][number] | undefined;
};

/** A block is on record before it is in force, so whoever is not on record is not blocked. Undefined where that could not be asked. */
export async function standingOf(api: Api, user: string): Promise<Standing | undefined> {
  const [trail, blocked] = await Promise.all([
    api.call<AuditTrail>("GET", `/v1/admin/audit-trail?${new URLSearchParams({ user, limit: "1" })}`),
    api.call<BlockedUsers>("GET", "/v1/admin/blocked-users"),
  ]);
  if (!trail.ok || !blocked.ok) return undefined;
  const pool = trail.value.records[0]?.target ?? undefined;
  if (pool !== undefined) rememberPool(pool, user);
  return { pool, block: blocked.value.blocked.find((one) => one.pool === pool) };
}

const UNTOUCHED =
  "Not blocked. No operator has changed anything of this user, so the id of the pool is not known here.";

export function standingPanel(standing: Standing | undefined): HTMLElement {
  if (standing === undefined) {
    return h(
      "p",
      { class: "note" },
      "Whether the user is blocked is not known: the records of operators did not answer.",
    );
  }
  const { pool, block } = standing;
  return h(
    "div",
    { class: "stack" },
    block === undefined
      ? h("p", { class: "note" }, pool === undefined ? UNTOUCHED : "Not blocked.")
      : h(
          "p",
          { class: "verdict bad" },
          h("strong", {}, "Blocked"),
          ` since ${when(block.since)}, until ${block.until === null ? "it is lifted" : when(block.until)}: `,
          nameOf(block.why),
        ),
    pool !== undefined && wholePoolId(pool),
  );
}
