/** Whether others can reach this client, and by what: asked without taking a package. */
import { KeyPackageIn, ProtocolVersion } from "../../mls/index.ts";
import type { Policy, SuiteInventory } from "../api-types.ts";
import { DirectoryError } from "../directory-error.ts";
import type { CallOptions } from "../key-package-directory.ts";
import { toBase64Url } from "../portable-base64url.ts";
import type { HeldPackage } from "./held-packages.ts";
import type { StockSettings } from "./plan.ts";
import type { Replenisher } from "./replenisher.ts";

export type SelfCheckProblem =
  | { readonly kind: "not_registered" }
  | { readonly kind: "signature_key_differs"; readonly scheme: string }
  | { readonly kind: "suite_not_accepted"; readonly ciphersuite: number }
  /** Nobody can add this client to a group of the suite. */
  | { readonly kind: "nothing_on_offer"; readonly ciphersuite: number }
  | { readonly kind: "no_last_resort"; readonly ciphersuite: number }
  | { readonly kind: "needs_upload"; readonly ciphersuite: number }
  /** Others would reject it, or it could not be opened here. */
  | { readonly kind: "bad_package"; readonly ref: string; readonly detail: string }
  /** The directory hands out packages that were not made here. */
  | { readonly kind: "unknown_packages"; readonly count: number };

export type SelfCheck = {
  /** Whether a claim of at least one suite would get a good package. */
  readonly reachable: boolean;
  readonly suites: readonly {
    readonly ciphersuite: number;
    /** Packages that others would accept and that can be opened here. */
    readonly good: number;
    readonly lastResort: boolean;
    readonly nextExpiry: number | null;
  }[];
  readonly problems: readonly SelfCheckProblem[];
};

/** Compares with the directory without changing it, and checks every package on offer as a claimer would. */
export async function selfCheck(replenisher: Replenisher, { signal }: CallOptions = {}): Promise<SelfCheck> {
  const { directory, maker, held, settings } = replenisher;
  const problems: SelfCheckProblem[] = [];
  const policy = await directory.policy({ signal });
  const registered = await directory.getClient({ signal }).catch((error: unknown) => {
    if (error instanceof DirectoryError && error.code === "client_not_registered") return undefined;
    throw error;
  });
  if (!registered) return { reachable: false, suites: [], problems: [{ kind: "not_registered" }] };
  for (const { scheme, publicKey } of await maker.signatureKeys()) {
    if (registered.signature_keys[scheme] === toBase64Url(publicKey)) continue;
    problems.push({ kind: "signature_key_differs", scheme });
  }
  const all = await held.list();
  const refs = all.filter(({ state }) => state !== "gone").map(({ ref }) => ref);
  const { server_refs, inventory } = await directory.reconcile(refs, { signal });
  const offered = all.filter(({ ref }) => server_refs.includes(ref));
  const unknown = server_refs.length - offered.length;
  if (unknown > 0) problems.push({ kind: "unknown_packages", count: unknown });

  const keys = new Set(Object.values(registered.signature_keys));
  const good: HeldPackage[] = [];
  for (const one of offered) {
    const defect = await defectOf(replenisher, one, keys, policy);
    if (defect === undefined) good.push(one);
    else problems.push({ kind: "bad_package", ref: one.ref, detail: defect });
  }
  const suites = maker.ciphersuites.map((ciphersuite) => {
    const stock = inventory.find((suite) => suite.ciphersuite === ciphersuite);
    const ofSuite = good.filter((one) => one.ciphersuite === ciphersuite);
    if (!policy.ciphersuites.includes(ciphersuite)) problems.push({ kind: "suite_not_accepted", ciphersuite });
    else problems.push(...stockProblems(ciphersuite, stock, ofSuite, settings));
    return {
      ciphersuite,
      good: ofSuite.filter(({ lastResort }) => !lastResort).length,
      lastResort: ofSuite.some(({ lastResort }) => lastResort),
      nextExpiry: stock?.next_expiry ?? null,
    };
  });
  return { reachable: suites.some((suite) => suite.good > 0 || suite.lastResort), suites, problems };
}

function stockProblems(
  ciphersuite: number,
  stock: SuiteInventory | undefined,
  good: readonly HeldPackage[],
  { lastResort }: StockSettings,
): SelfCheckProblem[] {
  if (good.length === 0) return [{ kind: "nothing_on_offer", ciphersuite }];
  const problems: SelfCheckProblem[] = [];
  if (lastResort && !good.some((one) => one.lastResort)) problems.push({ kind: "no_last_resort", ciphersuite });
  if (stock && stock.available < stock.low_watermark) problems.push({ kind: "needs_upload", ciphersuite });
  return problems;
}

/** Why others would not accept the package, or would not get it, or it could not be opened here. */
async function defectOf(
  { directory, held }: Replenisher,
  { ref }: HeldPackage,
  registeredKeys: ReadonlySet<string | undefined>,
  policy: Policy,
): Promise<string | undefined> {
  const stored = await held.open(ref);
  if (!stored) return "its private keys are not stored";
  const decoded = KeyPackageIn.fromBytes(stored.bytes, directory.profile);
  if (!decoded.ok) return decoded.error.message;
  const now = directory.now();
  const valid = await decoded.value.validate(directory.crypto, ProtocolVersion.Mls10, { now });
  if (!valid.ok) return valid.error.message;
  const signatureKey = toBase64Url(valid.value.leafNode().signatureKey().asSlice());
  if (!registeredKeys.has(signatureKey)) return "its signature key is not registered";
  const left = Number(valid.value.lifeTime().notAfter) - now;
  return left < policy.lifetime.min_remaining_at_claim_seconds ? "it expires too soon to be handed out" : undefined;
}
