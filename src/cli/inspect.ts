import { parseArgs } from "node:util";
import * as limits from "../config/limits.ts";
import { ciphersuiteInfo, isCiphersuite, signatureSchemeName } from "../mls/ciphersuite.ts";
import { toHex } from "../mls/codec/byte-strings.ts";
import { CredentialType, ExtensionType, isGrease } from "../mls/codec/code-points.ts";
import type { Credential } from "../mls/credentials/credential.ts";
import { nobleCrypto } from "../mls/crypto/noble.ts";
import { KeyPackageIn } from "../mls/key-package/key-package-in.ts";
import { makeKeyPackageRef } from "../mls/key-package/key-package-ref.ts";
import { isMlsMessage } from "../mls/key-package/mls-message.ts";
import type { Extension } from "../mls/leaf-node/extensions.ts";
import type { LeafNode, LeafNodeSource } from "../mls/leaf-node/leaf-node.ts";
import { type Command, EXIT_OK, EXIT_REFUSED, parseSeconds, UsageError } from "./command.ts";
import { parseLine, readLines } from "./key-package-input.ts";
import { judgeAsDirectory } from "./validate.ts";

export const inspect: Command = {
  usage: "inspect [--at UNIX] [FILE|-]",

  async run(args, io) {
    const { at, files } = parse(args);
    let line: string | undefined;
    for await (const next of readLines(files, io)) {
      if (next.trim() === "") continue;
      if (line !== undefined) throw new UsageError("inspect takes one package");
      line = next;
    }
    const bytes = line === undefined ? undefined : parseLine(line);
    if (bytes === undefined) {
      io.err("malformed: the input is neither hex nor base64url\n");
      return EXIT_REFUSED;
    }
    const decoded = KeyPackageIn.fromBytes(bytes);
    if (!decoded.ok) {
      const where = decoded.error.code === "UnknownCiphersuite" ? "" : `, at byte ${decoded.error.offset}`;
      io.err(`${decoded.error.code}: ${decoded.error.message}${where}\n`);
      return EXIT_REFUSED;
    }
    const now = at ?? io.now();
    for (const text of await describe(decoded.value, bytes, now)) io.out(`${text}\n`);
    return EXIT_OK;
  },
};

function parse(args: readonly string[]): { at: number | undefined; files: string[] } {
  let parsed: { values: { at?: string }; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], allowPositionals: true, options: { at: { type: "string" } } });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
  if (parsed.positionals.length > 1) throw new UsageError("inspect takes one file");
  const { at } = parsed.values;
  return { at: at === undefined ? undefined : parseSeconds("--at", at), files: parsed.positionals };
}

async function describe(received: KeyPackageIn, input: Uint8Array, now: number): Promise<string[]> {
  const { protocolVersion, ciphersuite, initKey, leafNode, extensions } = received.unverified();
  const bytes = received.tlsSerialize();
  const ref = await makeKeyPackageRef(nobleCrypto, ciphersuite, bytes);
  const info = ciphersuiteInfo(ciphersuite);
  const [verdict] = await judgeAsDirectory([input], now, limits.MAX_TOTAL_LIFETIME_SECONDS);
  return [
    `${isMlsMessage(input) ? "MLSMessage(mls_key_package)" : "KeyPackage"}, ${input.length} bytes`,
    `version: ${version(protocolVersion)}`,
    `cipher_suite: ${suite(ciphersuite)}`,
    `init_key: ${opaque(initKey.asSlice())}`,
    "leaf_node:",
    ...indent(describeLeafNode(leafNode, signatureSchemeName(info.signatureScheme))),
    ...describeExtensions([...extensions]),
    `signature: ${opaque(received.signatureItems().keyPackage.signature)}`,
    "",
    `KeyPackageRef: ${toHex(ref.asSlice())} (${info.hash})`,
    `last resort: ${extensions.lastResort() ? "yes" : "no"}`,
    `the directory at ${time(BigInt(now))}: ${verdict === undefined || verdict.ok ? "accepts" : `${verdict.code}: ${verdict.detail}`}`,
    ...(verdict?.ok ? verdict.warnings.map((warning) => `warning: ${warning}`) : []),
  ];
}

function describeLeafNode(leafNode: LeafNode, scheme: string): string[] {
  const capabilities = leafNode.capabilities();
  return [
    `encryption_key: ${opaque(leafNode.encryptionKey().asSlice())}`,
    `signature_key: ${opaque(leafNode.signatureKey().asSlice())} ${scheme}`,
    ...describeCredential(leafNode.credential()),
    "capabilities:",
    ...indent([
      `versions: ${list(capabilities.versions(), version)}`,
      `cipher_suites: ${list(capabilities.ciphersuites(), suite)}`,
      `extensions: ${list(capabilities.extensions(), extensionName)}`,
      `proposals: ${list(capabilities.proposals(), codePoint)}`,
      `credentials: ${list(capabilities.credentials(), credentialName)}`,
    ]),
    ...describeSource(leafNode.leafNodeSource()),
    ...describeExtensions([...leafNode.extensions()]),
    `signature: ${opaque(leafNode.signature())}`,
  ];
}

function describeCredential(credential: Credential): string[] {
  const type = credential.credentialType();
  const content = credential.serializedContent();
  const field = type === CredentialType.Basic ? "identity" : "content";
  const value = type === CredentialType.Basic ? `${JSON.stringify(text(content))} ${opaque(content)}` : opaque(content);
  return ["credential:", ...indent([`credential_type: ${credentialName(type)}`, `${field}: ${value}`])];
}

function describeSource(source: LeafNodeSource): string[] {
  switch (source.kind) {
    case "key_package":
      return [
        "leaf_node_source: 1 key_package",
        "lifetime:",
        ...indent([`not_before: ${time(source.lifetime.notBefore)}`, `not_after: ${time(source.lifetime.notAfter)}`]),
      ];
    case "update":
      return ["leaf_node_source: 2 update"];
    case "commit":
      return ["leaf_node_source: 3 commit", `parent_hash: ${opaque(source.parentHash)}`];
  }
}

function describeExtensions(extensions: readonly Extension[]): string[] {
  if (extensions.length === 0) return ["extensions: none"];
  const lines = extensions.flatMap(({ extensionType, data }) => [
    `extension_type: ${extensionName(extensionType)}`,
    `extension_data: ${opaque(data)}`,
  ]);
  return ["extensions:", ...indent(lines)];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function opaque(bytes: Uint8Array): string {
  return `${toHex(bytes)}${bytes.length > 0 ? " " : ""}(${bytes.length} bytes)`;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function list(values: readonly number[], name: (value: number) => string): string {
  return values.length === 0 ? "none" : values.map(name).join(", ");
}

function codePoint(value: number): string {
  return isGrease(value) ? `${value} GREASE` : String(value);
}

function version(value: number): string {
  return value === 1 ? "1 mls10" : codePoint(value);
}

function suite(value: number): string {
  return isCiphersuite(value) ? `${value} ${ciphersuiteInfo(value).name}` : codePoint(value);
}

/** Names of RFC 9420 §17.3, from the names in code: `LastResort` is last_resort. */
function extensionName(value: number): string {
  return named(value, ExtensionType);
}

function credentialName(value: number): string {
  return named(value, CredentialType);
}

function named(value: number, names: Readonly<Record<string, number>>): string {
  const name = Object.keys(names).find((candidate) => names[candidate] === value);
  if (name === undefined) return codePoint(value);
  return `${value} ${name.replace(/(?<=[a-z])[A-Z]/g, "_$&").toLowerCase()}`;
}

/** Seconds, and the date where there is one: lifetimes may lie beyond any calendar. */
function time(seconds: bigint): string {
  const milliseconds = seconds * 1000n;
  return milliseconds > 8_640_000_000_000_000n
    ? `${seconds}`
    : `${seconds} ${new Date(Number(milliseconds)).toISOString().replace(".000", "")}`;
}
