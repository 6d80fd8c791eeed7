/** From verdicts and the pool's codes to results: what is missing must never pass for stored. */
import { expect, test } from "vitest";
import type { AdmittedKeyPackage } from "../../../src/contract/admitted-key-package.ts";
import { type JudgedItem, resultsOf } from "../../../src/http/resources/key-packages/batch.ts";

const keyPackage: AdmittedKeyPackage = {
  ref: new Uint8Array(32),
  bytes: new Uint8Array(1),
  ciphersuite: 1,
  signatureScheme: 0x0807,
  signatureKey: new Uint8Array(32),
  initKey: new Uint8Array(32),
  encryptionKey: new Uint8Array(32),
  notBefore: 0,
  notAfter: 1,
  lastResort: false,
  capabilities: { extensions: [], proposals: [], credentials: [] },
};
const good: JudgedItem = { ok: true, keyPackage, warnings: [] };
const bad: JudgedItem = { ok: false, code: "malformed", detail: "at 0" };
const codesOf = (...given: Parameters<typeof resultsOf>) => resultsOf(...given).map(({ ok, code }) => [ok, code]);

test("each admitted package gets the code at its place, and the refused ones keep their own", () => {
  expect(codesOf([bad, good, bad, good], ["stock_full", "stored"], true)).toEqual([
    [false, "malformed"],
    [false, "stock_full"],
    [false, "malformed"],
    [true, "stored"],
  ]);
});

test("a package that the pool gave no code for is a fault, not a success", () => {
  expect(() => resultsOf([good, good], ["stored"], true)).toThrow(RangeError);
  expect(() => resultsOf([good], [], true)).toThrow(RangeError);
});

test("so is a code without a package", () => {
  expect(() => resultsOf([good, bad], ["stored", "stored"], true)).toThrow(RangeError);
});

test("nothing of a replacement that was refused is called stored", () => {
  expect(codesOf([good, bad], undefined, false)).toEqual([
    [true, "admitted"],
    [false, "malformed"],
  ]);
  expect(codesOf([good, good], ["stored", "already_claimed"], false)).toEqual([
    [true, "admitted"],
    [false, "already_claimed"],
  ]);
});
