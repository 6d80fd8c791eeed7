/**
 * The checks behind a verdict, in the order in which they are made. A judge stops at the first that fails, so what comes
 * before it has passed and what comes after it was not reached. What only a directory knows is not checked here at all.
 */
import type { RefusalCode } from "../admission/admission-refusal.ts";
import { MAX_CAPABILITIES_PER_KIND } from "../admission/policy.ts";
import { MAX_KEY_PACKAGE_BYTES } from "../config/limits.ts";
import { counted } from "../mls/codec/counted.ts";
import type { Field } from "./field.ts";
import type { Answer } from "./judge.ts";
import type { Located } from "./located.ts";

type Check = {
  readonly code: RefusalCode;
  readonly title: string;
  readonly source: string;
  /** The path of the field that it is about, as in the tree; without one it is about the package as a whole. */
  readonly field?: string;
  /** That of another, which it is compared with. */
  readonly beside?: string;
  /** Of two checks with one code, what is said when this one fails. */
  readonly says?: RegExp;
};

/** The title says what is expected. */
export type CheckResult = Pick<Check, "code" | "title" | "source" | "field"> &
  (
    | { readonly outcome: "not reached" | "not checked here" }
    | { readonly outcome: "passed"; readonly came: string }
    /** `detail`: what was expected and what came. */
    | { readonly outcome: "failed"; readonly detail: string }
  );

const LENGTH = /wrong length|compressed point/;
const NODE = "leaf_node";
const RFC = (section: string) => `RFC 9420 §${section}`;

/** `KeyPackageIn.validate`, which is OpenMLS's. */
const OPENMLS_CHECKS: readonly Check[] = [
  { code: "malformed", title: "The bytes are a KeyPackage and nothing else", source: RFC("10") },
  { code: "unsupported_ciphersuite", title: "The ciphersuite is known", source: RFC("17.1"), field: "cipher_suite" },
  {
    code: "invalid_leaf_node_source_type",
    title: "The leaf is one of a KeyPackage",
    source: RFC("7.2"),
    field: `${NODE}.leaf_node_source`,
  },
  {
    code: "invalid_leaf_node_signature",
    title: "The signature of the leaf verifies",
    source: RFC("7.3"),
    field: `${NODE}.signature`,
  },
  { code: "invalid_protocol_version", title: "The version is mls10", source: RFC("10.1"), field: "version" },
  {
    code: "init_key_equals_encryption_key",
    title: "init_key and encryption_key differ",
    source: RFC("10.1"),
    field: "init_key",
    beside: `${NODE}.encryption_key`,
  },
  {
    code: "extension_type_not_valid_in_key_package",
    title: "Extensions may be in a KeyPackage",
    source: RFC("17.3"),
    field: "extensions",
  },
  {
    code: "invalid_signature",
    title: "The signature of the KeyPackage verifies",
    source: RFC("10.1"),
    field: "signature",
  },
  {
    code: "unsupported_extension",
    title: "Capabilities list the extensions of the KeyPackage",
    source: RFC("10"),
    field: "extensions",
    beside: `${NODE}.capabilities.extensions`,
  },
  {
    code: "lifetime_expired",
    title: "The lifetime is not over",
    source: RFC("7.2"),
    field: `${NODE}.lifetime.not_after`,
  },
  {
    code: "lifetime_not_yet_valid",
    title: "The lifetime has begun",
    source: RFC("7.2"),
    field: `${NODE}.lifetime.not_before`,
  },
];

/** `admit` of src/admission. */
const DIRECTORY_CHECKS: readonly Check[] = [
  { code: "too_large", title: `It has at most ${MAX_KEY_PACKAGE_BYTES} bytes`, source: "directory" },
  {
    code: "malformed",
    title: "The bytes are a KeyPackage and nothing else",
    source: RFC("10"),
    says: /^(?!.*a last resort component)/,
  },
  { code: "invalid_protocol_version", title: "The version is mls10", source: RFC("10.1"), field: "version" },
  { code: "unsupported_ciphersuite", title: "The ciphersuite is accepted", source: RFC("17.1"), field: "cipher_suite" },
  {
    code: "extension_type_not_valid_in_key_package",
    title: "Extensions may be in a KeyPackage",
    source: RFC("17.3"),
    field: "extensions",
  },
  {
    code: "malformed",
    title: "A last resort component has no data",
    source: "draft-ietf-mls-extensions",
    field: "extensions",
  },
  {
    code: "invalid_leaf_node_source_type",
    title: "The leaf is one of a KeyPackage",
    source: RFC("7.2"),
    field: `${NODE}.leaf_node_source`,
  },
  {
    code: "invalid_init_key",
    title: "init_key has the length of its suite",
    source: "RFC 9180 §7.1",
    field: "init_key",
    says: LENGTH,
  },
  {
    code: "invalid_encryption_key",
    title: "encryption_key has the length of its suite",
    source: "RFC 9180 §7.1",
    field: `${NODE}.encryption_key`,
    says: LENGTH,
  },
  {
    code: "init_key_equals_encryption_key",
    title: "init_key and encryption_key differ",
    source: RFC("10.1"),
    field: "init_key",
    beside: `${NODE}.encryption_key`,
  },
  {
    code: "invalid_signature_key",
    title: "signature_key has the length of its suite, uncompressed",
    source: RFC("5.1.1"),
    field: `${NODE}.signature_key`,
    says: LENGTH,
  },
  {
    code: "too_many_capabilities",
    title: `Capabilities list at most ${MAX_CAPABILITIES_PER_KIND} of a kind`,
    source: "directory",
    field: `${NODE}.capabilities`,
  },
  {
    code: "protocol_version_not_in_capabilities",
    title: "Capabilities list the version",
    source: RFC("7.2"),
    field: `${NODE}.capabilities.versions`,
    beside: "version",
  },
  {
    code: "ciphersuite_not_in_capabilities",
    title: "Capabilities list the ciphersuite",
    source: RFC("7.2"),
    field: `${NODE}.capabilities.cipher_suites`,
    beside: "cipher_suite",
  },
  {
    code: "credential_not_in_capabilities",
    title: "Capabilities list the credential",
    source: RFC("7.2"),
    field: `${NODE}.capabilities.credentials`,
    beside: `${NODE}.credential.credential_type`,
  },
  {
    code: "unsupported_extension",
    title: "Capabilities list the extensions of the KeyPackage",
    source: RFC("10"),
    field: "extensions",
    beside: `${NODE}.capabilities.extensions`,
  },
  {
    code: "leaf_extension_not_in_capabilities",
    title: "Capabilities list the extensions of the leaf",
    source: RFC("7.2"),
    field: `${NODE}.extensions`,
    beside: `${NODE}.capabilities.extensions`,
  },
  {
    code: "unsupported_credential_type",
    title: "The type of the credential is accepted",
    source: RFC("5.3"),
    field: `${NODE}.credential`,
  },
  {
    code: "lifetime_expired",
    title: "The lifetime is not over",
    source: RFC("7.2"),
    field: `${NODE}.lifetime.not_after`,
  },
  {
    code: "lifetime_not_yet_valid",
    title: "The lifetime has begun, or begins within 5 minutes, as clocks differ",
    source: RFC("7.2"),
    field: `${NODE}.lifetime.not_before`,
  },
  {
    code: "lifetime_too_long",
    title: "The whole lifetime is within the maximum",
    source: RFC("7.2"),
    field: `${NODE}.lifetime`,
  },
  { code: "invalid_init_key", title: "init_key is a good public key", source: "RFC 9180 §7.1.4", field: "init_key" },
  {
    code: "invalid_encryption_key",
    title: "encryption_key is a good public key",
    source: "RFC 9180 §7.1.4",
    field: `${NODE}.encryption_key`,
  },
  {
    code: "invalid_signature_key",
    title: "signature_key is a good public key",
    source: RFC("5.1.1"),
    field: `${NODE}.signature_key`,
  },
  {
    code: "invalid_leaf_node_signature",
    title: "The signature of the leaf verifies in every implementation",
    source: RFC("7.3"),
    field: `${NODE}.signature`,
  },
  {
    code: "invalid_signature",
    title: "The signature of the KeyPackage verifies in every implementation",
    source: RFC("10.1"),
    field: "signature",
  },
];

/** What a directory checks by what it knows: its settings, and which client uploads. */
const UNCHECKED: readonly Check[] = [
  {
    code: "signature_key_mismatch",
    title: "signature_key is the one that the client has registered",
    source: "directory",
    field: `${NODE}.signature_key`,
  },
  {
    code: "credential_identity_mismatch",
    title: "The identity is the one that the deployment expects of the client",
    source: "directory",
    field: `${NODE}.credential`,
  },
  {
    code: "x509_untrusted",
    title: "The certificates of an X.509 credential lead to an authority that the deployment trusts",
    source: "directory",
    field: `${NODE}.credential`,
  },
];

export type Judge = "openmls" | "directory";

/** What was judged: its length in bytes, and its fields. */
export type Subject = { readonly length: number; readonly located: readonly Located[] };

/** Each check of that judge with its outcome, as the verdict tells it. */
export function checksBehind(judge: Judge, verdict: Answer, subject: Subject): CheckResult[] {
  const checks = judge === "openmls" ? OPENMLS_CHECKS : DIRECTORY_CHECKS;
  const failed = verdict.ok ? checks.length : indexOfFailed(checks, verdict);
  const made = checks.map((check, index): CheckResult => {
    const named = nameOf(check);
    if (index < failed) return { ...named, outcome: "passed", came: cameOf(check, subject) };
    if (index > failed || verdict.ok) return { ...named, outcome: "not reached" };
    return { ...named, outcome: "failed", detail: verdict.detail };
  });
  if (judge === "openmls") return made;
  return [...made, ...UNCHECKED.map((check): CheckResult => ({ ...nameOf(check), outcome: "not checked here" }))];
}

function cameOf({ field, beside }: Check, { length, located }: Subject): string {
  if (field === undefined) return counted(length, "byte");
  const textOf = (path: string) => {
    const found = located.find((one) => one.path === path);
    return found === undefined ? "none" : brief(found.field);
  };
  const came = beside === undefined ? textOf(field) : `${beside} ${textOf(beside)}; ${field} ${textOf(field)}`;
  return came.length > MOST_CHARACTERS ? `${came.slice(0, MOST_CHARACTERS)}…` : came;
}

const MOST_CHARACTERS = 200;

/** A field in a line: of a list what its items begin with, such as their types. */
function brief(field: Field): string {
  if (field.kind === "struct") return field.fields.map(brief).join(", ");
  if (field.kind === "list") return field.items.flatMap((item) => item.slice(0, 1).map(brief)).join(", ") || "none";
  return field.text.replace(/^([0-9a-f]{16})[0-9a-f]+/, "$1…");
}

const nameOf = ({ code, title, source, field }: Check): Pick<Check, "code" | "title" | "source" | "field"> => ({
  code,
  title,
  source,
  ...(field === undefined ? {} : { field }),
});

function indexOfFailed(checks: readonly Check[], { code, detail }: Extract<Answer, { ok: false }>): number {
  const index = checks.findIndex((check) => check.code === code && (check.says?.test(detail) ?? true));
  if (index < 0) throw new Error(`expected a check with the code ${code}`);
  return index;
}
