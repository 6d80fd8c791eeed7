/** Two phones and a laptop at a directory, step by step: what a package is for, and what once means. */
import type { KeyPackageBundle } from "../mls/index.ts";
import { type CommandIo, EXIT_OK, EXIT_REFUSED, type ExitCode } from "./command.ts";
import { generatePackages } from "./generate-packages.ts";
import { inventoryTable } from "./inventory-table.ts";
import { type ClientKeys, NO_KEYS, signersOf } from "./key-file.ts";
import { CLAIMED, type Claimed, INVENTORY, JOURNAL } from "./remote/answers.ts";
import type { Identity } from "./remote/connection.ts";
import { type DirectoryClient, pathOf } from "./remote/directory-client.ts";
import { publishPackages } from "./remote/publication.ts";
import { registerClient } from "./remote/register-client.ts";
import { paint, table } from "./terminal.ts";

export type Stage = {
  readonly connect: (who: Identity, scope: string) => Promise<DirectoryClient>;
  /** Makes names of users that no earlier run has used. */
  readonly suffix: string;
  /** For the claims that are repeated. */
  readonly newKey: () => string;
  readonly io: CommandIo;
};

type Device = Identity & {
  readonly name: string;
  readonly directory: DirectoryClient;
  readonly keys: ClientKeys;
  readonly bundles: readonly KeyPackageBundle[];
};

const STOCK = 3;
const CIPHERSUITE = 1;

/** The directory has not done what the story says. */
class Surprise extends Error {
  override name = "Surprise";
}

export async function tellDemo(stage: Stage): Promise<ExitCode> {
  try {
    await tell(stage);
    return EXIT_OK;
  } catch (cause) {
    if (!(cause instanceof Surprise)) throw cause;
    stage.io.err(`this is not what should have come: ${cause.message}\n`);
    return EXIT_REFUSED;
  }
}

async function tell(stage: Stage): Promise<void> {
  const { io, suffix, newKey } = stage;
  const step = steps(io);
  const alice = `alice${suffix}`;
  const bob = `bob${suffix}`;

  step("Alice has a phone, Bob a phone and a laptop. Each makes a signature key and registers it.");
  const alicePhone = await newDevice(stage, "Alice's phone", { user: alice, client: "phone" });
  const bobPhone = await newDevice(stage, "Bob's phone", { user: bob, client: "phone" });
  const bobLaptop = await newDevice(stage, "Bob's laptop", { user: bob, client: "laptop" });
  for (const device of [alicePhone, bobPhone, bobLaptop]) {
    await registerClient(device.directory, device, signersOf(device.keys));
    io.out(`   ${device.name} is registered as ${device.user}/${device.client}\n`);
  }

  step(`Each publishes ${STOCK} packages and a last resort. The private keys stay on the device.`);
  for (const device of [alicePhone, bobPhone, bobLaptop]) {
    const { results } = await publishPackages(device.directory, device, device.bundles.map(toMessage));
    check(
      results.every(({ code }) => code === "stored"),
      `${device.name}: ${results.map(({ code }) => code)}`,
    );
  }
  io.out(indented(inventoryTable(await inventoryOf(bobPhone), io)));

  step("Bob goes offline. Alice wants to write to him: her phone claims one package of each of his devices.");
  const claimer = await stage.connect(alicePhone, "key-packages:claim");
  const claim = async (key: string) =>
    (
      await claimer.call("POST", pathOf("users", bob, "claims"), CLAIMED, {
        body: { ciphersuites: [CIPHERSUITE] },
        headers: { "idempotency-key": key },
      })
    ).body;
  const firstKey = newKey();
  const first = await claim(firstKey);
  io.out(indented(claimTable(first, io)));
  check(first.status === "ok" && first.clients.length === 2, `a claim with status ${first.status}`);

  step("The answer is lost on its way. She asks again with the same Idempotency-Key, and gets the same bytes.");
  const again = await claim(firstKey);
  const isSame = JSON.stringify(again) === JSON.stringify(first);
  io.out(`   byte for byte the same: ${isSame ? "yes" : "no"}\n`);
  check(isSame, "other packages under the same key");

  step("Bob is back. His phone finds the private keys of the claimed package, and reads who claimed it.");
  const claimedOfPhone = refOf(first, bobPhone);
  const kept = bobPhone.keys.key_packages.findIndex((entry) => entry.key_package_ref === claimedOfPhone);
  check(kept >= 0, "a package that Bob's phone did not make");
  const journalPath = pathOf("users", bob, "clients", "phone", "journal");
  const { entries } = (await bobPhone.directory.call("GET", journalPath, JOURNAL)).body;
  const entry = entries.find((one) => one.key_package_ref === claimedOfPhone);
  check(entry !== undefined, "a journal without the claim");
  io.out(`   package ${kept + 1} of Bob's phone was claimed by ${entry?.claimer?.user}/${entry?.claimer?.client}\n`);

  step("By mistake, his phone sends that package again, and one that was damaged, with a good one between.");
  const fresh = await generatePackages(bobPhone.keys, { ...wanted(bob, io), count: 2, lastResort: false });
  const [good, damaged] = fresh.bundles.map(toMessage);
  const used = bobPhone.bundles.map(toMessage)[kept];
  if (good === undefined || damaged === undefined || used === undefined) throw new Surprise("no package was made");
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  const { results } = await publishPackages(bobPhone.directory, bobPhone, [used, good, damaged]);
  io.out(
    indented(
      table(
        io,
        ["PACKAGE", "RESULT"],
        results.map(({ index, code }) => [index + 1, code]),
      ),
    ),
  );
  const codes = results.map(({ code }) => code).join(", ");
  check(codes === "already_claimed, stored, invalid_signature", `results ${codes}`);

  step("More claims come, until only the last resort is left. It may be given again: a claim never finds nothing.");
  let last = await claim(newKey());
  let claims = 1;
  while (claims <= STOCK + 1 && last.clients.some(({ status }) => status === "claimed")) {
    last = await claim(newKey());
    claims += 1;
  }
  io.out(indented(claimTable(last, io)));
  check(
    last.clients.every(({ status }) => status === "last_resort"),
    "no last resort after the others",
  );

  step("Bob's phone looks at its stock, and fills it up.");
  io.out(indented(inventoryTable(await inventoryOf(bobPhone), io)));
  const refill = await generatePackages(fresh.keys, { ...wanted(bob, io), count: STOCK, lastResort: false });
  await publishPackages(bobPhone.directory, bobPhone, refill.bundles.map(toMessage));
  const next = await claim(newKey());
  io.out(`\n${indented(claimTable(next, io))}`);
  check(
    next.clients.some(({ client, status }) => client === "phone" && status === "claimed"),
    "no package after the refill",
  );
}

async function newDevice({ connect, io }: Stage, name: string, who: Identity): Promise<Device> {
  const made = await generatePackages(NO_KEYS, { ...wanted(who.user, io), count: STOCK, lastResort: true });
  return { ...who, name, directory: await connect(who, "key-packages:publish"), ...made };
}

const wanted = (identity: string, io: CommandIo) => ({
  identity,
  ciphersuites: [CIPHERSUITE] as const,
  lifetimeSeconds: undefined,
  now: io.now(),
});

const toMessage = (bundle: KeyPackageBundle): Uint8Array => bundle.keyPackage().toMlsMessage();

async function inventoryOf({ directory, user, client }: Device) {
  const path = pathOf("users", user, "clients", client, "inventory");
  return (await directory.call("GET", path, INVENTORY)).body.inventory.filter(
    ({ ciphersuite }) => ciphersuite === CIPHERSUITE,
  );
}

const refOf = (claim: Claimed, { client }: Device): string | undefined =>
  claim.clients.find((one) => one.client === client)?.key_package_ref;

const claimTable = (claim: Claimed, io: CommandIo): string =>
  table(
    io,
    ["CLIENT", "STATUS", "KEY PACKAGE REF"],
    claim.clients.map(({ client, status, key_package_ref }) => [client, status, key_package_ref ?? "-"]),
  );

function check(isAsTold: boolean, what: string): asserts isAsTold {
  if (!isAsTold) throw new Surprise(what);
}

function steps(io: CommandIo): (text: string) => void {
  let number = 0;
  return (text) => {
    number += 1;
    io.out(`${number > 1 ? "\n" : ""}${paint(io, "strong", `${number}. ${text}`)}\n`);
  };
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, "   ");
