import * as limits from "../../config/limits.ts";
import { signatureSchemeName } from "../../mls/ciphersuite.ts";
import { toHex } from "../../mls/codec/byte-strings.ts";
import { CredentialType } from "../../mls/codec/code-points.ts";
import type { Credential } from "../../mls/credentials/credential.ts";
import { KeyPackageIn } from "../../mls/key-package/key-package-in.ts";
import { makeKeyPackageRef } from "../../mls/key-package/key-package-ref.ts";
import { isMlsMessage } from "../../mls/key-package/mls-message.ts";
import type { Extension } from "../../mls/leaf-node/extensions.ts";
import type { LeafNode, LeafNodeSource } from "../../mls/leaf-node/leaf-node.ts";
import { postQuantumCrypto } from "../../mls/post-quantum/index.ts";
import { algorithmNames } from "../../mls/profile-table.ts";
import type { SuiteProfile } from "../../mls/suite-profile.ts";
import { type Command, type CommandIo, EXIT_OK, EXIT_REFUSED, JSON_OPTION, UsageError } from "../command.ts";
import { readItems } from "../input.ts";
import { judgeAsDirectory } from "../judge.ts";
import { viewMlsMessage } from "../mls-message-view.ts";
import { codePoint, credentialType, extensionType, list, suite, time, version } from "../names.ts";
import { PROFILE_OPTION, profileOf } from "../profile.ts";
import { paint, printable } from "../terminal.ts";
import { leaf, opaque, toJson, toLines, type View } from "../view.ts";

export const inspect: Command = {
  name: "inspect",
  summary: "Show every field of KeyPackages, and what is public of other MLSMessages",
  operands: "[FILE…|-]",
  options: {
    at: { value: "UNIX", help: "the time to judge at, in unix seconds; now if left out" },
    ...PROFILE_OPTION,
    ...JSON_OPTION,
  },
  examples: ["inspect package.bin", "inspect --json welcome.pem", "inspect - < packages.txt"],

  async run(given, io) {
    const context = { now: given.whole("at") ?? io.now(), profile: profileOf(given, io) };
    let index = 0;
    let refused = false;
    for await (const item of readItems(given.operands, io)) {
      const shown = item.ok
        ? await show(item.bytes, context)
        : { ok: false as const, code: "malformed", detail: item.problem };
      refused ||= !shown.ok;
      if (given.flag("json")) io.out(`${JSON.stringify(toAnswer(index, shown))}\n`);
      else print(index, item.where, shown, io);
      index += 1;
    }
    if (index === 0) throw new UsageError("there is nothing to inspect");
    return refused ? EXIT_REFUSED : EXIT_OK;
  },
};

type Shown =
  | { readonly ok: true; readonly what: string; readonly note?: string; readonly bytes: number; readonly fields: View }
  | { readonly ok: false; readonly code: string; readonly detail: string };

type Context = { readonly now: number; readonly profile: SuiteProfile };

async function show(bytes: Uint8Array, context: Context): Promise<Shown> {
  const decoded = KeyPackageIn.fromBytes(bytes, context.profile);
  if (decoded.ok) {
    const what = isMlsMessage(bytes) ? "MLSMessage(mls_key_package)" : "KeyPackage";
    return { ok: true, what, bytes: bytes.length, fields: await viewKeyPackage(decoded.value, bytes, context) };
  }
  const message = viewMlsMessage(bytes, context.profile);
  if (message?.ok) {
    const { name, note, fields } = message.value;
    return { ok: true, what: `MLSMessage(${name})`, note, bytes: bytes.length, fields };
  }
  const where = decoded.error.code === "UnknownCiphersuite" ? "" : `, at byte ${decoded.error.offset}`;
  const other = message === undefined ? "" : `; ${message.error}`;
  return { ok: false, code: decoded.error.code, detail: `${decoded.error.message}${where}${other}` };
}

function toAnswer(index: number, shown: Shown): unknown {
  return shown.ok ? { index, ...shown, fields: toJson(shown.fields) } : { index, ...shown };
}

function print(index: number, where: string, shown: Shown, io: CommandIo): void {
  if (!shown.ok) {
    io.err(`${where}: ${shown.code}: ${printable(shown.detail)}\n`);
    return;
  }
  const title = paint(io, "strong", `${shown.what}, ${shown.bytes} bytes`);
  const note = shown.note === undefined ? "" : paint(io, "note", ` (${shown.note})`);
  io.out(`${index > 0 ? "\n" : ""}${title}${note}\n`);
  for (const line of toLines(shown.fields)) io.out(`${line}\n`);
}

async function viewKeyPackage(received: KeyPackageIn, input: Uint8Array, { now, profile }: Context): Promise<View> {
  const { protocolVersion, ciphersuite, initKey, leafNode, extensions } = received.unverified();
  const info = received.suite();
  const ref = await makeKeyPackageRef(postQuantumCrypto, info, received.tlsSerialize());
  const [verdict] = await judgeAsDirectory([input], now, profile, limits.MAX_TOTAL_LIFETIME_SECONDS);
  if (verdict === undefined) throw new Error("a package has no verdict");
  const hex = toHex(ref.asSlice());
  return {
    version: version(protocolVersion),
    cipher_suite: suite(ciphersuite, profile),
    algorithms: leaf(
      Object.values(algorithmNames(info)).join(", "),
      `${Object.values(algorithmNames(info)).join(", ")} (profile ${profile.name})`,
    ),
    init_key: opaque(initKey.asSlice()),
    leaf_node: viewLeafNode(leafNode, signatureSchemeName(info.signatureScheme), profile),
    extensions: viewExtensions([...extensions]),
    signature: opaque(received.signatureItems().keyPackage.signature),
    key_package_ref: leaf(hex, `${hex} (${info.hash})`),
    // As the directory writes it.
    key_package_ref_base64url: leaf(Buffer.from(ref.asSlice()).toString("base64url")),
    last_resort: leaf(extensions.lastResort(), extensions.lastResort() ? "yes" : "no"),
    directory: verdict.ok
      ? { verdict: leaf("ok", `accepts it at ${time(BigInt(now)).text}`), ...warnings(verdict.warnings) }
      : { verdict: leaf(verdict.code), detail: leaf(verdict.detail, printable(verdict.detail)) },
  };
}

const warnings = (texts: readonly string[]): View => (texts.length === 0 ? {} : { warnings: leaf(texts.join(", ")) });

function viewLeafNode(leafNode: LeafNode, scheme: string, profile: SuiteProfile): View {
  const capabilities = leafNode.capabilities();
  const signatureKey = opaque(leafNode.signatureKey().asSlice());
  return {
    encryption_key: opaque(leafNode.encryptionKey().asSlice()),
    signature_key: leaf(signatureKey.json, `${signatureKey.text} ${scheme}`),
    credential: viewCredential(leafNode.credential()),
    capabilities: {
      versions: list(capabilities.versions(), version),
      cipher_suites: list(capabilities.ciphersuites(), (value) => suite(value, profile)),
      extensions: list(capabilities.extensions(), extensionType),
      proposals: list(capabilities.proposals(), codePoint),
      credentials: list(capabilities.credentials(), credentialType),
    },
    ...viewSource(leafNode.leafNodeSource()),
    extensions: viewExtensions([...leafNode.extensions()]),
    signature: opaque(leafNode.signature()),
  };
}

function viewCredential(credential: Credential): View {
  const type = credential.credentialType();
  const content = credential.serializedContent();
  if (type !== CredentialType.Basic) return { credential_type: credentialType(type), content: opaque(content) };
  const text = new TextDecoder().decode(content);
  return {
    credential_type: credentialType(type),
    identity: leaf(toHex(content), `"${printable(text)}" ${opaque(content).text}`),
  };
}

function viewSource(source: LeafNodeSource): View {
  switch (source.kind) {
    case "key_package":
      return {
        leaf_node_source: leaf(1, "1 key_package"),
        lifetime: { not_before: time(source.lifetime.notBefore), not_after: time(source.lifetime.notAfter) },
      };
    case "update":
      return { leaf_node_source: leaf(2, "2 update") };
    case "commit":
      return { leaf_node_source: leaf(3, "3 commit"), parent_hash: opaque(source.parentHash) };
  }
}

const viewExtensions = (extensions: readonly Extension[]): View[] =>
  extensions.map((extension) => ({
    extension_type: extensionType(extension.extensionType),
    extension_data: opaque(extension.data),
  }));
