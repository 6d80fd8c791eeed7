/** Admission of one client's batch of 100: batched, one by one, native, and ts-mls; in workerd and in Node. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { BATCH_PACKAGES, type Batch, makeBatch, newSigner, type Suite } from "../lib/packages.ts";
import type { Plan } from "../lib/plan.ts";
import { type Outcome, type Row, rowsAgainst } from "../lib/report.ts";
import { interleaved, timed } from "../lib/rounds.ts";
import type { ValidationOrder, ValidationReply } from "../lib/validation-process.ts";
import type { ValidatorName } from "../lib/validators.ts";
import { startWorker } from "../lib/workerd.ts";

const NAMES: Readonly<Record<Suite, string>> = {
  1: "validate_ed25519_100",
  2: "validate_p256_100",
  4: "validate_ed448_100",
  5: "validate_p521_100",
  7: "validate_p384_100",
};

/** Somewhere to judge batches: milliseconds of one whole batch. */
type Place = {
  readonly name: string;
  readonly load: (batch: Batch) => Promise<void>;
  readonly judge: (suite: Suite, validator: ValidatorName) => Promise<number>;
  readonly stop: () => Promise<void>;
};

export async function measureValidation(plan: Plan): Promise<Outcome> {
  const rows: Row[] = [];
  const batches = new Map<Suite, Batch>();
  for (const suite of [1, 2, 4, 5, 7] as const) {
    batches.set(suite, await makeBatch(suite, "alice", await newSigner(suite)));
  }
  for (const open of [openWorkerd, openNode]) {
    const place = await open();
    try {
      for (const [suite, batch] of batches) {
        await place.load(batch);
        rows.push(...(await measureSuite(place, suite, plan)));
      }
    } finally {
      await place.stop();
    }
  }
  return { rows, notes: [] };
}

/** Suites 1 and 2 with every opponent; the others one figure each, in workerd only. */
async function measureSuite(place: Place, suite: Suite, { rounds }: Plan): Promise<Row[]> {
  const judge = (validator: ValidatorName) => () => place.judge(suite, validator);
  if (suite !== 1 && suite !== 2) {
    if (place.name !== "workerd") return [];
    const { batched, single } = await interleaved(Math.min(rounds, 3), {
      batched: judge("noble_batched"),
      single: judge("noble_single"),
    });
    const base = {
      name: NAMES[suite],
      unit: "ms/batch",
      moreIsBetter: false,
      ours: batched,
      rounds: Math.min(rounds, 3),
    };
    return rowsAgainst(base, { "noble one by one (workerd)": single });
  }
  // Young code runs in an interpreter: a few batches let the compiler finish before anything counts.
  for (let i = 0; i < 3; i++) for (const name of ["noble_batched", "native", "ts_mls"] as const) await judge(name)();
  const { batched, single, native, tsMls } = await interleaved(rounds, {
    batched: judge("noble_batched"),
    single: judge("noble_single"),
    native: judge("native"),
    tsMls: judge("ts_mls"),
  });
  const base = { unit: "ms/batch", moreIsBetter: false, rounds };
  return [
    ...rowsAgainst(
      { ...base, name: NAMES[suite], ours: batched },
      { [`noble one by one (${place.name})`]: single, [`ts-mls (${place.name})`]: tsMls },
    ),
    ...rowsAgainst(
      { ...base, name: `${NAMES[suite]}_native`, ours: native },
      { [`ts-mls (${place.name})`]: tsMls, [`ours on noble, batched (${place.name})`]: batched },
    ),
  ];
}

async function openWorkerd(): Promise<Place> {
  const worker = await startWorker({ entry: "bench/worker/validation.ts", variables: {}, objects: {}, databases: [] });
  const address = `http://127.0.0.1:${worker.port}`;
  return {
    name: "workerd",
    load: async (batch) => {
      const response = await fetch(`${address}/load`, { method: "POST", body: JSON.stringify(batch) });
      if (!response.ok) throw new Error(`the batch was not taken: ${await response.text()}`);
      await response.body?.cancel();
    },
    judge: (suite, validator) =>
      timed(async () => {
        const response = await fetch(`${address}/judge/${suite}/${validator}`);
        allGood(Number(await response.text()), validator);
      }),
    stop: worker.stop,
  };
}

async function openNode(): Promise<Place> {
  const child = fork(join(import.meta.dirname, "../lib/validation-process.ts"));
  const ask = async (order: ValidationOrder): Promise<ValidationReply> => {
    child.send(order);
    const [reply] = (await once(child, "message")) as [ValidationReply];
    if ("failure" in reply) throw new Error(reply.failure);
    return reply;
  };
  return {
    name: `Node ${process.versions.node.split(".")[0]}`,
    load: async (batch) => {
      await ask({ load: batch });
    },
    judge: async (suite, validator) => {
      const reply = await ask({ judge: `${suite}/${validator}` });
      if (!("good" in reply)) throw new Error("expected a verdict");
      allGood(reply.good, validator);
      return reply.ms;
    },
    stop: async () => {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

function allGood(good: number, validator: ValidatorName): void {
  if (good !== BATCH_PACKAGES) throw new Error(`${validator} found ${good} of ${BATCH_PACKAGES} packages good`);
}
