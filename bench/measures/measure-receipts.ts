/** What a receipt adds to a claim: 100 of them in workerd, from the packages that were given to their signatures. */

import { startWorker } from "../../tools/lib/local-worker.ts";
import { newSigner, sampleKeyPackages } from "../../tools/lib/sample-packages.ts";
import { bundle, readDeployment } from "../../tools/lib/worker-deployment.ts";
import type { Plan } from "../lib/bench-plan.ts";
import { type Outcome, rowsAgainst } from "../lib/report.ts";
import { interleaved, timed } from "../lib/rounds.ts";

const RECEIPTS = 100;
/** Bytes of an MLSMessage before the KeyPackage. */
const HEADER_BYTES = 4;

export async function measureReceipts({ rounds }: Plan): Promise<Outcome> {
  const [message = ""] = await sampleKeyPackages({ identity: "alice", signer: await newSigner(), count: 1 });
  const keyPackage = Buffer.from(message, "base64url").subarray(HEADER_BYTES).toString("base64url");
  const { address, stop } = await startWorker({
    deployment: { ...readDeployment(), name: "bench", objects: {}, databases: {} },
    script: bundle("bench/worker/receipt-signing.ts"),
    variables: {},
  });
  const ask = async (path: string, body?: string) => {
    const response = await fetch(address + path, body === undefined ? {} : { method: "POST", body });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };
  const ms = (path: string) =>
    timed(async () => {
      const count = Number(await ask(path));
      if (count !== RECEIPTS) throw new Error(`expected ${RECEIPTS} receipts, got ${count}`);
    });
  try {
    await ask("/load", keyPackage);
    const { signed, nothing } = await interleaved(rounds, { signed: () => ms("/sign"), nothing: () => ms("/nothing") });
    return {
      rows: rowsAgainst(
        { name: "receipts_100", unit: "ms/100 receipts", moreIsBetter: false, ours: signed, rounds },
        { "a request without them (workerd)": nothing },
      ),
      notes: [],
    };
  } finally {
    await stop();
  }
}
