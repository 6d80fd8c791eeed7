/** One implementation of MLS adds a client of another to a group, by way of the directory. */
import { initWasmModule } from "@wireapp/core-crypto/browser";
import { memoryStorage, type Scope, selfCheck } from "../../../src/client/index.ts";
import { type ImplementationName, newMember } from "../../support/implementations.ts";

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
};

Object.assign(globalThis, { app });
