/** Fields with their bytes: every byte of a package belongs to the field that names it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Field } from "../../../src/inspect/field.ts";
import { judgeAsDirectory, judgeAsOpenMls } from "../../../src/inspect/judge.ts";
import { locate } from "../../../src/inspect/located.ts";
import { fieldsWithHeader, open } from "../../../src/inspect/open.ts";
import { encodeMlsMessage } from "../../../src/mls/index.ts";
import { forge } from "../../support/forge.ts";

const peers: { key_packages: { hex: string }[] } = JSON.parse(readFileSync("test/vectors/peers.json", "utf8"));
const packages = peers.key_packages.map(({ hex }) => new Uint8Array(Buffer.from(hex, "hex")));

/** Values from left to right, whatever they are nested in. */
const leaves = (fields: readonly Field[]): Field[] =>
  fields.flatMap((field) =>
    field.kind === "value" ? [field] : leaves(field.kind === "struct" ? field.fields : field.items.flat()),
  );

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

const named = (fields: readonly Field[], name: string): Field => {
  const field = fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`expected a field ${name}`);
  return field;
};

describe("the fields of a KeyPackage", () => {
  it("cover it from its first byte to its last, in order and without overlap, bare or in an MLSMessage", () => {
    for (const bytes of [...packages, ...packages.map(encodeMlsMessage), forge({ lastResort: true })]) {
      const { header, fields } = open(bytes);
      const spans = [...header, ...fields].map(({ span }) => span);
      expect(spans[0]?.start).toBe(0);
      expect(spans.at(-1)?.end).toBe(bytes.length);
      for (const [index, span] of spans.entries()) expect(span?.start).toBe(index && spans[index - 1]?.end);
      let end = 0;
      for (const { span } of leaves([...header, ...fields])) {
        expect(span?.start).toBeGreaterThanOrEqual(end);
        end = span?.end ?? Number.NaN;
      }
    }
  });

  it("have paths of their own, also where an MLSMessage and its KeyPackage both have a version", () => {
    for (const bytes of [...packages, ...packages.map(encodeMlsMessage)]) {
      const paths = locate(fieldsWithHeader(open(bytes))).map(({ path }) => path);
      expect(new Set(paths).size).toBe(paths.length);
    }
    const message = locate(fieldsWithHeader(open(encodeMlsMessage(forge()))));
    const spanOf = (path: string) => message.find((one) => one.path === path)?.field.span;
    expect([spanOf("MLSMessage.version"), spanOf("version")]).toEqual([
      { start: 0, end: 2 },
      { start: 4, end: 6 },
    ]);
  });

  it("have the bytes that they show", () => {
    const bytes = packages[0] ?? new Uint8Array();
    const initKey = named(open(bytes).fields, "init_key");
    // A length header of one byte, then the key.
    expect(initKey.span).toEqual({ start: 4, end: 37 });
    expect(initKey).toMatchObject({ json: Buffer.from(bytes.subarray(5, 37)).toString("hex") });
  });

  it.each([
    [
      [0x02, 1, 2, 0x01, 3],
      [
        ["0102 (2 bytes)", 3],
        ["03 (1 byte)", 2],
      ],
    ],
    [[], []],
  ])("are a list of the certificates of an X.509 credential, each with its bytes: %j", (content, wanted) => {
    const bytes = forge({ credentialType: 2, credential: Uint8Array.from(content) });
    const located = locate(open(bytes).fields).filter(({ path }) => path.startsWith("leaf_node.credential."));
    const [, list, ...data] = located;
    expect([list?.path, list?.field.kind]).toEqual(["leaf_node.credential.certificates", "list"]);
    let end = (list?.field.span?.end ?? 0) - content.length;
    for (const [index, { path, field }] of data.entries()) {
      const [text, length = 0] = wanted[index] ?? [];
      const span = { start: end, end: end + Number(length) };
      expect([path, field]).toMatchObject([`leaf_node.credential.certificates.${index}.cert_data`, { text, span }]);
      end = span.end;
    }
    expect([data.length, end]).toEqual([wanted.length, list?.field.span?.end]);
  });

  it("say so where the content of an X.509 credential is no list of certificates", () => {
    const { kind, fields } = open(forge({ credentialType: 2, credential: Uint8Array.of(5, 1) }));
    const content = leaves(fields).find(({ name }) => name === "content");
    expect([kind, content]).toMatchObject(["key_package", { text: "no list of certificates 0501 (2 bytes)" }]);
  });

  it("end where those who judge them say so, counted from the first byte that was given", async () => {
    for (const whole of [packages[0] ?? new Uint8Array(), encodeMlsMessage(packages[0] ?? new Uint8Array())]) {
      const longer = Uint8Array.of(...whole, 0);
      const place = `1 byte of trailing data, at byte ${whole.length}`;
      expect(open(longer)).toMatchObject({ problem: place });
      for (const answer of [...(await judgeAsDirectory([longer], 0)), await judgeAsOpenMls(longer, 0)]) {
        expect(answer).toMatchObject({ code: "malformed", detail: expect.stringContaining(place) });
      }
    }
  });

  it("are shown up to the damage where the bytes are not a KeyPackage, and never throw", () => {
    const bytes = packages[0] ?? new Uint8Array();
    for (let end = 0; end < bytes.length; end++) {
      const opened = open(bytes.subarray(0, end));
      expect(opened.kind).toBe("malformed");
      const last = leaves(opened.fields).at(-1)?.span?.end ?? 0;
      expect(last).toBeLessThanOrEqual(end);
    }
    const cut = open(bytes.subarray(0, 40));
    expect(cut.fields.map(({ name }) => name)).toEqual(["version", "cipher_suite", "init_key", "leaf_node"]);
    expect(cut).toMatchObject({ problem: expect.stringContaining("at byte 38") });
  });

  it("do not have a value where the bytes end before it", () => {
    const shown = (hex: string) =>
      locate(open(Buffer.from(hex, "hex")).fields).map(({ path, field }) => [
        path,
        field.kind === "value" && field.text,
      ]);
    expect(shown("00")).toEqual([["version", "cannot be read"]]);
    expect(shown("00010003")).toContainEqual(["init_key", "cannot be read"]);
    const bytes = packages[0] ?? new Uint8Array();
    const start = named(open(bytes).fields, "extensions").span?.start;
    expect(shown(hexOf(bytes.subarray(0, start))).at(-1)).toEqual(["extensions", "cannot be read"]);
    expect(open(Buffer.from("0001000302aa", "hex"))).toMatchObject({
      problem: "expected 2 more bytes, got 1, at byte 5",
    });
    expect(open(Buffer.from("00010001020a", "hex"))).toMatchObject({
      problem: "expected 2 more bytes, got 1, at byte 5",
    });
    expect(open(Buffer.from("000100010", "hex"))).toMatchObject({ problem: "expected 1 more byte, got 0, at byte 4" });
  });

  it("count the byte of the damage from the start of what was given", () => {
    const bytes = packages[0] ?? new Uint8Array();
    const longer = Uint8Array.of(...bytes, 0);
    expect(open(longer)).toMatchObject({ kind: "malformed", offset: bytes.length });
    expect(open(encodeMlsMessage(longer))).toMatchObject({ kind: "malformed", offset: bytes.length + 4 });
  });
});

describe("what begins as a KeyPackage and as another message", () => {
  /** Of each suite of RFC 9420 whose number is also that of a wire format. */
  const ofSuite = (suite: number) => packages.filter((bytes) => bytes[3] === suite);

  it.each([1, 2, 3])(
    "is a KeyPackage of suite %d, wherever that is cut or damaged, and nothing else is said",
    (suite) => {
      const [bytes = new Uint8Array()] = ofSuite(suite);
      expect(bytes.length).toBeGreaterThan(0);
      for (let end = 0; end < bytes.length; end++) {
        const opened = open(bytes.subarray(0, end));
        expect([end, opened.kind, opened.name]).toEqual([end, "malformed", "KeyPackage"]);
        expect(opened).toMatchObject({ problem: expect.not.stringContaining("mls_") });
      }
      for (let at = 5; at < bytes.length; at++) {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] ?? 0) ^ 0xff;
        expect([at, open(damaged).name]).toEqual([at, "KeyPackage"]);
      }
    },
  );

  // Ciphersuite 1, one recipient, and 64 bytes; a group context of group "g" in epoch 7; group "g", epoch 7, the member 0.
  const welcome = `000100030001${"4068"}20${"aa".repeat(32)}20${"bb".repeat(32)}25${"cc".repeat(37)}4040${"dd".repeat(64)}`;
  const groupInfo = `00010004${"00010001"}0167${"0000000000000007"}20${"aa".repeat(32)}20${"bb".repeat(32)}0000`;
  it.each([
    ["a Welcome", welcome, "Welcome", 20],
    ["a Welcome in a suite of OpenMLS", welcome.replace("000100030001", "00010003004d"), "Welcome", 20],
    ["a GroupInfo", `${groupInfo}20${"cc".repeat(32)}00000000${"4040"}${"dd".repeat(64)}`, "GroupInfo", 20],
    ["a PublicMessage", "00010001016700000000000000070100000000000300", "PublicMessage", 16],
    ["a PrivateMessage", "0001000201670000000000000007010001aa01bb", "PrivateMessage", 16],
  ])("is %s that is cut, as that makes sense of its beginning", (_, hex, name, from) => {
    const bytes = new Uint8Array(Buffer.from(hex, "hex"));
    expect(open(bytes)).toMatchObject({ kind: "other", name });
    for (let end = from; end < bytes.length; end++) {
      const opened = open(bytes.subarray(0, end));
      expect([end, opened.name]).toEqual([end, name]);
      // Of a PublicMessage, what follows its header is not read.
      if (opened.kind === "other") expect([end, name]).toEqual([expect.any(Number), "PublicMessage"]);
      else
        expect(opened).toMatchObject({
          kind: "malformed",
          problem: expect.stringMatching(/^expected .+, at byte \d+$/),
        });
    }
  });
});
