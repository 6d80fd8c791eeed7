/**
 * Commits that several calls share. Flushing a commit to disk takes longer than making it: while one flush is under way,
 * arriving calls wait, and then run one after the other in one transaction with one flush.
 *
 * A call that meets no flush runs at once. The calls of a group have no savepoints of their own: SQLite would copy every
 * page that a call touches into a journal, which took longer than the calls themselves (measured). If any call fails,
 * the whole group is rolled back and each call runs again in a transaction of its own, so a failing call fails alone.
 * Work may therefore touch only storage, and state in memory that a rollback resets.
 */
type Job = {
  /** Does the work and returns the function that resolves the call, to be called once the work is committed. */
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
};

/** What commits and flushes: a pool's storage, or a wrapper around it. */
export type TransactionalStorage = {
  readonly transactionSync: <T>(body: () => T) => T;
  readonly sync: () => Promise<void>;
};

export class GroupedCommits {
  readonly #storage: TransactionalStorage;
  #waiting: Job[] = [];
  /** Whether a group is being committed, or waits for the flush before it. */
  #isBusy = false;
  /** Whether anything was committed whose flush nobody has waited for. */
  #hasCommitted = false;

  constructor(storage: TransactionalStorage) {
    this.#storage = storage;
  }

  /** Runs `work`, which is synchronous, in a transaction; rejects with what it throws, or what the commit throws. */
  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      this.#waiting.push({ run, fail: reject });
      if (!this.#isBusy) void this.#commitAll();
    });
  }

  /** Never rejects: errors go to the calls that wait. */
  async #commitAll(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      // Whoever arrives during the flush of the commit before joins the next. A call that stands alone ends here: nothing
      // wakes the object after its flush. Without a flush the storage is broken, and the platform resets the object and
      // fails the replies it holds.
      if (this.#hasCommitted) await this.#storage.sync().catch(() => undefined);
      const group = this.#waiting;
      this.#waiting = [];
      this.#commit(group);
      this.#hasCommitted = true;
    }
    this.#isBusy = false;
  }

  #commit(group: readonly Job[]): void {
    try {
      // The commit point of every call in the group is the end of this transaction. A crash before it leaves no trace.
      // After it the work is done: the platform sends a reply only once its writes are on disk, and a reply that is lost
      // then can be had again with the same idempotency key.
      const resolvers = this.#storage.transactionSync(() => group.map((job) => job.run()));
      for (const resolve of resolvers) resolve();
    } catch (error) {
      if (group.length > 1) for (const job of group) this.#commit([job]);
      else for (const job of group) job.fail(error);
    }
  }
}
