/**
 * What `work` gives, if it gives it within the time; otherwise rejects with `late()`. The work itself goes on: only the
 * waiting ends, so `work` must be harmless when its result is no longer wanted.
 */
export async function withTimeout<T>(timeoutMs: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
