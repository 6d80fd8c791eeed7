/**
 * Counts what the platform bills of a pool: rows of its own storage as the cursors tell them, a row for each alarm that is
 * set or deleted, and rows of D1 as its answers tell them. For tests and `npm run cost` alike: it runs in workerd.
 */

export type Counted = {
  /** Rows written in the pool's SQLite, those of indexes included. */
  readonly poolRows: number;
  /** Calls of setAlarm and deleteAlarm, each billed as one row written. */
  readonly alarms: number;
  /** Rows written in D1, those of indexes included. */
  readonly directoryRows: number;
  /** Batches sent to D1 for writing: each is one transaction of its single thread. */
  readonly directoryBatches: number;
  /** Rows read in both, billed at a thousandth. */
  readonly rowsRead: number;
};

/** All rows that are billed as written. */
export const rowsOf = ({ poolRows, alarms, directoryRows }: Counted): number => poolRows + alarms + directoryRows;

type Cursor = Pick<SqlStorageCursor<Record<string, SqlStorageValue>>, "rowsRead" | "rowsWritten">;

const NOTHING: Counted = { poolRows: 0, alarms: 0, directoryRows: 0, directoryBatches: 0, rowsRead: 0 };

export class RowMeter {
  #counted = NOTHING;
  /** A cursor tells the final number only once it is consumed, so they are asked when the count is taken. */
  #cursors: Cursor[] = [];
  readonly #watched = new WeakSet<object>();

  /** By its class: a binding of another kind may claim to have any method. */
  static isDatabase(this: void, value: unknown): value is D1Database {
    return (
      typeof value === "object" && value !== null && Object.getPrototypeOf(value)?.constructor?.name === "D1Database"
    );
  }

  /** Counts from now on what is done with this storage. */
  watchStorage(storage: DurableObjectStorage): void {
    if (this.#isWatched(storage)) return;
    const { sql } = storage;
    const exec = sql.exec.bind(sql);
    sql.exec = ((query: string, ...bindings: SqlStorageValue[]) => {
      const cursor = exec(query, ...bindings);
      this.#cursors.push(cursor);
      return cursor;
    }) as typeof sql.exec;
    for (const name of ["setAlarm", "deleteAlarm"] as const) {
      const call = storage[name].bind(storage) as (...args: never[]) => Promise<void>;
      storage[name] = (...args: never[]) => {
        this.#add({ alarms: 1 });
        return call(...args);
      };
    }
  }

  /** Counts from now on what is written to the databases of this environment. */
  watchDatabases(env: object): void {
    for (const database of Object.values(env).filter(RowMeter.isDatabase)) {
      if (this.#isWatched(database)) continue;
      const batch = database.batch.bind(database);
      database.batch = async <T>(statements: D1PreparedStatement[]) => {
        const results = await batch<T>(statements);
        const sum = (name: "rows_read" | "rows_written") => results.reduce((total, { meta }) => total + meta[name], 0);
        this.#add({ directoryBatches: 1, directoryRows: sum("rows_written"), rowsRead: sum("rows_read") });
        return results;
      };
    }
  }

  /** What was counted since the last time. */
  take(): Counted {
    for (const cursor of this.#cursors) this.#add({ poolRows: cursor.rowsWritten, rowsRead: cursor.rowsRead });
    const counted = this.#counted;
    this.#cursors = [];
    this.#counted = NOTHING;
    return counted;
  }

  /** Whether it was watched before; from now on it is. */
  #isWatched(one: object): boolean {
    if (this.#watched.has(one)) return true;
    this.#watched.add(one);
    return false;
  }

  #add(more: Partial<Counted>): void {
    this.#counted = plus(this.#counted, more);
  }
}

export const minus = (a: Counted, b: Counted): Counted => ({
  poolRows: a.poolRows - b.poolRows,
  alarms: a.alarms - b.alarms,
  directoryRows: a.directoryRows - b.directoryRows,
  directoryBatches: a.directoryBatches - b.directoryBatches,
  rowsRead: a.rowsRead - b.rowsRead,
});

export const plus = (a: Counted, b: Partial<Counted>): Counted => ({
  poolRows: a.poolRows + (b.poolRows ?? 0),
  alarms: a.alarms + (b.alarms ?? 0),
  directoryRows: a.directoryRows + (b.directoryRows ?? 0),
  directoryBatches: a.directoryBatches + (b.directoryBatches ?? 0),
  rowsRead: a.rowsRead + (b.rowsRead ?? 0),
});

/** Rings the alarm of a pool if its time has come, as the platform does: it is no longer set then, which costs nothing. */
export async function ringIfDue(pool: { alarm(): Promise<void> }, storage: DurableObjectStorage): Promise<boolean> {
  const atMs = await storage.getAlarm();
  if (atMs === null || atMs > Date.now()) return false;
  const { deleteAlarm } = Object.getPrototypeOf(storage) as DurableObjectStorage;
  await deleteAlarm.call(storage);
  await pool.alarm();
  return true;
}
