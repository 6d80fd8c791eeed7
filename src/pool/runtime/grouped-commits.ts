/**
 * Commits shared by those who wait. Flushing a commit to disk takes longer than making it: while one flush is under
 * way, the calls that arrive wait, and then run one after the other in one transaction with one flush.
 *
 * A call that meets no flush runs at once. The group has no savepoint for each call, as SQLite would copy every page
 * that a call touches into a journal of its own, which took longer than the calls themselves (measured). If any call
 * fails, the group is rolled back as a whole and each call is run again in a transaction of its own: one that fails is
 * alone in that. Work must therefore leave nothing behind but in storage, and in memory what a transaction that fails
 * forgets.
 *
 * The commit point of a call is that of its group, and the platform holds every reply back until then.
 */
type Job = {
  /** Does the work and returns how to tell its claimer, who must not hear of it before the work is committed. */
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
};

/** What commits and flushes: a pool's storage, or what stands in front of it. */
export type TransactionalStorage = {
  readonly transactionSync: <T>(body: () => T) => T;
  readonly sync: () => Promise<void>;
};

export class GroupedCommits {
  readonly #storage: TransactionalStorage;
  #waiting: Job[] = [];
  #flushing = false;

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
      if (!this.#flushing) void this.#commitAll();
    });
  }

  /** Never rejects: what goes wrong goes to those who wait. */
  async #commitAll(): Promise<void> {
    this.#flushing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      this.#commit(group);
      // Without a flush the storage is broken, and the platform resets the object and fails the replies it holds.
      await this.#storage.sync().catch(() => undefined);
    }
    this.#flushing = false;
  }

  #commit(group: readonly Job[]): void {
    try {
      const tell = this.#storage.transactionSync(() => group.map((job) => job.run()));
      for (const done of tell) done();
    } catch (error) {
      if (group.length > 1) for (const job of group) this.#commit([job]);
      else for (const job of group) job.fail(error);
    }
  }
}
