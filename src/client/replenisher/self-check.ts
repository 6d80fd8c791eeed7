/** Whether others can reach this client, and by what: asked without taking a package. */
import { validateKeyPackage } from "../../mls/index.ts";
import type { Policy } from "../api-types.ts";
import type { CallOptions } from "../claims/claims.ts";
import { isRefusal } from "../directory-error.ts";
import { factsOf } from "../package-facts.ts";
import { toBase64Url } from "../portable-base64url.ts";
import { type HeldPackage, refsOf } from "./held-packages.ts";
import type { Replenisher } from "./replenisher.ts";

export type SelfCheckProblem =
  | { readonly kind: "not_registered" }
  | { readonly kind: "signature_key_differs"; readonly scheme: string }
  /** `nothing_on_offer`: nobody can add this client to a group of the suite. */
  | {
      readonly kind: "suite_not_accepted" | "nothing_on_offer" | "no_last_resort" | "needs_upload";
      readonly ciphersuite: number;
    }
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
    if (!isRefusal(error, "client_not_registered")) throw error;
  });
  if (!registered) return { reachable: false, suites: [], problems: [{ kind: "not_registered" }] };
  const { signature_keys: keys } = registered;
  for (const { scheme, publicKey } of await maker.signatureKeys()) {
    if (keys[scheme] !== toBase64Url(publicKey)) problems.push({ kind: "signature_key_differs", scheme });
  }
  const all = await held.list();
  const refs = refsOf(all.filter(({ state }) => state !== "gone"));
  const { server_refs, inventory } = await directory.reconcile(refs, { signal });
  const offered = all.filter(({ ref }) => server_refs.includes(ref));
  const count = server_refs.length - offered.length;
  if (count > 0) problems.push({ kind: "unknown_packages", count });

  const good: HeldPackage[] = [];
  for (const one of offered) {
    const detail = await defectOf(replenisher, one, Object.values(keys), policy);
    if (detail === undefined) good.push(one);
    else problems.push({ kind: "bad_package", ref: one.ref, detail });
  }
  const suites = maker.ciphersuites.map((ciphersuite) => {
    const stock = inventory.find((suite) => suite.ciphersuite === ciphersuite);
    const ofSuite = good.filter((one) => one.ciphersuite === ciphersuite);
    const oneTime = ofSuite.filter((one) => !one.lastResort).length;
    const lastResort = ofSuite.length > oneTime;
    const tell = (kind: Extract<SelfCheckProblem, { ciphersuite: number }>["kind"]) =>
      problems.push({ kind, ciphersuite });
    if (!policy.ciphersuites.includes(ciphersuite)) tell("suite_not_accepted");
    else if (ofSuite.length === 0) tell("nothing_on_offer");
    else {
      if (settings.lastResort && !lastResort) tell("no_last_resort");
      if (stock && stock.available < stock.low_watermark) tell("needs_upload");
    }
    return { ciphersuite, good: oneTime, lastResort, nextExpiry: stock?.next_expiry ?? null };
  });
  return { reachable: suites.some((suite) => suite.good > 0 || suite.lastResort), suites, problems };
}

/** Why others would not accept the package, or would not get it, or it could not be opened here. */
async function defectOf(
  { directory, held }: Replenisher,
  { ref }: HeldPackage,
  registeredKeys: readonly (string | undefined)[],
  policy: Policy,
): Promise<string | undefined> {
  const stored = await held.open(ref);
  if (!stored) return "its private keys are not stored";
  const now = directory.now();
  const { crypto, profile } = directory;
  const valid = await validateKeyPackage(stored.keyPackage, { now, crypto, profile });
  if (!valid.ok) return valid.error.message;
  const { signatureKey, notAfter } = await factsOf(valid.value, crypto);
  if (!registeredKeys.includes(toBase64Url(signatureKey))) return "its signature key is not registered";
  const isShort = notAfter - now < policy.lifetime.min_remaining_at_claim_seconds;
  return isShort ? "it expires too soon to be handed out" : undefined;
}
