/** Run as a process by body-memory.test.ts: reads the worst bodies and prints what became of each. */

import { bulkClaimRequest, claimRequest } from "../../../src/http/resources/claims/claim-schemas.ts";
import { readBatch } from "../../../src/http/resources/key-packages/batch.ts";
import { reconcileRequest } from "../../../src/http/resources/stock/stock-schemas.ts";
import { listBound, readJson } from "../../../src/http/wire/read-json.ts";

const MIB = 1024 * 1024;
const JSON_TYPE = "application/json";

/** A text of about this many bytes: a prefix, so many repetitions of a part, a suffix. */
const filled = (prefix: string, part: string, suffix: string, bytes = MIB) =>
  prefix + part.repeat(Math.floor((bytes - prefix.length - suffix.length) / part.length)) + suffix;

const TEXTS: Readonly<Record<string, string>> = {
  "numbers as packages": filled('{"key_packages":[', "1,", "1]}"),
  "texts as packages": filled('{"key_packages":[', '"a",', '"a"]}'),
  "nulls as users": filled('{"users":[', "null,", "null]}"),
  "users with names": filled('{"users":[', '"a",', '"a"]}'),
  "objects as users": filled('{"users":[', "{},", "{}]}"),
  "lists as users": filled('{"users":[', "[],", "[]]}"),
  "numbers as references": filled('{"refs":[', "1,", '1],"digest":""}'),
  "numbers as ciphersuites": filled('{"ciphersuites":[', "1,", "1]}"),
  "numbers as capabilities": filled('{"required_capabilities":{"extensions":[', "1,", "1]}}"),
  "members that nobody knows": `{${Array.from({ length: 80_000 }, (_, index) => `"k${index}":1`).join(",")}}`,
  "one member again and again": filled("{", '"users":[1],', '"users":[1]}'),
  "a name of a megabyte": filled('{"', "a", '":1}'),
  "a text of a megabyte": filled('{"users":["', "a", '"]}'),
  "a text of escapes": filled('{"users":["', "\\u0061", '"]}'),
  "brackets without end": filled("", "[", ""),
  "braces without end": filled("", '{"a":', ""),
  "brackets in a list": filled('{"users":', "[", ""),
  "a text that does not end": filled('{"users":["', "\\", ""),
  "an array instead of an object": filled("[", "1,", "1]"),
  "commas alone": filled("[", ",", "]"),
};

const READERS: readonly ((body: Uint8Array) => { readonly ok: boolean; readonly error?: { readonly code: string } })[] =
  [
    (body) => readBatch(JSON_TYPE, body, { maxKeyPackagesPerRequest: 100 }),
    (body) => readJson(claimRequest, JSON_TYPE, body),
    (body) => readJson(bulkClaimRequest, JSON_TYPE, body, [listBound("users", 100, "too_many_users", "users")]),
    (body) => readJson(reconcileRequest, JSON_TYPE, body, [listBound("refs", 2048, "too_many_refs", "references")]),
  ];

for (const [name, text] of Object.entries(TEXTS)) {
  const body = new TextEncoder().encode(text);
  for (const [reader, read] of READERS.entries()) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    const answer = read(body);
    const heapMiB = (process.memoryUsage().heapUsed - before) / MIB;
    console.log(JSON.stringify({ name: `${name}, reader ${reader}`, code: answer.error?.code ?? "accepted", heapMiB }));
  }
}
