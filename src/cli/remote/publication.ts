/** Packages go to the directory in as many requests as its limits make of them. */
import { type Inventory, POLICY, PUBLISHED, type PublishResult } from "./answers.ts";
import type { Identity } from "./connection.ts";
import { type DirectoryClient, pathOf } from "./directory-client.ts";

/** `{"key_packages":[]}`, and quotes and a comma for each. */
const BODY_OVERHEAD = 32;
const ITEM_OVERHEAD = 3;

export type Published = { readonly results: readonly PublishResult[]; readonly inventory: Inventory };

export async function publishPackages(
  directory: DirectoryClient,
  { user, client }: Identity,
  packages: readonly Uint8Array[],
  told: (sent: number) => void = () => undefined,
): Promise<Published> {
  const { limits } = (await directory.call("GET", pathOf("policy"), POLICY)).body;
  const texts = packages.map((bytes) => Buffer.from(bytes).toString("base64url"));
  const results: PublishResult[] = [];
  let inventory: Inventory = [];
  for (const batch of batches(texts, limits.key_packages_per_request, limits.body_bytes)) {
    const body = { key_packages: batch };
    const answer = await directory.call("POST", pathOf("users", user, "clients", client, "key-packages"), PUBLISHED, {
      body,
    });
    const first = results.length;
    results.push(...answer.body.results.map((result) => ({ ...result, index: first + result.index })));
    inventory = answer.body.inventory;
    told(results.length);
  }
  return { results, inventory };
}

/** All of them become the whole stock, or nothing changes: then `wasRefused`. */
export async function replacePackages(
  directory: DirectoryClient,
  { user, client }: Identity,
  packages: readonly Uint8Array[],
): Promise<Published & { readonly wasRefused: boolean }> {
  const body = { key_packages: packages.map((bytes) => Buffer.from(bytes).toString("base64url")) };
  const path = pathOf("users", user, "clients", client, "key-packages");
  const answer = await directory.call("PUT", path, PUBLISHED, { body, also: [422] });
  return { ...answer.body, wasRefused: answer.status === 422 };
}

/** Exported for its table of cases. A package that is too large for any request gets one of its own, and a refusal. */
export function batches(texts: readonly string[], maxItems: number, maxBytes: number): string[][] {
  const all: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    const size = text.length + ITEM_OVERHEAD;
    const last = all.at(-1);
    if (last === undefined || last.length >= maxItems || bytes + size > maxBytes) {
      all.push([text]);
      bytes = BODY_OVERHEAD + size;
    } else {
      last.push(text);
      bytes += size;
    }
  }
  return all;
}
