/**
 * Admission of one client's batch of 100: batched, one by one, native, and ts-mls; in workerd and in Node. Of ML-DSA,
 * which has no batch, and with certificates too.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ciphersuiteInfo, type Suite } from "../../src/mls/ciphersuite.ts";
import { PROFILES } from "../../src/mls/named-profiles.ts";
import { startWorker } from "../../tools/lib/local-worker.ts";
import { newSigner } from "../../tools/lib/sample-packages.ts";
import { bundle, readDeployment } from "../../tools/lib/worker-deployment.ts";
import type { Plan } from "../lib/bench-plan.ts";
import { clientChain } from "../lib/client-chain.ts";
import { BATCH_PACKAGES, type Batch, makeBatch } from "../lib/packages.ts";
import { type Outcome, type Row, rowsAgainst } from "../lib/report.ts";
import { interleaved, interleavedAgainst, timed } from "../lib/rounds.ts";
import type { ValidationOrder, ValidationReply } from "../lib/validation-process.ts";
import type { ValidatorName } from "../lib/validators.ts";

/**
 * What ours is measured beside. `all`: one signature at a time and ts-mls. `single`: one signature at a time alone, in
 * workerd. `unbatched`: ts-mls, as there is nothing to batch. `basic`: itself, of packages with basic credentials.
 */
type Against = "all" | "single" | "unbatched" | "basic";

type Measure = {
  readonly name: string;
  readonly suite: Suite;
  readonly uploadPackages: number;
  readonly against: Against;
};

/** Of the suites with ML-DSA one that ts-mls has too. */
const ML_DSA = PROFILES.find(({ name }) => name === "ts-mls-1")?.suites.find(
  ({ name }) => name === "MLS_256_MLKEM1024_AES256GCM_SHA512_MLDSA87",
);
if (ML_DSA === undefined) throw new Error("expected a suite of ts-mls with ML-DSA");

/** The flag under which workerd has ML-DSA. */
const COMPATIBILITY_FLAGS = ["webcrypto_modern_algorithms"];

/** An upload of one package has two signatures, the least that there is to batch, and a chain of its own. */
const MEASURES: readonly Measure[] = [
  { name: "validate_ed25519_100", suite: 1, uploadPackages: BATCH_PACKAGES, against: "all" },
  { name: "validate_p256_100", suite: 2, uploadPackages: BATCH_PACKAGES, against: "all" },
  { name: "validate_ed25519_1", suite: 1, uploadPackages: 1, against: "single" },
  { name: "validate_p256_1", suite: 2, uploadPackages: 1, against: "single" },
  { name: "validate_ed448_100", suite: 4, uploadPackages: BATCH_PACKAGES, against: "single" },
  { name: "validate_p521_100", suite: 5, uploadPackages: BATCH_PACKAGES, against: "single" },
  { name: "validate_p384_100", suite: 7, uploadPackages: BATCH_PACKAGES, against: "single" },
  { name: "validate_mldsa87_100", suite: ML_DSA, uploadPackages: BATCH_PACKAGES, against: "unbatched" },
  { name: "validate_x509_100", suite: 1, uploadPackages: BATCH_PACKAGES, against: "basic" },
  { name: "validate_x509_1", suite: 1, uploadPackages: 1, against: "basic" },
];

/** Somewhere to judge batches: milliseconds of all packages of one measure. */
type Place = {
  readonly name: string;
  readonly hasMlDsa: boolean;
  readonly load: (measure: string, batch: Batch) => Promise<void>;
  readonly judge: (measure: string, validator: ValidatorName) => Promise<number>;
  readonly stop: () => Promise<void>;
};

/** The same packages with basic credentials. */
const basicOf = (name: string): string => `${name}_basic`;

export async function measureValidation(plan: Plan): Promise<Outcome> {
  const rows: Row[] = [];
  const notes: string[] = [];
  const batches = new Map<Measure, Readonly<Record<string, Batch>>>();
  for (const measure of MEASURES) batches.set(measure, await batchesOf(measure));
  for (const open of [openWorkerd, openNode]) {
    const place = await open();
    try {
      for (const [measure, named] of batches) {
        if (measure.against === "single" && place.name !== "workerd") continue;
        for (const [name, batch] of Object.entries(named)) await place.load(name, batch);
        rows.push(...(await BESIDE[measure.against](place, measure, plan)));
      }
      if (!place.hasMlDsa) notes.push(`validate_mldsa87_100_native was left out: ${place.name} has no ML-DSA`);
    } finally {
      await place.stop();
    }
  }
  return { rows, notes };
}

/** By the names under which they are judged. */
async function batchesOf({ name, suite, uploadPackages, against }: Measure): Promise<Record<string, Batch>> {
  const signer = await newSigner(suite);
  const what = { suite, identity: "alice", signer, uploadPackages };
  if (against !== "basic") return { [name]: await makeBatch(what) };
  const chain = await clientChain(ciphersuiteInfo(suite).signatureScheme, signer);
  return { [name]: await makeBatch({ ...what, chain }), [basicOf(name)]: await makeBatch(what) };
}

/** The rows of one measure. */
const BESIDE: Readonly<Record<Against, (place: Place, measure: Measure, plan: Plan) => Promise<Row[]>>> = {
  all: besideAll,
  single: besideSingle,
  unbatched: besideTsMls,
  basic: besideBasic,
};

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

async function besideTsMls(place: Place, measure: Measure, plan: Plan): Promise<Row[]> {
  const rounds = Math.min(plan.rounds, 3);
  const { name } = measure;
  const judge = (validator: ValidatorName) => () => place.judge(name, validator);
  const { ours: noble, others } = await interleavedAgainst(rounds, judge("noble_batched"), {
    [`ts-mls (${place.name})`]: judge("ts_mls"),
    ...(place.hasMlDsa ? { native: judge("native") } : {}),
  });
  const { native, ...tsMls } = others;
  const base = { unit: unit(measure), moreIsBetter: false, rounds };
  const onNoble = rowsAgainst({ ...base, name, ours: noble }, tsMls);
  if (native === undefined) return onNoble;
  const beside = { ...tsMls, [`ours on noble (${place.name})`]: noble };
  return [...onNoble, ...rowsAgainst({ ...base, name: `${name}_native`, ours: native }, beside)];
}

async function besideBasic(place: Place, measure: Measure, { rounds }: Plan): Promise<Row[]> {
  const { name } = measure;
  const { chain, basic } = await interleaved(rounds, {
    chain: () => place.judge(name, "noble_batched"),
    basic: () => place.judge(basicOf(name), "noble_batched"),
  });
  return rowsAgainst(
    { name, unit: unit(measure), moreIsBetter: false, ours: chain, rounds },
    { [`basic credentials (${place.name})`]: basic },
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
    deployment: {
      ...readDeployment(),
      compatibilityFlags: COMPATIBILITY_FLAGS,
      name: "bench",
      objects: {},
      databases: {},
    },
    script: bundle("bench/worker/validation.ts"),
    variables: {},
  });
  return {
    name: "workerd",
    hasMlDsa: true,
    load: async (measure, batch) => {
      const response = await fetch(`${address}/load/${measure}`, { method: "POST", body: JSON.stringify(batch) });
      if (!response.ok) throw new Error(`the batch was not taken: ${await response.text()}`);
      await response.body?.cancel();
    },
    judge: (measure, validator) =>
      timed(async () => {
        const response = await fetch(`${address}/judge/${measure}/${validator}`);
        const text = await response.text();
        if (!response.ok) throw new Error(`${measure}: ${text}`);
        allGood(Number(text), validator);
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
    hasMlDsa: await hasMlDsa(),
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

/** Of this process, which is of the same Node as the child. */
async function hasMlDsa(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey("ML-DSA-87", false, ["sign", "verify"]);
    return true;
  } catch {
    return false;
  }
}

function allGood(good: number, validator: ValidatorName): void {
  if (good !== BATCH_PACKAGES) throw new Error(`${validator} found ${good} of ${BATCH_PACKAGES} packages good`);
}
