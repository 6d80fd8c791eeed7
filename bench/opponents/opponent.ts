/** Starting and ending the Node and PostgreSQL side. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Issuer } from "../../tools/lib/tokens.ts";
import { endedWithTheRun } from "../lib/ending.ts";
import type { OpponentOrder, OpponentReply, OpponentSettings } from "./node-postgres.ts";
import { postgresBinaries, startPostgres } from "./postgres.ts";

export type Opponent = {
  readonly port: number;
  readonly seed: (users: readonly string[], count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Undefined where PostgreSQL is not installed. */
export async function startOpponent(
  issuer: Issuer,
  ending: OpponentSettings["ending"] = "delete",
): Promise<Opponent | undefined> {
  const binaries = postgresBinaries();
  if (!binaries) return undefined;
  const postgres = await startPostgres(binaries);
  const child = fork(join(import.meta.dirname, "node-postgres.ts"), { silent: true });
  // Its log is read and dropped, like that of the Worker.
  child.stdout?.resume();
  child.stderr?.pipe(process.stderr);
  const stop = endedWithTheRun(async () => {
    const ended = once(child, "exit");
    if (child.kill()) await ended;
    await postgres.stop();
  });
  const ask = async (order: OpponentOrder): Promise<OpponentReply> => {
    child.send(order);
    const [reply] = (await once(child, "message")) as [OpponentReply];
    if ("failure" in reply) throw new Error(`Node and PostgreSQL: ${reply.failure}`);
    return reply;
  };
  try {
    const { port: databasePort, user: databaseUser } = postgres;
    const reply = await ask({
      start: { databasePort, databaseUser, trust: issuer.settings, ending },
    });
    if (!("port" in reply)) throw new Error("expected a port");
    return {
      port: reply.port,
      seed: async (users, count) => {
        await ask({ seed: { users, count } });
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
