/** The Worker as wrangler would upload it: its size, and the processor time that loading it takes. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { WORKER_GZIP_LIMIT_KIB } from "../../tools/lib/bundle-limit.ts";
import type { Plan } from "../lib/bench-plan.ts";
import { exactly, type Outcome } from "../lib/report.ts";
import { interleaved } from "../lib/rounds.ts";

/** What the platform allows any Worker (Workers limits: startup time). */
const STARTUP_LIMIT_MS = 1_000;

/** Each profile is a start of wrangler: a few are enough for a figure that is not compared closely. */
const PROFILES = 3;

type CpuProfile = {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
};

export async function measureBundle(plan: Plan): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "kpd-bench-bundle-"));
  try {
    const rounds = Math.min(plan.rounds, PROFILES);
    const gzip = await gzipKib(folder);
    const { startup } = await interleaved(rounds, { startup: () => startupMs(join(folder, "startup.cpuprofile")) });
    return {
      rows: [
        {
          name: "bundle",
          unit: "KiB gzip",
          moreIsBetter: false,
          ours: exactly(gzip),
          against: "the limit that the project sets itself",
          other: exactly(WORKER_GZIP_LIMIT_KIB),
          rounds: 1,
        },
        {
          name: "startup",
          unit: "ms CPU",
          moreIsBetter: false,
          ours: startup,
          against: "the platform's limit",
          other: exactly(STARTUP_LIMIT_MS),
          rounds,
        },
      ],
      notes: [],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function gzipKib(folder: string): Promise<number> {
  const out = join(folder, "out");
  wrangler("deploy", "--dry-run", "--outdir", out);
  let bytes = 0;
  for (const file of await readdir(out)) {
    if (file.endsWith(".js")) bytes += gzipSync(await readFile(join(out, file))).length;
  }
  return bytes / 1024;
}

/** Time in which the isolate was busy with loading the script. */
async function startupMs(file: string): Promise<number> {
  wrangler("check", "startup", "--outfile", file);
  const profile = JSON.parse(await readFile(file, "utf8")) as CpuProfile;
  const waiting = new Set(
    profile.nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id),
  );
  const busy = profile.timeDeltas.reduce(
    (total, delta, index) => (waiting.has(profile.samples[index] ?? -1) ? total : total + delta),
    0,
  );
  return busy / 1000;
}

function wrangler(...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync("wrangler", args, {
    encoding: "utf8",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", CI: "true" },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`wrangler ${args.join(" ")} failed:\n${stdout}${stderr}`);
}
