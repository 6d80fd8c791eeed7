/** Publishing as a use case: no request, no Hono context, and a pool that the test plays. */
import { expect, test, vi } from "vitest";
import { readDeployment } from "../../../src/config/deployment.ts";
import { CHECK_PAUSE_MS, CHECK_WAIT_MS } from "../../../src/config/limits.ts";
import type { KnownCode, PublishCode } from "../../../src/contract/publish-messages.ts";
import { ok } from "../../../src/http/refusals/refusal.ts";
import {
  type BatchToPublish,
  type PublishDeps,
  publishBatch,
} from "../../../src/http/resources/key-packages/publish-batch.ts";
import { batchVerifier } from "../../../src/mls/crypto/batch-verifier.ts";
import { makeKeyPackageRef } from "../../../src/mls/key-package/key-package-ref.ts";
import { forgeMany, newSigner } from "../support/forge-for-now.ts";

const NOW = 1_800_000_000;
const signer = newSigner();
const signatureKeys = [{ scheme: 0x0807, publicKey: signer.publicKey }];
const fresh = (count: number, identity = "alice"): Uint8Array[] =>
  forgeMany(count, { identity, signer, notBefore: BigInt(NOW - 3600), notAfter: BigInt(NOW + 86_400) });

const NO_BYTES = { fault: "expected base64url" };

/** A pool that stores everything, and what it was asked. */
function world(
  options: {
    busy?: number;
    known?: Readonly<Record<string, KnownCode>>;
    answer?: (count: number) => PublishCode[];
  } = {},
) {
  let busy = options.busy ?? 0;
  const published: Parameters<PublishDeps["pool"]["publish"]>[0][] = [];
  const pauses: number[] = [];
  const deps: PublishDeps = {
    pool: {
      preflight: async ({ packages }) => {
        if (busy-- > 0) return ok({ outcome: "busy" });
        const known = packages.map(({ ref }) => options.known?.[ref.toHex()]);
        return ok({ outcome: "ready", signatureKeys, known });
      },
      publish: async (call) => {
        published.push(call);
        const codes = options.answer?.(call.keyPackages.length) ?? call.keyPackages.map((): PublishCode => "stored");
        const applied = { outcome: "published", applied: true, codes, inventory: [], restoreEpoch: 0 } as const;
        return ok({ ...applied, at: NOW, registeredAt: NOW });
      },
    },
    deployment: readDeployment({}),
    crypto: batchVerifier,
    x509: undefined,
    now: () => NOW,
    pause: async (ms) => void pauses.push(ms),
    random: () => 0.5,
  };
  return { deps, published, pauses };
}

const add = (items: BatchToPublish["items"]): BatchToPublish => ({
  user: "alice",
  client: "phone",
  mode: "add",
  items,
  allowEmpty: true,
});

test("stores what is admitted and answers for each item in its place", async () => {
  const { deps, published } = world();
  const [first, second] = fresh(2) as [Uint8Array, Uint8Array];
  const [foreign] = fresh(1, "mallory") as [Uint8Array];
  const answer = await publishBatch(deps, add([first, NO_BYTES, foreign, second]));
  expect(answer.ok && answer.value.results.map(({ code }) => code)).toEqual([
    "stored",
    "malformed",
    "credential_identity_mismatch",
    "stored",
  ]);
  expect(published.map(({ keyPackages, refused, checked }) => [keyPackages.length, refused, checked])).toEqual([
    [2, 2, 3],
  ]);
});

test("checks nothing that the pool knows by its reference, and a replacement keeps what is in stock", async () => {
  const [live, claimed, news] = fresh(3) as [Uint8Array, Uint8Array, Uint8Array];
  const refOf = async (bytes: Uint8Array) => (await makeKeyPackageRef(batchVerifier, 1, bytes)).asSlice().toHex();
  const known = { [await refOf(live)]: "duplicate", [await refOf(claimed)]: "already_claimed" } as const;
  const verify = vi.spyOn(batchVerifier, "verifyMany");
  const codes = async (batch: BatchToPublish) => {
    const { deps, published } = world({ known });
    const answer = await publishBatch(deps, batch);
    return { codes: answer.ok && answer.value.results.map(({ code }) => code), published };
  };
  const added = await codes(add([live, claimed, news]));
  expect(added.codes).toEqual(["duplicate", "already_claimed", "stored"]);
  expect(added.published).toMatchObject([{ mode: "add", keyPackages: [{ bytes: news }], refused: 0, checked: 1 }]);
  expect(verify.mock.calls.map(([, items]) => items.length)).toEqual([2]);

  const kept = await codes({ ...add([live, news]), mode: "replace" });
  expect(kept.codes).toEqual(["duplicate", "stored"]);
  expect(kept.published[0]?.kept?.map((ref) => ref.toHex())).toEqual([await refOf(live)]);

  const refused = await codes({ ...add([claimed, news]), mode: "replace" });
  expect(refused.codes).toEqual(["already_claimed", "admitted"]);
  expect(refused.published).toMatchObject([{ mode: "add", keyPackages: [] }]);
});

test("a replacement with a refused package reaches the pool as nothing but a count of all that was looked at", async () => {
  const { deps, published } = world();
  const [good] = fresh(1) as [Uint8Array];
  const answer = await publishBatch(deps, { ...add([good, NO_BYTES]), mode: "replace" });
  expect(answer.ok && [answer.value.applied, answer.value.results.map(({ code }) => code)]).toEqual([
    false,
    ["admitted", "malformed"],
  ]);
  expect(published).toMatchObject([{ mode: "add", keyPackages: [], refused: 2, checked: 1 }]);
});

test("waits for the client's earlier uploads, and not for ever", async () => {
  const patient = world({ busy: 3 });
  expect((await publishBatch(patient.deps, add([]))).ok).toBe(true);
  expect(patient.pauses).toEqual([1, 2, 4].map((factor) => factor * CHECK_PAUSE_MS));
  const endless = world({ busy: Number.POSITIVE_INFINITY });
  expect(await publishBatch(endless.deps, add([]))).toMatchObject({ ok: false, error: { code: "pool_overloaded" } });
  expect(endless.pauses).toEqual([1, 2, 4, 8, 16].map((factor) => factor * CHECK_PAUSE_MS));
  expect(endless.pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(CHECK_WAIT_MS);
});

test("what is wrong with the batch as a whole asks nothing of the pool", async () => {
  const { deps, published } = world();
  const many = await publishBatch(deps, add(Array.from({ length: 101 }, () => NO_BYTES)));
  expect(many).toMatchObject({ ok: false, error: { code: "too_many_key_packages" } });
  const empty = await publishBatch(deps, { ...add([]), mode: "replace", allowEmpty: false });
  expect(empty).toMatchObject({ ok: false, error: { code: "empty_replacement" } });
  expect(published).toEqual([]);
});

test("a pool that answers with too few codes is a fault", async () => {
  const { deps } = world({ answer: () => [] });
  await expect(publishBatch(deps, add(fresh(1)))).rejects.toThrow(RangeError);
});
