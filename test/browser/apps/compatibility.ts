/** One implementation of MLS adds a client of another to a group, by way of the directory. */
import { initWasmModule } from "@wireapp/core-crypto/browser";
import { coreCryptoMaker, deletePrivateKeys } from "../../../docs/examples/sdk/core-crypto-maker.ts";
import { memoryStorage, type Scope, selfCheck } from "../../../src/client/index.ts";
import { makeKeyPackageRef, nobleCrypto } from "../../../src/mls/index.ts";
import { type ImplementationName, newCoreCrypto, newMember } from "../../support/implementations.ts";

/** Of the test: a page gets its tokens from its own backend. */
declare function tokenFor(user: string, client: string, scope: Scope): Promise<string>;

const loaded = initWasmModule("/core-crypto.wasm");

export const app = {
  /** What the owner has on offer, and what each hears of the other after the Welcome. */
  meet: async (url: string, ownerName: ImplementationName, adderName: ImplementationName) => {
    await loaded;
    const world = { url, token: tokenFor, newStorage: async () => memoryStorage() };
    const owner = await newMember(world, ownerName);
    const adder = await newMember(world, adderName);
    const { uploaded, refused } = await owner.replenisher.replenish();
    const { reachable, problems } = await selfCheck(owner.replenisher);
    const { welcome, talk } = await adder.invite(owner.user);
    const joined = await owner.join(welcome);
    return {
      stock: { uploaded, refused, reachable, problems },
      ownerHears: await joined.hear(await talk.say("welcome")),
      adderHears: await talk.hear(await joined.say("thank you")),
    };
  },

  /** How many packages core-crypto has private keys for: after two were made, one was used, and one has expired. */
  deleteExpired: async () => {
    await loaded;
    const { client, credential } = await newCoreCrypto(crypto.randomUUID());
    const maker = coreCryptoMaker(client, credential);
    await maker.signatureKeys();
    const now = Math.floor(Date.now() / 1000);
    const wanted = { ciphersuite: 1, lastResort: false, notBefore: now, notAfter: now + 86_400 };
    const { keyPackage } = await maker.make(wanted);
    await maker.make(wanted);
    const ref = (await makeKeyPackageRef(nobleCrypto, 1, keyPackage)).asSlice();
    const refs = [
      btoa(String.fromCharCode(...ref))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", ""),
    ];
    const count = () => client.transaction(async (context) => (await context.getKeyPackages()).length);
    const counts = [await count()];
    await deletePrivateKeys(client, { kind: "deleted", refs, reason: "used" });
    counts.push(await count());
    await deletePrivateKeys(client, { kind: "deleted", refs, reason: "expired" });
    return [...counts, await count()];
  },
};

Object.assign(globalThis, { app });
