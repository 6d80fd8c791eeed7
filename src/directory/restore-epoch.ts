/** The restore epoch, in unix seconds: the one setting that lives in the directory, because an operator sets it in need. */

/** The newest epoch, 0 if there never was a restore. */
export async function readRestoreEpoch(db: D1Database): Promise<number> {
  const row = await db.prepare("SELECT epoch FROM restore_epoch WHERE id = 1").first<{ epoch: number }>();
  return row?.epoch ?? 0;
}

/** Sets the epoch and returns the one in force: it never goes back. */
export async function writeRestoreEpoch(db: D1Database, epoch: number, now: number): Promise<number> {
  const row = await db
    .prepare(
      `INSERT INTO restore_epoch (id, epoch, set_at) VALUES (1, ?1, ?2)
       ON CONFLICT (id) DO UPDATE SET epoch = MAX(epoch, ?1), set_at = ?2 RETURNING epoch`,
    )
    .bind(epoch, now)
    .first<{ epoch: number }>();
  return row?.epoch ?? epoch;
}
