/** A batch on its way in: from the body to items, from items to verdicts, from verdicts to results. */
import {
  type AdmissionContext,
  admitPrepared,
  isPrepared,
  type Prepared,
  prepare,
  warningsOf,
} from "../../../admission/admit.ts";
import type { AdmissionVerdict, AdmissionWarning } from "../../../admission/verdict.ts";
import { MAX_QUEUES_PER_CLIENT } from "../../../config/limits.ts";
import type { Settings } from "../../../config/settings.ts";
import type { AdmittedKeyPackage } from "../../../contract/admitted-key-package.ts";
import type { KnownCode, NamedKeyPackage, PublishCode } from "../../../contract/publish-messages.ts";
import { splitMlsMessages } from "../../../mls/key-package/mls-message.ts";
import { base64UrlFault, fromBase64Url, toBase64Url } from "../../../shared/base64url.ts";
import { ok, type Result, refuse } from "../../refusals/refusal.ts";
import { listBound, mediaType, readJson, wrongMediaType } from "../../wire/read-json.ts";
import { publishRequest } from "./key-package-schemas.ts";
import type { ResultCode } from "./result-codes.ts";

/** The bytes of one package, or what is wrong with its text: that item is refused, not the request. */
export type Item = Uint8Array | { readonly fault: string };

const isBytes = (item: Item): item is Uint8Array => item instanceof Uint8Array;

/** An item that was decoded, or what is wrong with its text. */
export type PreparedItem = Prepared | { readonly fault: string };

const isFault = (item: PreparedItem): item is { readonly fault: string } => "fault" in item;

/** An item that the pool knows by its reference: nobody checks it again. */
export type KnownItem = {
  readonly ok: true;
  readonly known: KnownCode;
  readonly keyPackage: NamedKeyPackage;
  readonly warnings: readonly AdmissionWarning[];
};

/** What admission says of one item, or the pool before it, in the caller's order. */
export type JudgedItem =
  | AdmissionVerdict
  | KnownItem
  | { readonly ok: false; readonly code: "malformed"; readonly detail: string };

export const isKnown = (item: JudgedItem): item is KnownItem => "known" in item;

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
  { maxKeyPackagesPerRequest: max }: Pick<Settings, "maxKeyPackagesPerRequest">,
): Result<readonly Item[]> {
  const type = contentType && mediaType(contentType);
  if (type === "message/mls") {
    if (body.length === 0) return refuse("empty_body", "expected MLSMessages one after the other, got no body");
    const messages = splitMlsMessages(body, max + 1);
    if (messages.ok && messages.value.length > max) {
      return refuse("too_many_key_packages", `expected at most ${max} packages, got more`);
    }
    if (messages.ok) return ok(messages.value);
    const { index, offset, message } = messages.error;
    const detail = `expected MLSMessages one after the other, got one that ends the split: message ${index}, at byte ${offset}: ${message}`;
    return refuse("malformed_messages", detail);
  }
  if (type !== undefined && type !== "application/json")
    return wrongMediaType(contentType, "application/json or message/mls");
  const list = listBound("key_packages", max, "too_many_key_packages", "packages");
  const request = readJson(publishRequest, contentType, body, [list]);
  if (!request.ok) return request;
  const items = request.value.key_packages.map((text) => fromBase64Url(text) ?? { fault: base64UrlFault(text) });
  const [first] = items;
  if (first && !isBytes(first) && !items.some(isBytes)) {
    return refuse("invalid_base64", `no item is base64url; /key_packages/0: ${first.fault}`);
  }
  return ok(items);
}

/** Decodes each item, in order, and names it by its reference. */
export async function prepareBatch(
  items: readonly Item[],
  context: Pick<AdmissionContext, "crypto" | "policy">,
): Promise<readonly PreparedItem[]> {
  const prepared = await prepare(items.filter(isBytes), context);
  let position = 0;
  return items.map((item) => (isBytes(item) ? at(prepared, position++) : item));
}

/** The packages among the items, in their order: what the pool is asked about. */
export function namedOf(items: readonly PreparedItem[]): readonly NamedKeyPackage[] {
  return items.flatMap((item) => {
    if (isFault(item) || !isPrepared(item)) return [];
    const { ref, ciphersuite, lastResort } = item;
    return [{ ref, ciphersuite, lastResort }];
  });
}

/** One verdict for each item, in order. `known` has a place for each package of `namedOf`: those are not checked again. */
export async function judge(
  items: readonly PreparedItem[],
  known: readonly (KnownCode | undefined)[],
  context: AdmissionContext,
): Promise<readonly JudgedItem[]> {
  let place = 0;
  const judged = items.map((item): JudgedItem | Prepared => {
    if (isFault(item)) return { ok: false, code: "malformed", detail: item.fault };
    const code = isPrepared(item) ? known[place++] : undefined;
    if (code === undefined || !isPrepared(item)) return item;
    return { ok: true, known: code, keyPackage: item, warnings: warningsOf(item.received) };
  });
  const unknown = judged.flatMap((item) => ("ok" in item ? [] : [item]));
  const verdicts = await admitPrepared(unknown, context);
  let position = 0;
  return judged.map((item) => ("ok" in item ? item : at(verdicts, position++)));
}

/** What the pool is given: the admitted ones, in their order. */
export function admittedOf(judged: readonly JudgedItem[]): readonly AdmittedKeyPackage[] {
  return judged.flatMap((item) => (item.ok && !isKnown(item) ? [item.keyPackage] : []));
}

/**
 * One result for each item. `codes` are the pool's, one for each admitted package in order that it did not know before; undefined for a replacement
 * that the pool was never asked for. Of a replacement that was not applied the good ones are `admitted`: nothing is
 * wrong with them, and nothing was stored. Throws RangeError if the pool gave another number of codes than packages.
 */
export function resultsOf(
  judged: readonly JudgedItem[],
  codes: readonly PublishCode[] | undefined,
  applied: boolean,
): BatchResult[] {
  let position = 0;
  const results = judged.map((item, index): BatchResult => {
    if (!item.ok) return { index, ok: false, code: item.code, detail: item.detail };
    const code = isKnown(item) ? item.known : codes && at(codes, position++);
    const isKept = code === undefined || code === "stored" || code === "duplicate";
    const detail = isKept ? undefined : POOL_DETAILS[code];
    const { ref, ciphersuite, lastResort } = item.keyPackage;
    return {
      index,
      ok: isKept,
      code: isKept && !applied ? "admitted" : (code ?? "admitted"),
      ...(detail === undefined ? {} : { detail }),
      key_package_ref: toBase64Url(ref),
      ciphersuite,
      last_resort: lastResort,
      ...(item.warnings.length > 0 ? { warnings: [...item.warnings] } : {}),
    };
  });
  if (codes && position !== codes.length) throw new RangeError(`${codes.length} codes for ${position} packages`);
  return results;
}

/** What the pool expected of a package that it did not take, and what came. */
export const POOL_DETAILS: Readonly<Record<Exclude<PublishCode, "stored" | "duplicate">, string>> = {
  already_claimed: "expected a new package, got one that was claimed; make another",
  already_removed: "expected a new package, got one that was deleted, replaced, voided or has expired; make another",
  before_restore_epoch: "expected a package made after the restore epoch, got an older one; make another",
  init_key_reused: "expected an init key that no other package has or had, got a used one; make another package",
  encryption_key_reused:
    "expected an encryption key that no other package has or had, got a used one; make another package",
  signature_key_mismatch: "expected the signature_key that the client registered for this scheme, got another",
  last_resort_superseded: "expected one last resort of each ciphersuite, got a later one in the same request",
  too_many_capability_sets: `expected at most ${MAX_QUEUES_PER_CLIENT} sets of capabilities in stock, got a package with another one`,
  stock_full: "expected a ciphersuite with room in stock, got one that is at its cap",
};

/** The element, which must exist: a missing verdict or code must never pass for a good one. */
function at<T>(list: readonly T[], index: number): T {
  const element = list[index];
  if (element === undefined) throw new RangeError(`nothing at ${index} of ${list.length}`);
  return element;
}
