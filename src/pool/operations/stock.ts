/** Ending packages of a client's stock, and keeping the counts of its queues in step. */
import { type Leaving, takeOut } from "../tables/chunks-table.ts";
import { type ClientRecord, withLive } from "../tables/clients-table.ts";
import { markRemoved } from "../tables/fingerprints-table.ts";

/** Packages that left, and the client's record as it is now, which the caller writes. */
export type Ended = { readonly ended: number; readonly client: ClientRecord };

/** Removes packages for good, and remembers that they were removed and not claimed. */
export function removePackages(sql: SqlStorage, client: ClientRecord, leaves: Leaving): Ended {
  const left = takeOut(sql, client.clientId, leaves);
  markRemoved(
    sql,
    client.clientId,
    left.map(({ ref }) => ref),
  );
  return { ended: left.length, client: { ...client, queues: withoutLeft(client, left) } };
}

/** Drops packages that have expired: their time says that they cannot be used again, so nothing more is noted. */
export function dropExpired(sql: SqlStorage, client: ClientRecord, now: number): Ended {
  const left = takeOut(sql, client.clientId, ({ notAfter }) => notAfter <= now);
  return { ended: left.length, client: { ...client, queues: withoutLeft(client, left) } };
}

function withoutLeft(client: ClientRecord, left: readonly { readonly queueId: number }[]) {
  return left.reduce((queues, { queueId }) => withLive(queues, queueId, -1), client.queues);
}
