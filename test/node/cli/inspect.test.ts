/** What `kpd` says of MLSMessages that are not KeyPackages: those of a group of two, made by ts-mls. */
import {
  createApplicationMessage,
  createCommit,
  createGroup,
  createGroupInfoWithExternalPub,
  defaultCapabilities,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  type MLSMessage,
} from "ts-mls";
import { beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../../../src/mls/codec/byte-strings.ts";
import { newSigner, sampleKeyPackages } from "../../../tools/lib/sample-packages.ts";
import { kpd } from "./support/kpd.ts";

type Kind = "welcome" | "group_info" | "private_message" | "public_message" | "key_package";
let messages: Record<Kind, Uint8Array>;
let tag: string;

const GROUP = new TextEncoder().encode("a group");

beforeAll(async () => {
  const suite = await getCiphersuiteImpl(getCiphersuiteFromName("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"));
  const lifetime = { notBefore: 0n, notAfter: 2n ** 63n };
  const fresh = (name: string) =>
    generateKeyPackage(
      { credentialType: "basic", identity: new TextEncoder().encode(name) },
      defaultCapabilities(),
      lifetime,
      [],
      suite,
    );
  const alice = await fresh("alice");
  const bob = await fresh("bob");
  const group = await createGroup(GROUP, alice.publicPackage, alice.privatePackage, [], suite);
  const { commit, welcome, newState } = await createCommit(
    { state: group, cipherSuite: suite, pskIndex: emptyPskIndex },
    {
      wireAsPublicMessage: true,
      extraProposals: [{ proposalType: "add", add: { keyPackage: bob.publicPackage } }],
    },
  );
  const groupInfo = await createGroupInfoWithExternalPub(newState, [], suite);
  const { privateMessage } = await createApplicationMessage(newState, new TextEncoder().encode("hello"), suite);
  if (welcome === undefined) throw new Error("a commit that adds has a Welcome");
  const encode = (message: MLSMessage) => new Uint8Array(encodeMlsMessage(message));
  tag = toHex(newState.confirmationTag);
  messages = {
    welcome: encode({ version: "mls10", wireformat: "mls_welcome", welcome }),
    group_info: encode({ version: "mls10", wireformat: "mls_group_info", groupInfo }),
    private_message: encode({ version: "mls10", wireformat: "mls_private_message", privateMessage }),
    public_message: encode(commit),
    key_package: encode({ version: "mls10", wireformat: "mls_key_package", keyPackage: bob.publicPackage }),
  };
});

async function inspected(kind: Kind) {
  const { status, out } = await kpd(["inspect", "--json"], { stdin: messages[kind] });
  expect(status).toBe(0);
  return JSON.parse(out);
}

describe("kpd inspect", () => {
  it("says of a Welcome which package it was made for", async () => {
    const { fields } = await inspected("key_package");
    expect(Buffer.from(fields.key_package_ref_base64url, "base64url").toString("hex")).toBe(fields.key_package_ref);
    expect(await inspected("welcome")).toMatchObject({
      what: "MLSMessage(mls_welcome)",
      fields: { cipher_suite: 1, secrets: [{ new_member: fields.key_package_ref, kem_output: 32 }] },
    });
  });

  it("shows the group of a GroupInfo, and its extensions by name", async () => {
    expect(await inspected("group_info")).toMatchObject({
      what: "MLSMessage(mls_group_info)",
      fields: {
        group_context: { version: 1, cipher_suite: 1, group_id: toHex(GROUP), epoch: "1", extensions: [] },
        extensions: [{ extension_type: 4, extension_data: expect.any(Number) }],
        confirmation_tag: tag,
        signer: 0,
      },
    });
    const { out } = await kpd(["inspect"], { stdin: messages.group_info });
    expect(out).toContain("extension_type: 4 external_pub");
    expect(out).toContain("signed, not encrypted");
  });

  it("shows of messages what is not encrypted", async () => {
    expect(await inspected("private_message")).toMatchObject({
      what: "MLSMessage(mls_private_message)",
      fields: { group_id: toHex(GROUP), epoch: "1", content_type: 1, authenticated_data: "" },
    });
    expect(await inspected("public_message")).toMatchObject({
      what: "MLSMessage(mls_public_message)",
      fields: { group_id: toHex(GROUP), epoch: "0", sender: { sender_type: 1, sender_index: 0 }, content_type: 3 },
    });
  });

  it("takes several at once, in any form, and goes on after what it cannot read", async () => {
    const text = Object.values(messages).map((bytes) => Buffer.from(bytes).toString("base64"));
    const { status, out } = await kpd(["inspect", "--json"], { stdin: ["!", ...text].join("\n") });
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).what),
    ).toEqual([
      undefined,
      "MLSMessage(mls_welcome)",
      "MLSMessage(mls_group_info)",
      "MLSMessage(mls_private_message)",
      "MLSMessage(mls_public_message)",
      "MLSMessage(mls_key_package)",
    ]);
    expect(status).toBe(1);
  });

  it("never throws, wherever a message is cut, and takes no part of one for the whole", async () => {
    for (const [kind, bytes] of Object.entries(messages)) {
      const cuts = Array.from({ length: bytes.length }, (_, end) =>
        Buffer.from(bytes.subarray(0, end)).toString("hex"),
      );
      const { status, out } = await kpd(["inspect", "--json"], { stdin: cuts.join("\n") });
      expect(status).toBe(1);
      const answers: { ok: boolean }[] = out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      // The cut of no bytes is a blank line.
      expect(answers).toHaveLength(bytes.length - 1);
      // Of a PublicMessage, what follows the header is not read.
      if (kind !== "public_message") expect(answers.filter(({ ok }) => ok)).toEqual([]);
    }
  });

  it("shows control characters of others and does not obey them", async () => {
    const { out } = await kpd(["inspect"], { stdin: await packageOf("al\u001b[31mice\u202e") });
    expect(out).toContain('identity: "al\\u{1b}[31mice\\u{202e}"');
    expect(out).not.toContain("\u001b");
  });
});

describe("kpd validate", () => {
  it("says what another message is", async () => {
    const { status, out } = await kpd(["validate", "--json"], { stdin: messages.welcome });
    expect(JSON.parse(out)).toEqual({
      index: 0,
      ok: false,
      code: "malformed",
      detail: "expected a KeyPackage, got an MLSMessage of mls_welcome",
    });
    expect(status).toBe(1);
    const cut = await kpd(["validate", "--json"], { stdin: messages.welcome.subarray(0, -1) });
    expect(JSON.parse(cut.out)).toMatchObject({
      detail: "expected a KeyPackage, got a damaged MLSMessage of mls_welcome",
    });
  });
});

async function packageOf(identity: string): Promise<string> {
  const [text] = await sampleKeyPackages({ identity, signer: await newSigner(), count: 1 });
  return text ?? "";
}
