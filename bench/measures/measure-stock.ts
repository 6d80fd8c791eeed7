/** What stock costs: a claim and an inventory at 100, 10,000 and 100,000 packages, one request at a time. */

import type { Plan } from "../lib/bench-plan.ts";
import { type LoadGenerator, type LoadOrder, startLoadGenerator } from "../lib/load.ts";
import { CIPHERSUITE, claimOrder, type Directory, startDirectory } from "../lib/measured-directory.ts";
import { type Outcome, type Row, rowsAgainst } from "../lib/report.ts";
import { interleaved, type Trial } from "../lib/rounds.ts";

const SMALL = 100;
const MEDIUM = 10_000;
const LARGE = 100_000;
const STOCKS = [SMALL, MEDIUM, LARGE];

/** Uploads of one package each, and so as many chunks. */
const CHUNKS = 1_000;
const CHUNKS_USER = "chunks";
const FEW_CHUNKS_USER = "few-chunks";

/** In the capabilities of the newest packages only: a claim that demands it has all the others in front of it. */
const RARE_EXTENSION = 0xf0f0;

export async function measureStock(plan: Plan): Promise<Outcome> {
  const directory = await startDirectory();
  const load = startLoadGenerator();
  try {
    await directory.seed({ users: [CHUNKS_USER], count: CHUNKS, uploadPackages: 1 });
    await directory.seed({ users: [FEW_CHUNKS_USER], count: SMALL });
    for (const stock of STOCKS) await directory.seed({ users: [userOf(stock)], count: stock });
    return {
      rows: [
        ...(await measureKind("claim_by_stock", plan, claimTrial(plan, directory, load, []))),
        ...(await measureKind("claim_by_stock_filtered", plan, claimTrial(plan, directory, load, [RARE_EXTENSION]))),
        ...(await measureChunks("claim_by_chunks", plan, directory, load, [])),
        ...(await measureChunks("claim_by_chunks_filtered", plan, directory, load, [RARE_EXTENSION])),
        ...(await measureKind("inventory_by_stock", plan, await inventoryTrial(plan, directory, load))),
      ],
      notes: [],
    };
  } finally {
    await load.stop();
    await directory.stop();
  }
}

const userOf = (stock: number): string => `stock-${stock}`;

async function measureKind(name: string, { rounds }: Plan, trialOf: (user: string) => Trial): Promise<Row[]> {
  const { small, medium, large } = await interleaved(rounds, {
    small: trialOf(userOf(SMALL)),
    medium: trialOf(userOf(MEDIUM)),
    large: trialOf(userOf(LARGE)),
  });
  return (
    [
      [MEDIUM, medium],
      [LARGE, large],
    ] as const
  ).flatMap(([stock, ours]) =>
    rowsAgainst(
      { name: `${name}_${stock}`, unit: "ms", moreIsBetter: false, ours, rounds },
      { [`the same at ${SMALL}`]: small },
    ),
  );
}

/** Uploads of one package each beside one upload of a hundred. */
async function measureChunks(
  name: string,
  plan: Plan,
  directory: Directory,
  load: LoadGenerator,
  extensions: readonly number[],
): Promise<Row[]> {
  const { many, few } = await interleaved(plan.rounds, {
    many: claimTrial(plan, directory, load, extensions, 1)(CHUNKS_USER),
    few: claimTrial(plan, directory, load, extensions)(FEW_CHUNKS_USER),
  });
  return rowsAgainst(
    { name: `${name}_${CHUNKS}`, unit: "ms", moreIsBetter: false, ours: many, rounds: plan.rounds },
    { [`${SMALL} packages of one upload`]: few },
  );
}

/** What a round takes is put back before it, at the end of the queue, so that the stock stays what it is called. */
function claimTrial(
  plan: Plan,
  directory: Directory,
  load: LoadGenerator,
  extensions: readonly number[],
  uploadPackages?: number,
): (user: string) => Trial {
  const uploads = uploadPackages === undefined ? {} : { uploadPackages };
  return (user) => async () => {
    await directory.seed({ users: [user], count: plan.sequential, extensions, ...uploads });
    const body = JSON.stringify({ ciphersuites: [CIPHERSUITE], required_capabilities: { extensions } });
    return medianOf(load, plan, { ...claimOrder(directory.claimToken, [user]), body, port: directory.port });
  };
}

async function inventoryTrial(plan: Plan, directory: Directory, load: LoadGenerator): Promise<(user: string) => Trial> {
  const tokens = new Map<string, string>();
  for (const stock of STOCKS) {
    const user = userOf(stock);
    tokens.set(user, await directory.issuer.token(user, "phone", "key-packages:publish"));
  }
  return (user) => () =>
    medianOf(load, plan, {
      port: directory.port,
      method: "GET",
      paths: [`/v1/users/${user}/clients/phone/inventory`],
      headers: { Authorization: `Bearer ${tokens.get(user)}` },
      body: "",
      withKey: false,
      expect: '"available"',
    });
}

async function medianOf(
  load: LoadGenerator,
  { sequential }: Plan,
  order: Omit<LoadOrder, "connections" | "maxRequests" | "maxMs">,
): Promise<number> {
  return (await load.run({ ...order, connections: 1, maxRequests: sequential, maxMs: 60_000 })).medianMs;
}
