/** The operator: looks around, sends users to the directory again, and now and then declares a restore. */
import { call, isStopping, note, orders, pause, pick, random, spanOf } from "./caller.ts";

const AS = "operator/console";
const RESTORE_SHARE = 0.01;

while (!isStopping()) {
  await pause(orders.pauseMs * (0.5 + random()));
  const dice = random();
  if (dice < RESTORE_SHARE) {
    const called = await call(AS, "POST", "/v1/admin/restore-epoch", {}, { repeat: true });
    const epoch = (called.reply?.body as { restore_epoch?: number } | undefined)?.restore_epoch;
    note({ kind: "restore_epoch", epoch, ...spanOf(called) });
    continue;
  }
  const user = pick(orders.users);
  const [method, path] =
    dice < 0.3
      ? ["POST", `/v1/admin/users/${user}/resync`]
      : dice < 0.6
        ? ["GET", `/v1/admin/users/${user}`]
        : ["GET", "/v1/admin/stock?limit=50"];
  const called = await call(AS, method ?? "GET", path ?? "", undefined, { repeat: true });
  note({ kind: "read", route: `${method} ${path}`, ...spanOf(called) });
}
