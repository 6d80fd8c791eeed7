/** A PostgreSQL cluster of one run: in a temporary folder, on a loopback port, with fsync, ended and removed with it. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../tools/lib/ports.ts";
import { endedWithTheRun } from "../lib/ending.ts";

const INSTALLED = "/usr/lib/postgresql";
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** PostgreSQL refuses to run as root. */
const UNPRIVILEGED = "postgres";

/** Durable as by default; otherwise as one would set up a queue on a machine of its own (README.md says why). */
const SETTINGS = {
  fsync: "on",
  synchronous_commit: "on",
  shared_buffers: "1GB",
  effective_cache_size: "4GB",
  wal_buffers: "16MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "30min",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum_naptime: "5s",
  autovacuum_vacuum_cost_delay: "0",
  jit: "off",
};

export type Postgres = { readonly port: number; readonly user: string; readonly stop: () => Promise<void> };

/** The newest installed version, or undefined if there is none. */
export function postgresBinaries(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  const newest = readdirSync(INSTALLED).toSorted((a, b) => Number(b) - Number(a))[0];
  return newest && join(INSTALLED, newest, "bin");
}

export async function startPostgres(binaries: string): Promise<Postgres> {
  const folder = await mkdtemp(join(tmpdir(), "kpd-bench-pg-"));
  const asRoot = process.getuid?.() === 0;
  const user = asRoot ? UNPRIVILEGED : "bench";
  if (asRoot) await chown(folder, idOf("-u"), idOf("-g"));
  const data = join(folder, "data");
  const command = (name: string, ...args: string[]): [string, string[]] => {
    const program = join(binaries, name);
    return asRoot
      ? ["setpriv", [`--reuid=${UNPRIVILEGED}`, `--regid=${UNPRIVILEGED}`, "--clear-groups", program, ...args]]
      : [program, args];
  };
  const [initdb, initArgs] = command("initdb", "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C");
  const made = spawnSync(initdb, initArgs, { cwd: folder, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const [postgres, args] = command(
    "postgres",
    "-D",
    data,
    "-p",
    String(port),
    "-h",
    "127.0.0.1",
    "-k",
    folder,
    ...Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  );
  const server = spawn(postgres, args, { cwd: folder, stdio: "ignore" });
  const ended = once(server, "exit");
  const stop = endedWithTheRun(async () => {
    // A fast shutdown: sessions are ended, data is written.
    if (server.kill("SIGINT")) await ended;
    await rm(folder, { recursive: true, force: true });
  });
  try {
    await untilListening(port);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, user, stop };
}

function idOf(flag: "-u" | "-g"): number {
  const { stdout, status } = spawnSync("id", [flag, UNPRIVILEGED], { encoding: "utf8" });
  if (status !== 0) throw new Error(`there is no user ${UNPRIVILEGED}`);
  return Number(stdout);
}

async function untilListening(port: number): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const socket = connect(port, "127.0.0.1");
    const open = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`PostgreSQL did not listen within ${READY_TIMEOUT_MS / 1000} s`);
}
