/** Admission of one client's batch of 100: batched, one by one, native, and ts-mls; in workerd and in Node. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Ciphersuite } from "../../src/mls/ciphersuite.ts";
import { startWorker } from "../../tools/lib/local-worker.ts";
import { newSigner } from "../../tools/lib/sample-packages.ts";
import { bundle, readDeployment } from "../../tools/lib/worker-deployment.ts";
import type { Plan } from "../lib/bench-plan.ts";
import { BATCH_PACKAGES, type Batch, makeBatch } from "../lib/packages.ts";
import { type Outcome, type Row, rowsAgainst } from "../lib/report.ts";
import { interleaved, timed } from "../lib/rounds.ts";
import type { ValidationOrder, ValidationReply } from "../lib/validation-process.ts";
import type { ValidatorName } from "../lib/validators.ts";

type Measure = {
  readonly name: string;
  readonly suite: Ciphersuite;
  readonly uploadPackages: number;
  /** What ours on noble is measured beside: everything, or only noble one signature at a time (in workerd). */
  readonly against: "all" | "single";
};

/** An upload of one package has two signatures, the least that there is to batch. */
const MEASURES: readonly Measure[] = [
  { name: "validate_ed25519_100", suite: 1, uploadPackages: BATCH_PACKAGES, against: "all" },
  { name: "validate_p256_100", suite: 2, uploadPackages: BATCH_PACKAGES, against: "all" },
  { name: "validate_ed25519_1", suite: 1, uploadPackages: 1, against: "single" },
  { name: "validate_p256_1", suite: 2, uploadPackages: 1, against: "single" },
  { name: "validate_ed448_100", suite: 4, uploadPackages: BATCH_PACKAGES, against: "single" },
  { name: "validate_p521_100", suite: 5, uploadPackages: BATCH_PACKAGES, against: "single" },
  { name: "validate_p384_100", suite: 7, uploadPackages: BATCH_PACKAGES, against: "single" },
];

/** Somewhere to judge batches: milliseconds of all packages of one measure. */
type Place = {
  readonly name: string;
  readonly load: (measure: string, batch: Batch) => Promise<void>;
  readonly judge: (measure: string, validator: ValidatorName) => Promise<number>;
  readonly stop: () => Promise<void>;
};

export async function measureValidation(plan: Plan): Promise<Outcome> {
  const rows: Row[] = [];
  const batches = new Map<Measure, Batch>();
  for (const measure of MEASURES) {
    const { suite, uploadPackages } = measure;
    batches.set(measure, await makeBatch(suite, "alice", await newSigner(suite), uploadPackages));
  }
  for (const open of [openWorkerd, openNode]) {
    const place = await open();
    try {
      for (const [measure, batch] of batches) {
        if (measure.against === "single" && place.name !== "workerd") continue;
        await place.load(measure.name, batch);
        rows.push(...(await (measure.against === "all" ? besideAll : besideSingle)(place, measure, plan)));
      }
    } finally {
      await place.stop();
    }
  }
  return { rows, notes: [] };
}

const unit = ({ uploadPackages }: Measure): string =>
  uploadPackages === 1 ? `ms/${BATCH_PACKAGES} uploads` : "ms/batch";

async function besideSingle(place: Place, measure: Measure, plan: Plan): Promise<Row[]> {
  const rounds = Math.min(plan.rounds, 3);
  const { batched, single } = await interleaved(rounds, {
    batched: () => place.judge(measure.name, "noble_batched"),
    single: () => place.judge(measure.name, "noble_single"),
  });
  return rowsAgainst(
    { name: measure.name, unit: unit(measure), moreIsBetter: false, ours: batched, rounds },
    { [`noble one by one (${place.name})`]: single },
  );
}

async function besideAll(place: Place, measure: Measure, { rounds }: Plan): Promise<Row[]> {
  const { name } = measure;
  const judge = (validator: ValidatorName) => () => place.judge(name, validator);
  // Young code runs in an interpreter: a few batches let the compiler finish before anything counts.
  for (let i = 0; i < 3; i++) for (const one of ["noble_batched", "native", "ts_mls"] as const) await judge(one)();
  const { batched, single, native, tsMls } = await interleaved(rounds, {
    batched: judge("noble_batched"),
    single: judge("noble_single"),
    native: judge("native"),
    tsMls: judge("ts_mls"),
  });
  const base = { unit: unit(measure), moreIsBetter: false, rounds };
  return [
    ...rowsAgainst(
      { ...base, name, ours: batched },
      { [`noble one by one (${place.name})`]: single, [`ts-mls (${place.name})`]: tsMls },
    ),
    ...rowsAgainst(
      { ...base, name: `${name}_native`, ours: native },
      { [`ts-mls (${place.name})`]: tsMls, [`ours on noble, batched (${place.name})`]: batched },
    ),
  ];
}

async function openWorkerd(): Promise<Place> {
  const { address, stop } = await startWorker({
    deployment: { ...readDeployment(), name: "bench", objects: {}, databases: {} },
    script: bundle("bench/worker/validation.ts"),
    variables: {},
  });
  return {
    name: "workerd",
    load: async (measure, batch) => {
      const response = await fetch(`${address}/load/${measure}`, { method: "POST", body: JSON.stringify(batch) });
      if (!response.ok) throw new Error(`the batch was not taken: ${await response.text()}`);
      await response.body?.cancel();
    },
    judge: (measure, validator) =>
      timed(async () => {
        const response = await fetch(`${address}/judge/${measure}/${validator}`);
        allGood(Number(await response.text()), validator);
      }),
    stop,
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
    load: async (measure, batch) => {
      await ask({ load: batch, as: measure });
    },
    judge: async (measure, validator) => {
      const reply = await ask({ judge: `${measure}/${validator}` });
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
