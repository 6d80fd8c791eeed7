/**
 * What `work` gives, if it gives it within the time; otherwise rejects with `late()`. The work itself goes on: only the
 * waiting ends, so `work` must be harmless when its result is no longer wanted.
 */
export function withTimeout<T>(timeoutMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), timeoutMs);
    void work.then(resolve, reject).then(() => clearTimeout(timer));
  });
}
