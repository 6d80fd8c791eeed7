/** The ids of all pools, one per line of a file: that is what a walk through them goes by, and can be resumed by. */
import { createReadStream, existsSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ID = /^[0-9a-f]{64}$/;

/** Of the pools' class, in the folder that holds a local directory's storage (`.kpd/storage` of `npm start`). */
export function idsOfStorage(storage: string): string[] {
  const objects = join(storage, "v3", "do");
  if (!existsSync(objects))
    throw new Error(`${storage} holds no storage of a local directory: there is no v3/do in it`);
  return readdirSync(objects)
    .filter((name) => name.endsWith("-Pool"))
    .flatMap((name) => readdirSync(join(objects, name)))
    .filter((name) => name.endsWith(".sqlite"))
    .map((name) => name.slice(0, -".sqlite".length))
    .filter((id) => ID.test(id))
    .toSorted();
}

export function writeIds(file: string, ids: readonly string[]): void {
  writeFileSync(`${file}.part`, ids.map((id) => `${id}\n`).join(""));
  renameSync(`${file}.part`, file);
}

export type Namespace = {
  /** Of Cloudflare's API, without a slash at the end. */
  readonly api: string;
  readonly account: string;
  /** The id of the Durable Object namespace. */
  readonly namespace: string;
  readonly token: string;
};

type ObjectPage = {
  readonly success?: boolean;
  readonly errors?: readonly { readonly message?: string }[];
  readonly result?: readonly { readonly id: string; readonly hasStoredData?: boolean }[] | null;
  /** Where the next page begins: descriptions of the API and its clients name it in two ways. */
  readonly result_info?: { readonly cursor?: string; readonly cursors?: { readonly after?: string } } | null;
};

const PAGE_OBJECTS = 1_000;

/**
 * Writes the ids of all objects of a namespace that have stored anything, as Cloudflare's API lists them; `told` hears
 * how many there are so far. A list that breaks off leaves no file.
 */
export async function writeIdsOfNamespace(
  file: string,
  { api, account, namespace, token }: Namespace,
  told: (count: number) => void,
): Promise<void> {
  const path = `${api}/accounts/${account}/workers/durable_objects/namespaces/${namespace}/objects`;
  writeFileSync(`${file}.part`, "");
  let count = 0;
  let cursor = "";
  do {
    const query = new URLSearchParams({ limit: String(PAGE_OBJECTS), ...(cursor === "" ? {} : { cursor }) });
    const response = await fetch(`${path}?${query}`, { headers: { authorization: `Bearer ${token}` } });
    const page = (await response.json().catch(() => ({}))) as ObjectPage;
    if (!response.ok || !page.result) {
      const reason = page.errors?.map(({ message }) => message).join("; ");
      throw new Error(`the objects could not be listed: ${response.status} ${reason ?? ""}`);
    }
    const ids = page.result.filter(({ hasStoredData }) => hasStoredData !== false).map(({ id }) => id);
    await appendFile(`${file}.part`, ids.map((id) => `${id}\n`).join(""));
    count += ids.length;
    told(count);
    const next = page.result_info?.cursor ?? page.result_info?.cursors?.after ?? "";
    if (next !== "" && next === cursor) throw new Error("the objects could not be listed: the list does not go on");
    cursor = next;
  } while (cursor !== "");
  renameSync(`${file}.part`, file);
}

/** The ids of a file in its order; empty lines are passed over. Throws at a line that is none, by its number. */
export async function* readIds(file: string): AsyncGenerator<string> {
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    const id = text.trim();
    if (id === "") continue;
    if (!ID.test(id)) throw new Error(`${file}:${line}: expected an object id of 64 hex digits`);
    yield id;
  }
}

export async function countIds(file: string): Promise<number> {
  let count = 0;
  for await (const _ of readIds(file)) count += 1;
  return count;
}
