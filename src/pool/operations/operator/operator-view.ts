/** Everything an operator may see of a user that is in its tables: no key packages. */
import type { Settings } from "../../../config/settings.ts";
import type { BudgetView, ClientView } from "../../../contract/inventory-messages.ts";
import type { PoolView } from "../../../contract/operator-messages.ts";
import { unixSeconds } from "../../../shared/time.ts";
import type { Budgets } from "../../tables/budgets-table.ts";
import { readCapabilities } from "../../tables/claim-capabilities-table.ts";
import { inventory } from "../../tables/client-stock.ts";
import { allClients, type ClientRecord, lastUploadAt } from "../../tables/clients-table.ts";
import { allTokensEnded } from "../../tables/ended-tokens-table.ts";
import { readEvents } from "../../tables/events-table.ts";
import { readPool } from "../../tables/pool-row.ts";
import { registrationOf } from "../register.ts";
import { activity } from "./recent-activity.ts";

type Found = Extract<PoolView, { outcome: "found" }>;

export function operatorView(
  sql: SqlStorage,
  { stock, retention }: Pick<Settings, "stock" | "retention">,
  nowMs: number,
): Omit<Found, "outcome" | "directoryPending" | "raised"> {
  const now = unixSeconds(nowMs);
  const { restoreEpoch, budgets } = readPool(sql);
  const clients = allClients(sql);
  const { pending, toldUntil } = readEvents(sql);
  const { ofUser, ofClient } = activity(sql, { now, oldestAt: now - retention.journalSeconds });
  return {
    restoreEpoch,
    clients: clients.map((client) => ({
      ...clientView(sql, client, stock, now),
      ...ofClient(client.client),
      revokedAt: client.revokedAt,
      lastUploadAt: lastUploadAt(client),
      budgets: budgetView(client.budgets, nowMs),
    })),
    budgets: budgetView(budgets, nowMs),
    tokensEnded: allTokensEnded(sql),
    capabilities: readCapabilities(sql),
    events: {
      pending,
      told: clients.flatMap(({ client, clientId }) => {
        const until = toldUntil[clientId];
        return until === undefined ? [] : [{ client, until }];
      }),
    },
    activity: ofUser,
  };
}

/** A client as its owner sees it, too. `now` in unix seconds. */
export function clientView(sql: SqlStorage, client: ClientRecord, stock: Settings["stock"], now: number): ClientView {
  return { registration: registrationOf(client), inventory: inventory(sql, client, stock, now) };
}

/** Those that are not empty at `nowMs`. */
const budgetView = (budgets: Budgets, nowMs: number): readonly BudgetView[] =>
  [...budgets].flatMap(([name, emptyAtMs]) => (emptyAtMs > nowMs ? [{ name, emptyAtMs }] : []));
