/** Publishing 100 packages over HTTP, and what of it is admission, transport to the pool, and storage. */
import { localRegistration } from "../../tools/lib/registration-requests.ts";
import { newSigner, type SampleSigner } from "../../tools/lib/sample-packages.ts";
import type { Plan } from "../lib/bench-plan.ts";
import { encodeRequest, HttpConnection } from "../lib/http-connection.ts";
import { type Directory, startDirectory } from "../lib/measured-directory.ts";
import { BATCH_PACKAGES, makeBatch } from "../lib/packages.ts";
import { exactly, type Outcome, rowsAgainst } from "../lib/report.ts";
import { interleaved, spread, type Trial, timed } from "../lib/rounds.ts";

const SUITE = 1;
const USER = "publisher";
const CLIENT = "phone";

/** What this project allows the storage to take of a publication. */
const STORAGE_SHARE_PERCENT = 15;

/** Publications of one round; its figure is their median. */
const REPEATS = 3;

export async function measurePublish(plan: Plan): Promise<Outcome> {
  const signer = await newSigner(SUITE);
  const bodies: string[] = [];
  while (bodies.length < (plan.rounds + 1) * REPEATS) {
    const { packages } = await makeBatch({ suite: SUITE, identity: USER, signer });
    bodies.push(JSON.stringify({ key_packages: packages }));
  }
  const directory = await startDirectory();
  try {
    const connection = await HttpConnection.open(directory.port);
    try {
      return await measureOn(connection, directory, signer, bodies, plan);
    } finally {
      connection.close();
    }
  } finally {
    await directory.stop();
  }
}

async function measureOn(
  connection: HttpConnection,
  directory: Directory,
  signer: SampleSigner,
  bodies: readonly string[],
  { rounds }: Plan,
): Promise<Outcome> {
  const token = await directory.issuer.token(USER, CLIENT, "key-packages:publish");
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const client = `/v1/users/${USER}/clients/${CLIENT}`;
  const registration = await localRegistration(USER, CLIENT, signer);
  await send(connection, encodeRequest("PUT", client, headers, JSON.stringify(registration)), "{");

  await directory.seed({ users: ["stored-only"], count: 0 });

  const fresh = bodies.values();
  const perPackage =
    (request: () => Buffer, expect: string, trimmed?: string): Trial =>
    async () => {
      const times: number[] = [];
      for (let i = 0; i < REPEATS; i++) {
        // Otherwise every upload would meet a larger stock than the last.
        if (trimmed) await send(connection, encodeRequest("POST", `/bench/trim/${trimmed}`, {}, ""), "trimmed");
        const bytes = request();
        times.push(await timed(() => send(connection, bytes, expect)));
      }
      return spread(times).median / BATCH_PACKAGES;
    };
  const bench = (route: string, body = "") => encodeRequest("POST", `/bench/${route}/${USER}`, {}, body);
  const firstBody = bodies[0] ?? "";
  const { publish, admission, rpc, put } = await interleaved(rounds, {
    publish: perPackage(
      () => encodeRequest("POST", `${client}/key-packages`, headers, fresh.next().value ?? ""),
      stored(BATCH_PACKAGES),
      USER,
    ),
    admission: perPackage(() => bench("admit", firstBody), `"good":${BATCH_PACKAGES}`),
    rpc: perPackage(() => bench("rpc"), `"taken":${BATCH_PACKAGES}`),
    // A pool of its own: the client that publishes must not have packages in stock that it did not sign.
    put: perPackage(
      () => encodeRequest("POST", "/bench/put/stored-only", {}, ""),
      `"stored":${BATCH_PACKAGES}`,
      "stored-only",
    ),
  });
  const storage = Math.max(0, put.median - rpc.median);
  return {
    rows: [
      ...rowsAgainst(
        { name: "publish_100", unit: "ms/package", moreIsBetter: false, ours: publish, rounds },
        {
          "its share that is admission (crypto)": admission,
          "its share that is RPC": rpc,
          "its share that is storage": exactly(storage),
        },
      ),
      ...rowsAgainst(
        {
          name: "publish_share_storage",
          unit: "% of publish_100",
          moreIsBetter: false,
          ours: exactly((100 * storage) / publish.median),
          rounds,
        },
        { "the most that the project allows it": exactly(STORAGE_SHARE_PERCENT) },
      ),
    ],
    notes: [],
  };
}

/** The last of the results, which is there only if all were taken. */
const stored = (count: number): string => `"index":${count - 1},"ok":true`;

async function send(connection: HttpConnection, request: Buffer, expect: string): Promise<void> {
  const { status, body } = await connection.send(request);
  if (status >= 300 || !body.includes(expect)) {
    throw new Error(`expected ${expect}, got ${status} ${body.toString("utf8", 0, 300)}`);
  }
}
