/** A whole group with another implementation of MLS: it adds our member, and our private keys open its Welcome. */
import {
  type CiphersuiteName,
  type Credential,
  createCommit,
  createGroup,
  decodeMlsMessage,
  defaultCapabilities,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  mlsExporter,
} from "ts-mls";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { PROFILES, RFC_9420, validateKeyPackage } from "../../../src/mls/index.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { CLIENT_NOW as NOW, newClient } from "../support/client.ts";

/** The suites of RFC 9420, and those that ts-mls 1 has under numbers of its own. */
const PROFILE = PROFILES.find(({ name }) => name === "ts-mls-1") ?? RFC_9420;
const SUITES = PROFILE.suites.map((suite) => [suite.name as CiphersuiteName, suite] as const);
const bob: Credential = { credentialType: "basic", identity: new TextEncoder().encode("bob") };
const lifetime = { notBefore: BigInt(NOW - 60), notAfter: BigInt(NOW + 86_400) };

// ts-mls looks at the clock itself.
beforeAll(() => void vi.setSystemTime(NOW * 1000));
afterAll(() => void vi.useRealTimers());

it("there are nineteen", () => expect(SUITES).toHaveLength(19));

describe.each(SUITES)("%s", (name, info) => {
  it("is accepted by ts-mls, and our bundle joins the group by its Welcome", async () => {
    const suite = await getCiphersuiteImpl(getCiphersuiteFromName(name));
    const ours = await newClient(info, NOW, postQuantumCrypto);
    const bundle = await ours.bundle();
    const message = decodeMlsMessage(bundle.keyPackage().toMlsMessage(), 0)?.[0];
    if (message?.wireformat !== "mls_key_package") throw new Error("ts-mls did not decode our KeyPackage");

    const theirs = await generateKeyPackage(bob, defaultCapabilities(), lifetime, [], suite);
    const group = await createGroup(Uint8Array.of(1), theirs.publicPackage, theirs.privatePackage, [], suite);
    const proposal = { proposalType: "add" as const, add: { keyPackage: message.keyPackage } };
    const { newState, welcome } = await createCommit(
      { state: group, cipherSuite: suite },
      { extraProposals: [proposal], ratchetTreeExtension: true },
    );
    if (welcome === undefined) throw new Error("ts-mls made no Welcome");

    const privateKeys = {
      initPrivateKey: bundle.initPrivateKey().asSlice(),
      hpkePrivateKey: bundle.encryptionPrivateKey().asSlice(),
      signaturePrivateKey: ours.signer.privateKey(),
    };
    const joined = await joinGroup(welcome, message.keyPackage, privateKeys, emptyPskIndex, suite);
    const secret = (state: typeof joined) =>
      mlsExporter(state.keySchedule.exporterSecret, "test", new Uint8Array(0), 32, suite);
    expect(await secret(joined)).toEqual(await secret(newState));
  });

  it("of ts-mls validates here", async () => {
    const suite = await getCiphersuiteImpl(getCiphersuiteFromName(name));
    const { publicPackage } = await generateKeyPackage(bob, defaultCapabilities(), lifetime, [], suite);
    const message = { version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage } as const;
    const options = { now: NOW, crypto: postQuantumCrypto, profile: PROFILE };
    const validated = await validateKeyPackage(encodeMlsMessage(message), options);
    expect(validated.ok && validated.value.suite()).toEqual(info);
  });
});
