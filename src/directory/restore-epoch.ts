/** The restore epoch as each database of the directory keeps it. */
export type RestoreEpoch = {
  /** Unix seconds; 0 if there never was a restore. */
  readonly epoch: number;
  /** When it was set, in unix seconds; undefined if it never was. */
  readonly setAt: number | undefined;
};

const NEVER: RestoreEpoch = { epoch: 0, setAt: undefined };

type Row = { epoch: number; set_at: number };

const fromRow = (row: Row | null): RestoreEpoch => (row ? { epoch: row.epoch, setAt: row.set_at } : NEVER);

/** The epoch that one database knows, from whichever replica is near. */
export async function readShardEpoch(db: D1Database): Promise<RestoreEpoch> {
  const session = db.withSession("first-unconstrained");
  return fromRow(await session.prepare("SELECT epoch, set_at FROM restore_epoch WHERE id = 1").first<Row>());
}

/** Writes the epoch to one database, and returns the newest that it knows: it never goes back. `setAt` in unix seconds. */
export async function writeShardEpoch(db: D1Database, epoch: number, setAt: number): Promise<RestoreEpoch> {
  const row = await db
    .prepare(
      `INSERT INTO restore_epoch (id, epoch, set_at) VALUES (1, ?1, ?2)
       ON CONFLICT (id) DO UPDATE SET set_at = CASE WHEN ?1 > epoch THEN ?2 ELSE set_at END, epoch = MAX(epoch, ?1)
       RETURNING epoch, set_at`,
    )
    .bind(epoch, setAt)
    .first<Row>();
  return fromRow(row);
}
