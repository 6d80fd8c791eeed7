/** Makes packages, and looks at what the maker gave before it is stored. */
import { KeyPackageIn } from "../../mls/index.ts";
import { orFail, unwrapped } from "../directory-error.ts";
import { factsOf } from "../package-facts.ts";
import { throwIfAborted } from "../platform.ts";
import { toBase64Url } from "../portable-base64url.ts";
import type { HeldPackage, NewPackage } from "./held-packages.ts";
import type { WantedPackage } from "./maker.ts";
import { keysByScheme } from "./own-registration.ts";
import { lifetimeFrom, type Order } from "./plan.ts";
import type { RunContext } from "./run-context.ts";

/** Implementations that take a duration count it from their own clock, which may go on in between. */
const NOT_AFTER_TOLERANCE_SECONDS = 60;

/** Makes these, and stores them with their private keys. */
export async function make(
  context: RunContext,
  orders: readonly Order[],
  total: number,
): Promise<readonly HeldPackage[]> {
  const { directory, settings, policy, held, counts, tell } = context;
  throwIfAborted(context.signal);
  const madeAt = directory.now();
  const lifetime = lifetimeFrom(madeAt, settings, policy.lifetime);
  const made: NewPackage[] = [];
  for (const order of orders) made.push(await makeOne(context, { ...order, ...lifetime }, madeAt));
  const stored = await held.add(made);
  counts.made += stored.length;
  tell({ kind: "made", done: counts.made, total });
  await directory.platform.breathe();
  return stored;
}

function makeOne({ maker, directory, keys }: RunContext, wanted: WantedPackage, madeAt: number): Promise<NewPackage> {
  const { ciphersuite, lastResort, notAfter } = wanted;
  return orFail("maker_failed", `a package of suite ${ciphersuite} could not be made`, async () => {
    const { keyPackage, privateKeys } = await maker.make(wanted);
    const decoded = unwrapped(unwrapped(KeyPackageIn.fromBytes(keyPackage, directory.profile)).intoUnchecked());
    const { signatureKey, ...facts } = await factsOf(decoded, directory.crypto);
    expectSame("suite", ciphersuite, facts.ciphersuite);
    expectSame("last resort", lastResort, facts.lastResort);
    if (Math.abs(facts.notAfter - notAfter) > NOT_AFTER_TOLERANCE_SECONDS) {
      expectSame("not_after", notAfter, facts.notAfter);
    }
    if (!Object.values(keysByScheme(keys)).includes(toBase64Url(signatureKey))) {
      throw new Error("expected one of the maker's signature keys, got another");
    }
    return { ...facts, madeAt, keyPackage, privateKeys };
  });
}

function expectSame<T extends number | boolean>(what: string, expected: T, got: T): void {
  if (got !== expected) throw new Error(`expected ${what} ${expected}, got ${got}`);
}
