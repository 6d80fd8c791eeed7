/**
 * The operator: looks around. Only early in a run it also declares restores, which end nearly everything, and sends
 * users to the directory again, which would mend a mark that was lost: what comes later is there to be judged.
 */
import { call, isStopping, note, orders, pause, pick, random, spanOf } from "./caller-actor.ts";

const AS = "operator/console";
/** Spread over the early part of a run. */
const RESTORES = 2;
const RESYNC_SHARE = 0.3;

const startedMs = Date.now();
let restores = 0;

while (!isStopping()) {
  await pause(orders.pauseMs * (0.5 + random()));
  const elapsedMs = Date.now() - startedMs;
  const isEarly = elapsedMs < orders.earlyMs;
  if (isEarly && restores < RESTORES && elapsedMs > (orders.earlyMs * (restores + 1)) / (RESTORES + 1)) {
    restores += 1;
    const called = await call(AS, "POST", "/v1/admin/restore-epoch", {}, { repeat: true });
    const epoch = (called.reply?.body as { restore_epoch?: number } | undefined)?.restore_epoch;
    note({ kind: "restore_epoch", epoch, ...spanOf(called) });
    continue;
  }
  const user = pick(orders.users);
  if (isEarly && random() < RESYNC_SHARE) await look("POST", `/v1/admin/users/${user}/resync`);
  else await look("GET", random() < 0.5 ? `/v1/admin/users/${user}` : "/v1/admin/stock?limit=50");
}

async function look(method: "GET" | "POST", path: string): Promise<void> {
  const called = await call(AS, method, path, undefined, { repeat: true });
  note({ kind: "read", route: `${method} ${path}`, ...spanOf(called) });
}
