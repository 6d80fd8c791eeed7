/** What a run has started, so that a signal ends it too: PostgreSQL and workerd must not outlive an aborted run. */
import { constants } from "node:os";

type Stop = () => Promise<void>;

const running = new Set<Stop>();

/** Notes something that runs; returns what ends it, once. */
export function endedWithTheRun(stop: Stop): Stop {
  let ending: Promise<void> | undefined;
  const once = async () => {
    running.delete(once);
    ending ??= stop();
    await ending;
  };
  running.add(once);
  return once;
}

/** Ends all of it on SIGINT and SIGTERM, and then this process. */
export function endOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void Promise.allSettled([...running].map((stop) => stop())).then(() =>
        process.exit(128 + constants.signals[signal]),
      );
    });
  }
}
