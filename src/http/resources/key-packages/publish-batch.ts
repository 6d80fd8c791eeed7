/**
 * Publishing a batch, whatever brought it: caps, what the pool knows already and its leave for the rest, admission, and
 * the pool again to store it.
 */
import { type AdmissionContext, type AlternativeName, expectedIdentity } from "../../../admission/policy.ts";
import type { Deployment } from "../../../config/deployment.ts";
import { CHECK_PAUSE_MS, CHECK_WAIT_MS } from "../../../config/limits.ts";
import type { SuiteInventory } from "../../../contract/inventory-messages.ts";
import type { PoolCall } from "../../../contract/pool-call.ts";
import type { PreflightAnswer, PreflightCall } from "../../../contract/publish-messages.ts";
import type { SignatureKey } from "../../../contract/registration-messages.ts";
import type { CryptoVerifier } from "../../../mls/crypto/provider.ts";
import type { X509Verifier } from "../../../mls/x509/x509-verifier.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { type PoolClient, poolOverloaded } from "../../upstream/pool-client.ts";
import { admittedOf, type BatchResult, type Item, isKnown, judge, namedOf, prepareBatch, resultsOf } from "./batch.ts";

/** What publishing needs of the world. */
export type PublishDeps = {
  readonly pool: Pick<PoolClient, "preflight" | "publish">;
  readonly deployment: Deployment;
  readonly crypto: CryptoVerifier;
  /** Undefined where x509 credentials are not accepted. */
  readonly x509: X509Verifier | undefined;
  /** Unix seconds. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** 0 to below 1: spreads those who wait. */
  readonly random: () => number;
};

export type BatchToPublish = {
  readonly user: string;
  readonly client: string;
  readonly mode: "add" | "replace";
  readonly items: readonly Item[];
  /** Whether a replacement may leave nothing in stock. */
  readonly allowEmpty: boolean;
};

export type PublishedBatch = {
  /** False for a replacement that was refused: nothing has changed. */
  readonly applied: boolean;
  readonly results: readonly BatchResult[];
  readonly inventory: readonly SuiteInventory[];
  /** Those that the client has registered. */
  readonly signatureKeys: readonly SignatureKey[];
  readonly restoreEpoch: number;
  /** When it took effect, and when the client was registered, in unix seconds. */
  readonly at: number;
  readonly registeredAt: number;
};

/** One result for each item in its order, or a refusal of the whole batch. Nothing is stored by a refusal. */
export async function publishBatch(deps: PublishDeps, batch: BatchToPublish): Promise<Result<PublishedBatch>> {
  const { client, mode, items } = batch;
  const { settings } = deps.deployment;
  if (items.length > settings.maxKeyPackagesPerRequest) {
    const detail = `expected at most ${settings.maxKeyPackagesPerRequest} packages, got ${items.length}`;
    return refuse("too_many_key_packages", detail);
  }
  if (items.length === 0 && mode === "replace" && !batch.allowEmpty) {
    return refuse(
      "empty_replacement",
      "expected at least 1 package, got 0; to remove everything add ?allow_empty=true",
    );
  }
  const prepared = await prepareBatch(items, admissionContext(deps, batch, []));
  const packages = namedOf(prepared);
  const unreadable = items.length - packages.length;
  const leave = await leaveToCheck(deps, { client, mode, packages, unreadable });
  if (!leave.ok) return leave;
  const { signatureKeys, known } = leave.value;

  const judged = await judge(prepared, known, admissionContext(deps, batch, signatureKeys));
  const keyPackages = admittedOf(judged);
  const refused = judged.filter((item) => !item.ok).length;
  const checked = known.filter((code) => code === undefined).length;
  const kept = judged.flatMap((item) => (isKnown(item) && item.known === "duplicate" ? [item.keyPackage.ref] : []));
  const isGone = judged.some((item) => isKnown(item) && item.known !== "duplicate");
  // A replacement with a refused package goes to the pool too, as nothing: all that was looked at for it counts as refused.
  const isRefusedReplacement = mode === "replace" && (refused > 0 || isGone);
  const stored = await deps.pool.publish(
    isRefusedReplacement
      ? { client, mode: "add", keyPackages: [], refused: unreadable + checked, checked }
      : { client, mode, keyPackages, kept, refused, checked },
  );
  if (!stored.ok) return stored;
  const applied = !isRefusedReplacement && stored.value.applied;
  const results = resultsOf(judged, isRefusedReplacement ? undefined : stored.value.codes, applied);
  const { inventory, restoreEpoch, at, registeredAt } = stored.value;
  return ok({ applied, results, inventory, signatureKeys, restoreEpoch, at, registeredAt });
}

function expectedAlternativeName({ x509 }: Deployment, user: string, client: string): AlternativeName | undefined {
  const value = x509?.name && expectedIdentity(x509.name.template, user, client);
  return x509?.name && value !== undefined ? { type: x509.name.type, value } : undefined;
}

/** What this deployment asks of the packages of a client. */
export function admissionContext(
  { deployment, crypto, x509, now }: Pick<PublishDeps, "deployment" | "crypto" | "x509" | "now">,
  { user, client }: { readonly user: string; readonly client: string },
  signatureKeys: readonly SignatureKey[],
): AdmissionContext {
  const { settings, profile, ciphersuites, credentialIdentity } = deployment;
  return {
    crypto,
    policy: {
      maxKeyPackageBytes: settings.maxKeyPackageBytes,
      maxTotalLifetimeSeconds: settings.maxTotalLifetimeSeconds,
      uploadClockSkewSeconds: settings.uploadClockSkewSeconds,
      ciphersuites: ciphersuites.map(({ ciphersuite }) => ciphersuite),
      profile,
      tolerateUnlistedGreaseKeyPackageExtensions: deployment.toleratesUnlistedGrease,
      ...(x509 ? { x509 } : {}),
    },
    publisher: {
      identity: expectedIdentity(credentialIdentity, user, client),
      alternativeName: expectedAlternativeName(deployment, user, client),
      signatureKeys: new Map(signatureKeys.map(({ scheme, publicKey }) => [scheme, publicKey])),
    },
    now: now(),
  };
}

/**
 * Which packages the pool knows, whether to spend crypto on the others at all, and with which keys they must be signed.
 * Waits a while for the client's earlier uploads: a client that sends many at once is served in turn, and none of them
 * goes uncounted.
 */
async function leaveToCheck(
  { pool, pause, random }: PublishDeps,
  call: Omit<PreflightCall, keyof PoolCall>,
): Promise<Result<Extract<PreflightAnswer, { readonly outcome: "ready" }>>> {
  for (let pauseMs = CHECK_PAUSE_MS; ; pauseMs *= 2) {
    const answer = await pool.preflight(call);
    if (!answer.ok) return answer;
    if (answer.value.outcome === "ready") return ok(answer.value);
    // Pauses double, so what was waited before this one is as long as it is.
    if (pauseMs >= CHECK_WAIT_MS) return poolOverloaded();
    await pause(pauseMs * (0.5 + random()));
  }
}
