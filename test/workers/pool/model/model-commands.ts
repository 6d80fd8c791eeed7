/** What can happen to a pool, as fast-check commands: each does it to the real one, tells the model, and compares. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { expect, vi } from "vitest";
import type { AdmittedKeyPackage } from "../../../../src/contract/admitted-key-package.ts";
import type { CapabilityRefused } from "../../../../src/contract/capability-messages.ts";
import type { ClaimAnswer, ClaimCriteria } from "../../../../src/contract/claim-messages.ts";
import { poolFor } from "../../../../src/pool/address.ts";
import { ED25519, keyPackage, signatureKeyOf } from "../../support/pool-calls.ts";
import type { ReferencePool } from "./reference-pool.ts";

/** The Durable Object of the model's user. A stub is made anew for each call. */
export type RealPool = { readonly user: string };
type Command = fc.AsyncCommand<ReferencePool, RealPool>;

const CLIENTS = ["phone", "tablet", "desk"] as const;
/** One of each client's own, and one more. */
const KEYS = [...CLIENTS.map(signatureKeyOf), new Uint8Array(32).fill(9)];
const CAPABILITIES = [
  { extensions: [], proposals: [], credentials: [1] },
  { extensions: [0xf001], proposals: [], credentials: [1] },
  { extensions: [0xf001], proposals: [0xf002], credentials: [1, 2] },
];
const REQUIRED = [
  { extensions: [], proposals: [], credentials: [] },
  { extensions: [1, 0xf001], proposals: [3], credentials: [] },
  { extensions: [], proposals: [0xf002], credentials: [2] },
];
/** Pairs and more, in both orders; of suites that are published, and of one that is not. */
const BUNDLES = [[[1], [2]], [[2], [1]], [[1, 3], [2]], [[3], [1]], [[2, 1]]];
const STEPS_SECONDS = [1, 1800, 7200, 24 * 3600, 31 * 24 * 3600, 90 * 24 * 3600];

const stub = (real: RealPool) => poolFor(env, real.user);
const base = (model: ReferencePool) => ({ user: model.user, restoreEpoch: model.epoch });

/** A command that may always run and prints as `text`. */
function command(text: string, run: (model: ReferencePool, real: RealPool) => Promise<void>): Command {
  return { check: () => true, run, toString: () => text };
}

type Offer = {
  readonly from: "fresh" | "again" | "same init key" | "same encryption key";
  readonly which: number;
  readonly ciphersuite: number;
  readonly lastResort: boolean;
  readonly capabilities: number;
  readonly lifetimeSeconds: number;
  readonly otherKey: boolean;
};

const offer: fc.Arbitrary<Offer> = fc.record({
  from: fc.oneof(
    { weight: 8, arbitrary: fc.constant("fresh" as const) },
    { weight: 3, arbitrary: fc.constant("again" as const) },
    { weight: 1, arbitrary: fc.constantFrom("same init key" as const, "same encryption key" as const) },
  ),
  which: fc.nat({ max: 30 }),
  ciphersuite: fc.constantFrom(1, 1, 2),
  lastResort: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  capabilities: fc.constantFrom(0, 0, 1, 2),
  lifetimeSeconds: fc.constantFrom(7200, 2 * 24 * 3600, 80 * 24 * 3600),
  otherKey: fc.oneof({ weight: 12, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const describeOffer = (one: Offer): string =>
  [
    one.from === "fresh" ? "fresh" : `${one.from} #${one.which}`,
    `suite ${one.ciphersuite}`,
    ...(one.lastResort ? ["last resort"] : []),
    `capabilities ${one.capabilities}`,
    `${one.lifetimeSeconds / 3600} h`,
    ...(one.otherKey ? ["other key"] : []),
  ].join(" ");

/** The package of an offer; undefined for one that has expired, which admission keeps out. */
function materialize(model: ReferencePool, client: string, one: Offer): AdmittedKeyPackage | undefined {
  const earlier = model.offered[one.which % Math.max(1, model.offered.length)];
  const registered = model.client(client)?.signatureKey ?? (KEYS[0] as Uint8Array);
  const other = KEYS.find((key) => key !== registered) ?? registered;
  // As if the client had signed it: what is unique for the user does not depend on who signed.
  if (one.from === "again" && earlier) {
    return earlier.notAfter > model.now ? { ...earlier, signatureKey: one.otherKey ? other : registered } : undefined;
  }
  const made = keyPackage({
    ciphersuite: one.ciphersuite,
    lastResort: one.lastResort,
    capabilities: CAPABILITIES[one.capabilities] ?? { extensions: [], proposals: [], credentials: [] },
    notAfter: model.now + one.lifetimeSeconds,
    signatureKey: one.otherKey ? other : registered,
    ...(one.from === "same init key" && earlier ? { initKey: earlier.initKey } : {}),
    ...(one.from === "same encryption key" && earlier ? { encryptionKey: earlier.encryptionKey } : {}),
  });
  model.offered.push(made);
  return made;
}

const client = fc.constantFrom(...CLIENTS, "phone" as const);

const publishing = fc
  .tuple(client, fc.constantFrom("add" as const, "add" as const, "replace" as const), fc.array(offer, { maxLength: 5 }))
  .map(([name, mode, offers]) =>
    command(`${mode}(${name}: ${offers.map(describeOffer).join(", ")})`, async (model, real) => {
      const keyPackages = offers.flatMap((one) => materialize(model, name, one) ?? []);
      await publish(model, real, name, mode, keyPackages);
    }),
  );

/** Enough at once to meet the cap of the stock. */
const bulk = fc.tuple(client, fc.integer({ min: 80, max: 120 })).map(([name, count]) =>
  command(`add(${name}: ${count} fresh)`, async (model, real) => {
    const one: Offer = {
      from: "fresh",
      which: 0,
      ciphersuite: 1,
      lastResort: false,
      capabilities: 0,
      lifetimeSeconds: 7200,
      otherKey: false,
    };
    const keyPackages = Array.from({ length: count }, () => materialize(model, name, one) ?? []).flat();
    await publish(model, real, name, "add", keyPackages);
  }),
);

async function publish(
  model: ReferencePool,
  real: RealPool,
  name: string,
  mode: "add" | "replace",
  keyPackages: readonly AdmittedKeyPackage[],
): Promise<void> {
  const answer = await stub(real).publish({ ...base(model), client: name, mode, keyPackages, refused: 0 });
  const expected = model.publish(name, mode, keyPackages);
  const registered = model.client(name);
  expect(answer).toEqual(
    expected && registered
      ? {
          outcome: "published",
          ...expected,
          inventory: model.inventory(registered),
          at: model.now,
          registeredAt: registered.registeredAt,
        }
      : { outcome: "client_not_registered" },
  );
}

/** With the client's own key, or now and then with any of them. */
const keyNumber = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.nat({ max: 3 }) },
);

/** Seconds since the caller's token was issued; an issuer's clock may be ahead. */
const tokenAge = fc.constantFrom(-1, -1, -1, 0, 3600, undefined);

const registering = fc.tuple(client, keyNumber, tokenAge).map(([name, key, age]) =>
  command(
    `register(${name}, ${key === undefined ? "own key" : `key ${key}`}, token of ${age} s)`,
    async (model, real) => {
      const issuedAt = age === undefined ? undefined : model.now - age;
      const publicKey = (key === undefined ? undefined : KEYS[key]) ?? signatureKeyOf(name);
      const signatureKeys = [{ scheme: ED25519, publicKey }];
      const token = { client: name, issuedAt };
      const answer = await stub(real).register({ ...base(model), client: name, signatureKeys, token });
      const outcome = model.register(name, publicKey, issuedAt);
      if (outcome === "token_predates_revocation") {
        expect(answer).toEqual({ outcome, endedAt: model.tokensEndedAt(name) });
        return;
      }
      expect(answer).toEqual(
        outcome === "signature_key_conflict" || outcome === "signature_key_in_use"
          ? { outcome, scheme: ED25519 }
          : {
              outcome,
              registration: { client: name, registeredAt: model.client(name)?.registeredAt, signatureKeys },
              at: model.now,
            },
      );
    },
  ),
);

const removing = fc
  .tuple(client, fc.oneof(fc.constant("all" as const), fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 4 })))
  .map(([name, which]) =>
    command(
      `remove(${name}: ${which === "all" ? "all" : which.map((n) => `#${n}`).join(" ")})`,
      async (model, real) => {
        const refs =
          which === "all"
            ? which
            : [...new Set(which)].flatMap((index) => {
                const known = model.offered[index];
                return known ? [known.ref] : [];
              });
        const answer = await stub(real).remove({
          ...base(model),
          client: name,
          which: refs === "all" ? { kind: "all" } : { kind: "refs", refs },
        });
        const removed = model.remove(name, refs);
        const registered = model.client(name);
        expect(answer).toEqual(
          registered
            ? { outcome: "removed", removed, inventory: model.inventory(registered) }
            : { outcome: "client_not_registered" },
        );
      },
    ),
  );

/** What the pool says of a client that ended; `before` is its record as it was. */
const revoked = (
  before: { readonly registeredAt: number; readonly revokedAt: number } | undefined,
  purged: number | undefined,
) =>
  purged === undefined || before === undefined
    ? { outcome: "client_not_registered" }
    : { outcome: "revoked", purged, at: before.revokedAt, registeredAt: before.registeredAt };

const revoking = client.map((name) =>
  command(`revoke(${name})`, async (model, real) => {
    const answer = await stub(real).revoke({ ...base(model), client: name });
    const before = model.clients.find((one) => one.name === name);
    expect(answer).toEqual(revoked(before, model.revoke(name)));
  }),
);

const ending = client.map((name) =>
  command(`end(${name})`, async (model, real) => {
    const answer = await stub(real).endClient({ ...base(model), client: name });
    const before = model.clients.find((one) => one.name === name);
    expect(answer).toEqual(revoked(before, model.end(name)));
  }),
);

const endingAll = fc.constant(
  command("end all", async (model, real) => {
    expect(await stub(real).revokeUser(base(model))).toEqual({ outcome: "revoked", ...model.endAll() });
  }),
);

const suites: fc.Arbitrary<Pick<ClaimCriteria, "ciphersuites" | "bundle">> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.shuffledSubarray([1, 2, 3], { minLength: 1 }).map((ciphersuites) => ({ ciphersuites })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...BUNDLES).map((bundle) => ({ ciphersuites: [], bundle })) },
);

const bounds: fc.Arbitrary<Omit<ClaimCriteria, "ciphersuites" | "bundle">> = fc.record(
  {
    requiredCapabilities: fc.constantFrom(...REQUIRED.slice(0, 1), ...REQUIRED),
    excludeClients: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray([...CLIENTS]) },
    ),
    minRemainingLifetimeSeconds: fc.constantFrom(0, 3600, 24 * 3600),
    allowLastResort: fc.constantFrom(true, true, false),
  },
  { noNullPrototype: true },
);

const criteria = fc.tuple(suites, bounds).map(([which, rest]): ClaimCriteria => ({ ...which, ...rest }));

const claimer = fc.constantFrom("bob/laptop", "carol/phone", "own phone");
const idempotencyKey = fc.constantFrom(undefined, "k1", "k2");

const describeCriteria = (of: ClaimCriteria): string =>
  [
    of.bundle ? `bundle ${of.bundle.map((group) => group.join(">")).join("+")}` : `suites ${of.ciphersuites.join(">")}`,
    `required ${REQUIRED.findIndex((one) => JSON.stringify(one) === JSON.stringify(of.requiredCapabilities))}`,
    ...(of.excludeClients.length > 0 ? [`without ${of.excludeClients.join("+")}`] : []),
    `${of.minRemainingLifetimeSeconds / 3600} h left`,
    ...(of.allowLastResort ? [] : ["no last resort"]),
  ].join(", ");

/** One to four claims at once; with a key all but the first are replays. */
const claiming = fc
  .tuple(criteria, claimer, idempotencyKey, fc.constantFrom(1, 1, 1, 4), fc.boolean())
  .map(([wanted, who, key, times, knowsEpoch]) =>
    command(
      `claim(${who}${key ? ` key ${key}` : ""}${times > 1 ? ` ×${times}` : ""}${knowsEpoch ? "" : " stale epoch"}: ${describeCriteria(wanted)})`,
      async (model, real) => {
        const [user = "", name = ""] = who === "own phone" ? [model.user, "phone"] : who.split("/");
        const body = describeCriteria(wanted);
        const restoreEpoch = knowsEpoch ? model.epoch : 0;
        const idempotency = key && { key, bodyHash: sha256(utf8ToBytes(body)) };
        const call = {
          user: model.user,
          restoreEpoch,
          claimer: { user, client: name },
          criteria: wanted,
          idempotency: idempotency || undefined,
        };
        const answers = await Promise.all(Array.from({ length: times }, () => stub(real).claim(call)));
        const expected = Array.from({ length: times }, () =>
          model.claim({
            claimer: call.claimer,
            criteria: wanted,
            idempotency: key ? { key, body } : undefined,
            epoch: restoreEpoch,
          }),
        );
        expect(inSomeOrder(answers)).toEqual(inSomeOrder(expected));
      },
    ),
  );

const CAPABILITIES_NAMED = ["front", "back"] as const;
const SECRETS = ["a", "b", "c"] as const;
const hashOf = (secret: string): Uint8Array => sha256(utf8ToBytes(secret));

const capabilityName = fc.constantFrom(...CAPABILITIES_NAMED);
const secret = fc.constantFrom(...SECRETS);

const creatingCapability = fc
  .tuple(client, capabilityName, secret, fc.constantFrom(undefined, 1, 3), fc.constantFrom(undefined, 1, 7200))
  .map(([by, name, of, maxClaims, seconds]) =>
    command(
      `capability(${by}: ${name} by ${of}, ${maxClaims ?? "any number of"} claims, ${seconds ?? "any number of"} s)`,
      async (model, real) => {
        const expiresAt = seconds === undefined ? undefined : model.now + seconds;
        const wanted = { client: by, name, secretHash: hashOf(of), expiresAt, maxClaims };
        const answer = await stub(real).createCapability({ ...base(model), ...wanted });
        const expected = model.createCapability(wanted);
        if (expected === undefined) expect(answer).toEqual({ outcome: "client_not_registered" });
        else expect(answer).toMatchObject(expected === "exists" ? { outcome: "capability_exists" } : expected);
      },
    ),
  );

const revokingCapability = fc.tuple(client, capabilityName).map(([by, name]) =>
  command(`revoke capability(${by}: ${name})`, async (model, real) => {
    const answer = await stub(real).revokeCapability({ ...base(model), client: by, name });
    const existed = model.revokeCapability(by, name);
    expect(answer).toEqual(
      existed === undefined ? { outcome: "client_not_registered" } : { outcome: "revoked", existed },
    );
  }),
);

/** Two at once meet the bound of a capability together. */
const claimingByCapability = fc
  .tuple(criteria, secret, idempotencyKey, fc.constantFrom(1, 1, 2))
  .map(([wanted, of, key, times]) =>
    command(
      `claim(secret ${of}${key ? ` key ${key}` : ""}${times > 1 ? ` ×${times}` : ""}: ${describeCriteria(wanted)})`,
      async (model, real) => {
        const body = describeCriteria(wanted);
        const call = {
          ...base(model),
          secretHash: hashOf(of),
          criteria: wanted,
          idempotency: key && { key, bodyHash: sha256(utf8ToBytes(body)) },
        };
        const answers = await Promise.all(
          Array.from({ length: times }, () =>
            stub(real).claimWithCapability({ ...call, idempotency: call.idempotency || undefined }),
          ),
        );
        const expected = Array.from({ length: times }, () =>
          model.claimWithCapability(hashOf(of), {
            criteria: wanted,
            idempotency: key ? { key, body } : undefined,
            epoch: model.epoch,
          }),
        );
        expect(inSomeOrder(answers)).toEqual(inSomeOrder(expected));
      },
    ),
  );

/** Members in one order. Of claims at once it is not said which gets which number. */
function comparable(answer: ClaimAnswer | CapabilityRefused, isAlone: boolean): object {
  if (answer.outcome !== "answered") return answer;
  const { outcome, status, clients, replayed, at, claimId } = answer;
  return { outcome, status, clients, replayed, at, ...(isAlone ? { claimId } : {}) };
}

/** Claims at once take effect one after the other, in an order that nobody promised. */
const inSomeOrder = (answers: readonly (ClaimAnswer | CapabilityRefused)[]): readonly object[] =>
  answers
    .map((one) => comparable(one, answers.length === 1))
    .map((answer) => ({ text: JSON.stringify(answer), answer }))
    .sort((a, b) => (a.text < b.text ? -1 : 1));

const waiting = fc.constantFrom(...STEPS_SECONDS).map((seconds) =>
  command(`wait(${seconds} s)`, async (model) => {
    model.nowMs += seconds * 1000;
    vi.setSystemTime(model.nowMs);
  }),
);

export const ring = command("alarm()", async (model, real) => {
  await runInDurableObject(stub(real), (instance) => instance.alarm());
  model.alarm();
});

/** A clock that is ahead for three seconds, in which the alarm rings again and again, and that is right after them. */
const jumping = fc
  .tuple(fc.constantFrom(3, 20 * 24 * 3600, 2 * 365 * 24 * 3600), fc.integer({ min: 1, max: 4 }))
  .map(([seconds, alarms]) =>
    command(`jump(${seconds} s ahead, ${alarms} alarms, back)`, async (model, real) => {
      const wasMs = model.nowMs;
      model.nowMs += seconds * 1000;
      for (let rung = 0; rung < alarms; rung++) {
        vi.setSystemTime(model.nowMs);
        await ring.run(model, real);
        model.nowMs += 1000;
      }
      model.nowMs = wasMs + 3000;
      vi.setSystemTime(model.nowMs);
    }),
  );

const evicting = fc.constant(
  command("evict()", async (model, real) => {
    // Only an object that runs can be evicted; being called it notices a clock that was ahead.
    await stub(real).view({ user: real.user, restoreEpoch: 0 });
    model.noticeClock();
    await evictDurableObject(stub(real));
  }),
);

const restoring = fc.constant(
  command("restore epoch = now", async (model) => {
    model.epoch = Math.max(model.epoch, model.now);
  }),
);

/** Everything that can be asked for without changing anything. */
export const look = command("look()", async (model, real) => {
  const view = await stub(real).view(base(model));
  if (view.outcome !== "found") {
    expect([view.outcome, model.clients]).toEqual(["unknown_user", []]);
    return;
  }
  model.remove("nobody", []);
  expect(view.clients.map((one) => [one.registration.client, one.revokedAt !== undefined, one.inventory])).toEqual(
    model.clients.map((one) => [one.name, one.revoked, model.inventory(one)]),
  );
  expect(view.capabilities).toEqual(model.capabilities);
  const offered = model.offered.map(({ ref }) => ref);
  const located = await stub(real).locate({ ...base(model), refs: offered });
  expect(located).toEqual({ outcome: "located", packages: model.locate(offered) });
  for (const one of model.clients.filter(({ revoked }) => !revoked)) {
    const listed = await stub(real).listCapabilities({ ...base(model), client: one.name });
    expect(listed).toEqual({ outcome: "listed", capabilities: model.capabilitiesFor(one.name) });
    const refs = model.liveRefs(one);
    const digest = sha256(Uint8Array.fromHex(refs.join("")));
    const call = { ...base(model), client: one.name };
    const reconciled = await stub(real).reconcile({ ...call, digest, held: undefined, prune: false });
    expect(reconciled).toMatchObject({ outcome: "same", pruned: 0 });
    expect("serverRefs" in reconciled && reconciled.serverRefs.map((ref) => ref.toHex())).toEqual(refs);
    const journal = await stub(real).journal({ ...call, after: undefined, limit: 500 });
    expect("entries" in journal && journal.entries.map(({ sequence: _, ...entry }) => entry)).toEqual(
      model.journal(one),
    );
  }
});

const weighted = (weight: number, arbitrary: fc.Arbitrary<Command>) =>
  Array<fc.Arbitrary<Command>>(weight).fill(arbitrary);

/** Histories of up to `maxCommands` steps; what happens often in life happens often here. */
export const histories = (maxCommands: number) =>
  fc.commands(
    [
      ...weighted(3, registering),
      ...weighted(6, publishing),
      bulk,
      ...weighted(8, claiming),
      ...weighted(2, creatingCapability),
      revokingCapability,
      ...weighted(3, claimingByCapability),
      ...weighted(2, removing),
      revoking,
      ending,
      endingAll,
      ...weighted(3, waiting),
      ...weighted(2, fc.constant(ring)),
      jumping,
      evicting,
      restoring,
      fc.constant(look),
    ],
    { maxCommands, size: "max" },
  );
