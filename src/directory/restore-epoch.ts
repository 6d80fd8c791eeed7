/** The restore epoch: the one setting that lives in the directory, because an operator sets it in need. */
import type { Directory } from "./shards.ts";

export type RestoreEpoch = {
  /** Unix seconds; 0 if there never was a restore. */
  readonly epoch: number;
  /** When it was set, in unix seconds; undefined if it never was. */
  readonly setAt: number | undefined;
};

const NEVER: RestoreEpoch = { epoch: 0, setAt: undefined };

type Row = { epoch: number; set_at: number };

const fromRow = (row: Row | null): RestoreEpoch => (row ? { epoch: row.epoch, setAt: row.set_at } : NEVER);

const newestOf = (epochs: readonly RestoreEpoch[]): RestoreEpoch =>
  epochs.reduce((newest, next) => (next.epoch > newest.epoch ? next : newest), NEVER);

/** The epoch that one database knows, from whichever replica is near. */
export async function readShardEpoch(db: D1Database): Promise<RestoreEpoch> {
  const session = db.withSession("first-unconstrained");
  return fromRow(await session.prepare("SELECT epoch, set_at FROM restore_epoch WHERE id = 1").first<Row>());
}

/** The newest that any database knows. */
export async function readRestoreEpoch({ shards }: Directory): Promise<RestoreEpoch> {
  return newestOf(await Promise.all(shards.map(({ db }) => readShardEpoch(db))));
}

/**
 * Writes the epoch to every database and returns the newest in force: it never goes back. Throws if one of them did not
 * take it; it may be written again then.
 */
export async function writeRestoreEpoch({ shards }: Directory, epoch: number, now: number): Promise<RestoreEpoch> {
  const write = async ({ db }: { readonly db: D1Database }) =>
    fromRow(
      await db
        .prepare(
          `INSERT INTO restore_epoch (id, epoch, set_at) VALUES (1, ?1, ?2)
           ON CONFLICT (id) DO UPDATE SET set_at = CASE WHEN ?1 > epoch THEN ?2 ELSE set_at END, epoch = MAX(epoch, ?1)
           RETURNING epoch, set_at`,
        )
        .bind(epoch, now)
        .first<Row>(),
    );
  return newestOf(await Promise.all(shards.map(write)));
}
