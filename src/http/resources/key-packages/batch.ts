/** A batch on its way in: from the body to items, from items to verdicts, from verdicts to results. */
import { admit } from "../../../admission/admit.ts";
import { expectedIdentity } from "../../../admission/policy.ts";
import type { AdmissionVerdict } from "../../../admission/verdict.ts";
import { readSettings } from "../../../config/settings.ts";
import type { AdmittedKeyPackage } from "../../../contract/admitted-key-package.ts";
import type { PublishCode, SignatureKey } from "../../../contract/pool-messages.ts";
import { splitMlsMessages } from "../../../mls/key-package/mls-message.ts";
import { fromBase64Url, toBase64Url } from "../../../shared/base64url.ts";
import type { Bindings } from "../../bindings.ts";
import { cryptoProvider } from "../../crypto-provider.ts";
import { accept, type Checked, refuse } from "../../refusals/refusal.ts";
import { mediaType, readJson, wrongMediaType } from "../../wire/read-json.ts";
import { acceptedCiphersuites, credentialIdentity } from "../service/policy.ts";
import type { ResultCode } from "./result-codes.ts";
import { publishRequest } from "./schemas.ts";

/** The bytes of one package, or undefined where the text was not base64url: that item is refused, not the request. */
type Item = Uint8Array | undefined;

/** One package on its way to a result. */
type Verdict = AdmissionVerdict | { readonly ok: false; readonly code: "malformed"; readonly detail: string };

export type BatchResult = {
  readonly index: number;
  readonly ok: boolean;
  readonly code: ResultCode;
  readonly detail?: string;
  readonly key_package_ref?: string;
  readonly ciphersuite?: number;
  readonly last_resort?: boolean;
  readonly warnings?: string[];
};

/**
 * Reads JSON with base64url items, or `message/mls`: MLSMessages one after the other (RFC 9420 §17.10). An item that
 * is not base64url becomes `malformed` and the others go on; if not one of them is, the request is `invalid_base64`.
 */
export function readBatch(
  contentType: string | undefined,
  body: Uint8Array,
  maxItems: number,
): Checked<readonly Item[]> {
  const items = readItems(contentType, body);
  if (!items.ok) return items;
  if (items.value.length > maxItems) {
    return refuse("too_many_key_packages", `${items.value.length} packages are more than ${maxItems}`);
  }
  return items;
}

function readItems(contentType: string | undefined, body: Uint8Array): Checked<readonly Item[]> {
  const type = contentType && mediaType(contentType);
  if (type === "message/mls") {
    if (body.length === 0) return refuse("empty_body");
    const messages = splitMlsMessages(body);
    if (messages.ok) return accept(messages.value);
    return refuse("malformed_messages", `message ${messages.error.index}: ${messages.error.message}`);
  }
  if (type !== undefined && type !== "application/json") return wrongMediaType("application/json or message/mls");
  const request = readJson(publishRequest, contentType, body);
  if (!request.ok) return request;
  const items = request.value.key_packages.map(fromBase64Url);
  if (items.length > 0 && items.every((item) => item === undefined)) return refuse("invalid_base64");
  return accept(items);
}

/** One verdict for each item, in order. */
export async function admitBatch(
  env: Bindings,
  owned: { readonly user: string; readonly client: string },
  signatureKeys: readonly SignatureKey[],
  items: readonly Item[],
): Promise<readonly Verdict[]> {
  const { maxKeyPackageBytes, maxTotalLifetimeSeconds, uploadClockSkewSeconds } = readSettings(env);
  const verdicts = await admit(
    items.filter((item) => item !== undefined),
    {
      crypto: cryptoProvider(env),
      policy: {
        maxKeyPackageBytes,
        maxTotalLifetimeSeconds,
        uploadClockSkewSeconds,
        ciphersuites: acceptedCiphersuites(env),
      },
      publisher: {
        identity: expectedIdentity(credentialIdentity(env), owned.user, owned.client),
        signatureKeys: new Map(signatureKeys.map(({ scheme, publicKey }) => [scheme, publicKey])),
      },
      now: Math.floor(Date.now() / 1000),
    },
  );
  const admitted = verdicts.values();
  return items.map((item) => {
    const verdict = item && admitted.next().value;
    return verdict ?? { ok: false, code: "malformed", detail: "not base64url without padding" };
  });
}

/** What the pool is given: the admitted ones, in their order. */
export function admittedOf(verdicts: readonly Verdict[]): readonly AdmittedKeyPackage[] {
  return verdicts.flatMap((verdict) => (verdict.ok ? [verdict.keyPackage] : []));
}

/**
 * The verdicts with the pool's codes, one for each admitted package in order. Of a replacement that was not applied
 * the good ones are `admitted`: nothing is wrong with them, and nothing was stored.
 */
export function resultsOf(
  verdicts: readonly Verdict[],
  codes: readonly PublishCode[],
  applied: boolean,
): BatchResult[] {
  const inOrder = codes.values();
  return verdicts.map((verdict, index): BatchResult => {
    if (!verdict.ok) return { index, ok: false, code: verdict.code, detail: verdict.detail };
    const code = inOrder.next().value ?? "stored";
    const ok = code === "stored" || code === "duplicate";
    const { ref, ciphersuite, lastResort } = verdict.keyPackage;
    return {
      index,
      ok,
      code: ok && !applied ? "admitted" : code,
      key_package_ref: toBase64Url(ref),
      ciphersuite,
      last_resort: lastResort,
      ...(verdict.warnings.length > 0 ? { warnings: [...verdict.warnings] } : {}),
    };
  });
}
