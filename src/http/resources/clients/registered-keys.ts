/** The signature keys that a registration names, or that are read from its KeyPackages, and the proofs that came with them. */
import { describeRefusal, refusalOfDecodeError } from "../../../admission/admission-refusal.ts";
import type { Deployment } from "../../../config/deployment.ts";
import { isMlDsa, SignatureScheme, type SignatureSchemeName, signatureSchemeName } from "../../../mls/ciphersuite.ts";
import { KeyPackageIn } from "../../../mls/key-package/key-package-in.ts";
import { signaturePublicKeyDefect } from "../../../mls/keys/public-keys.ts";
import { base64UrlFault, fromBase64Url } from "../../../shared/base64url.ts";
import { equalBytes } from "../../../shared/bytes.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { invalidAt } from "../../wire/read-json.ts";
import type { RegisterRequest } from "./client-schemas.ts";
import type { ProvenKey } from "./possession.ts";

/** A key, where in the request it came from, and the package that it was read from. */
export type NamedKey = {
  readonly scheme: SignatureScheme;
  readonly publicKey: Uint8Array;
  readonly pointer: string;
  readonly keyPackage?: Uint8Array;
};

/** A key that cannot verify anything is refused here: registration is write-once, and every package would fail. */
export function readKeys(
  request: RegisterRequest,
  deployment: Pick<Deployment, "settings" | "profile" | "ciphersuites">,
): Result<readonly NamedKey[]> {
  const named = request.signature_keys
    ? fromSignatureKeys(request.signature_keys)
    : fromKeyPackages(request.key_packages ?? [], deployment);
  if (!named.ok) return named;
  for (const { scheme, publicKey, pointer } of named.value) {
    if (isMlDsa(scheme) && !deployment.ciphersuites.some((suite) => suite.signatureScheme === scheme)) {
      const detail = `expected the scheme of a ciphersuite that is accepted, got ${signatureSchemeName(scheme)}`;
      return refuse("invalid_signature_key", `${pointer}: ${detail}`);
    }
    const defect = signaturePublicKeyDefect(scheme, publicKey);
    if (!defect) continue;
    const name = signatureSchemeName(scheme);
    const detail = `expected a public key of ${name}, got ${publicKey.length} bytes with the defect "${defect}"`;
    return refuse("invalid_signature_key", `${pointer}: ${detail}`);
  }
  return named;
}

/** The keys with their proofs: one for each, and no other. */
export function readProofs(
  keys: readonly NamedKey[],
  proofs: NonNullable<RegisterRequest["proofs"]>,
): Result<readonly ProvenKey[]> {
  const expected = keys.map(({ scheme }) => signatureSchemeName(scheme));
  const got = (Object.keys(SignatureScheme) as SignatureSchemeName[]).filter((name) => proofs[name] !== undefined);
  if (got.length !== expected.length || !expected.every((name) => got.includes(name))) {
    return invalidAt("/proofs", `expected one proof for each signature key (${listed(expected)}), got ${listed(got)}`);
  }
  const proven: ProvenKey[] = [];
  for (const { scheme, publicKey } of keys) {
    const name = signatureSchemeName(scheme);
    const text = proofs[name] ?? "";
    const proof = fromBase64Url(text);
    if (!proof) return refuse("invalid_base64", `/proofs/${name}: ${base64UrlFault(text)}`);
    proven.push({ scheme, publicKey, proof });
  }
  return ok(proven);
}

function fromSignatureKeys(texts: NonNullable<RegisterRequest["signature_keys"]>): Result<readonly NamedKey[]> {
  const keys: NamedKey[] = [];
  for (const [name, scheme] of Object.entries(SignatureScheme) as [SignatureSchemeName, SignatureScheme][]) {
    const text = texts[name];
    if (text === undefined) continue;
    const pointer = `/signature_keys/${name}`;
    const publicKey = fromBase64Url(text);
    if (!publicKey) return refuse("invalid_base64", `${pointer}: ${base64UrlFault(text)}`);
    keys.push({ scheme, publicKey, pointer });
  }
  return ok(keys);
}

/**
 * The keys of the packages' leaves. Nothing of a package is verified here, and none is stored.
 */
function fromKeyPackages(
  texts: readonly string[],
  { settings, profile }: Pick<Deployment, "settings" | "profile">,
): Result<readonly NamedKey[]> {
  const maxBytes = settings.maxKeyPackageBytes;
  const keys = new Map<SignatureScheme, NamedKey>();
  for (const [index, text] of texts.entries()) {
    const pointer = `/key_packages/${index}`;
    const bytes = fromBase64Url(text);
    if (!bytes) return refuse("invalid_base64", `${pointer}: ${base64UrlFault(text)}`);
    if (bytes.length > maxBytes) return notOne(pointer, { code: "too_large", bytes: bytes.length, maxBytes });
    const decoded = KeyPackageIn.fromBytes(bytes, profile);
    if (!decoded.ok) return notOne(pointer, refusalOfDecodeError(decoded.error));
    const scheme = decoded.value.suite().signatureScheme;
    const publicKey = decoded.value.unverified().leafNode.signatureKey().asSlice();
    const other = keys.get(scheme);
    if (other && !equalBytes(other.publicKey, publicKey)) {
      const detail = `expected the key of ${other.pointer}, which is of the same scheme, got another`;
      return refuse("invalid_key_package", `${pointer}: ${detail}`);
    }
    keys.set(scheme, { scheme, publicKey, pointer, keyPackage: bytes });
  }
  return ok([...keys.values()]);
}

const notOne = (pointer: string, refusal: Parameters<typeof describeRefusal>[0]) =>
  refuse("invalid_key_package", `${pointer}: ${describeRefusal(refusal)}`);

const listed = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(" and "));
