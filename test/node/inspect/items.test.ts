/** Every form in which packages come, and what each bad input is called. */
import { describe, expect, it } from "vitest";
import { itemsOf } from "../../../src/inspect/items.ts";
import { encodeMlsMessage } from "../../../src/mls/index.ts";
import { newClient } from "../support/client.ts";

const client = await newClient(1);
const first = (await client.bundle()).keyPackage().tlsSerialize();
const second = (await client.bundle()).keyPackage().tlsSerialize();
const messages = [first, second].map(encodeMlsMessage);

const read = (input: string | Uint8Array) =>
  itemsOf(typeof input === "string" ? Buffer.from(input) : input, "file").map((item) =>
    item.ok ? Buffer.from(item.bytes).toString("hex") : item.problem,
  );
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const wrapped = (text: string, width: number) => (text.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join("\n");
const spaced = (bytes: Uint8Array, digits = 2) => (hex(bytes).match(new RegExp(`.{1,${digits}}`, "g")) ?? []).join(" ");
/** Rows of 16 bytes, each with its offset in hex. */
const dumped = (bytes: Uint8Array, row: (at: string, bytes: Uint8Array) => string) =>
  Array.from({ length: Math.ceil(bytes.length / 16) }, (_, index) =>
    row((16 * index).toString(16).padStart(8, "0"), bytes.subarray(16 * index, 16 * index + 16)),
  ).join("\n");
const textOf = (bytes: Uint8Array) =>
  [...bytes].map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
const pem = (bytes: Uint8Array, label = "MLS KEY PACKAGE") =>
  `-----BEGIN ${label}-----\n${wrapped(base64(bytes), 64)}\n-----END ${label}-----\n`;

describe("packages are found in", () => {
  it.each<[string, string | Uint8Array]>([
    ["hex", `${hex(first)}\n${hex(second)}\n`],
    ["hex in capitals", `${hex(first).toUpperCase()}\n${hex(second).toUpperCase()}`],
    ["base64", `${base64(first)}\n${base64(second)}\n`],
    ["base64url", [first, second].map((bytes) => Buffer.from(bytes).toString("base64url")).join("\r\n")],
    ["a mixture, with blank lines", `\n${hex(first)}\n  \n\t${base64(second)}  \n\n`],
    ["hex with spaces", `${spaced(first)}\n${spaced(second, 8)}`],
    ["hex with colons", `${spaced(first).replaceAll(" ", ":")}\n${hex(second)}`],
    ["a JSON array", JSON.stringify([hex(first), base64(second)], undefined, 2)],
    ["a request to publish", JSON.stringify({ key_packages: [first, second].map(base64) })],
    [
      "an answer to a claim",
      JSON.stringify({
        user: "abcd",
        clients: [{ client: "00", key_package: base64(first) }, { key_packages: [{ key_package: hex(second) }] }],
      }),
    ],
    ["hex on one line, with a comma", `${hex(first)},${hex(second)}`],
    ["hex on one line, with spaces", `${hex(first)}  ${hex(second)}`],
    ["base64 on one line, with a comma", `${base64(first)}, ${base64(second)}`],
    ["strings on one line", `"${base64(first)}","${base64(second)}"`],
    [
      "two that are folded, with a blank line between them",
      `${wrapped(hex(first), 80)}\n\n${wrapped(hex(second), 80)}`,
    ],
    ["an object of JSON on each line", [first, second].map((one) => `{"key_package":"${base64(one)}"}\n`).join("")],
    ["PEM that is indented", `pems:\n${(pem(first) + pem(second)).replaceAll(/^/gm, "  ")}`],
    ["PEM in a mail", (pem(first) + pem(second, "MLS-KEYPACKAGE")).replaceAll(/^/gm, "> ")],
    ["PEM on one line", (pem(first) + pem(second)).replaceAll("\n", " ")],
    ["PEM with returns alone", (pem(first) + pem(second)).replaceAll("\n", "\r")],
    ["PEM within JSON", JSON.stringify({ key_packages: [pem(first), pem(second)] })],
    ["PEM with text around it", `first:\n${pem(first)}\nsecond:\n${pem(second, "ANYTHING")}`],
  ])("%s", (_, input) => {
    expect(read(input)).toEqual([hex(first), hex(second)]);
  });

  it.each<[string, string]>([
    ["hex", messages.map(hex).join("")],
    ["hex on one line, with a comma", messages.map(hex).join(",")],
    ["base64", Buffer.concat(messages).toString("base64")],
    ["PEM", pem(Buffer.concat(messages))],
  ])("%s of one MLSMessage after the other", (_, input) => {
    expect(read(input)).toEqual(messages.map(hex));
  });

  it("binary, one MLSMessage after the other, or one bare package", () => {
    expect(read(Buffer.concat(messages))).toEqual(messages.map(hex));
    expect(read(first)).toEqual([hex(first)]);
  });

  it.each([60, 64, 72, 75, 76, 80, 120, 160])("lines folded at %d", (width) => {
    expect(read(wrapped(hex(first), width))).toEqual([hex(first)]);
    expect(read(`${wrapped(base64(first), width)}\n`)).toEqual([hex(first)]);
    expect(read(wrapped(spaced(first), width))).toEqual([hex(first)]);
  });

  it("lines of one length that each begin a message, and are not one that is folded", () => {
    const short = ["0001000201670000000000000007010001aa01bb", "0001000201670000000000000008010001aa01bb"];
    expect(read(short.join("\n"))).toEqual(short);
  });
});

describe("one package is found in", () => {
  it.each<[string, (bytes: Uint8Array) => string]>([
    ["a JSON string", (bytes) => `"${base64(bytes)}"\n`],
    ["a line of JSON", (bytes) => `"${base64(bytes)}",`],
    ["a member of JSON", (bytes) => `  "key_package": "${base64(bytes)}",`],
    ["a string of another language", (bytes) => `'${hex(bytes)}'`],
    ["hex with its prefix", (bytes) => `0x${hex(bytes)}`],
    ["an array of bytes", (bytes) => spaced(bytes).replaceAll(/\w+/g, "0x$&,")],
    ["an array of bytes on several lines", (bytes) => wrapped(`${spaced(bytes).replaceAll(/\w+/g, "0x$&,")} `, 72)],
    ["an array of bytes within braces", (bytes) => `{ ${spaced(bytes).replaceAll(/\w+/g, "0x$&,")} }`],
    ["what xxd prints", (bytes) => dumped(bytes, (at, row) => `${at}: ${spaced(row, 4).padEnd(39)}  ${textOf(row)}`)],
    ["what xxd -g1 prints", (bytes) => dumped(bytes, (at, row) => `${at}: ${spaced(row).padEnd(47)}  ${textOf(row)}`)],
    [
      "what hexdump -C prints",
      (bytes) => {
        const half = (row: Uint8Array) => `${spaced(row.subarray(0, 8))}  ${spaced(row.subarray(8))}`.padEnd(48);
        const end = bytes.length.toString(16).padStart(8, "0");
        return `${dumped(bytes, (at, row) => `${at}  ${half(row)}  |${textOf(row)}|`)}\n${end}\n`;
      },
    ],
    [
      "what od -tx1 prints",
      (bytes) => dumped(bytes, (at, row) => `${Number.parseInt(at, 16).toString(8).padStart(7, "0")} ${spaced(row)}`),
    ],
    ["a dump of 16 bytes on a line", (bytes) => wrapped(`${spaced(bytes)} `, 48)],
    ["a dump of 32 bytes on a line in pairs", (bytes) => wrapped(`${spaced(bytes, 4)} `, 80)],
  ])("%s", (_, write) => {
    expect(read(write(first))).toEqual([hex(first)]);
  });

  it("each of very many strings of JSON, which take no room on the stack", () => {
    const many = 300_000;
    expect(itemsOf(Buffer.from(JSON.stringify(new Array(many).fill("0001"))), "file").length).toBe(many);
  });

  it.each(["00", "00 00 "])("a line of many megabytes of %j, which takes no room on the stack", (part) => {
    const [found] = itemsOf(Buffer.from(part.repeat(6 * 2 ** 20)), "file");
    expect(found?.ok && found.bytes.length).toBe((part.replaceAll(" ", "").length / 2) * 6 * 2 ** 20);
  });

  /** Rows of zeros, between one that is none and a part of one. */
  const repeated = (rows: number) =>
    Uint8Array.from([...first.subarray(0, 16), ...new Uint8Array(16 * rows), ...first.subarray(0, 5)]);
  const ROW = spaced(first.subarray(0, 16));
  const ZEROS = spaced(new Uint8Array(16));
  const LAST = spaced(first.subarray(0, 5));
  it.each<[string, string[], Uint8Array]>([
    [
      "hexdump -C",
      [`00000000  ${ROW}  |a|`, `00000010  ${ZEROS}  |.|`, "*", `00000040  ${LAST}   |a|`, "00000045"],
      repeated(3),
    ],
    ["od", [`0000000 ${ROW}`, `0000020 ${ZEROS}`, "*", `0000060 ${LAST}`, "0000065"], repeated(2)],
    ["xxd -a", [`00000000: ${ROW}  a`, `00000010: ${ZEROS}  .`, "*", `00000040: ${LAST}  a`], repeated(3)],
    ["hexdump -C, to its end", [`00000000  ${ZEROS}  |.|`, "*", "00000030"], new Uint8Array(48)],
    ["od, to its end", [`0000000 ${ZEROS}`, "*", "0000060"], new Uint8Array(48)],
    ["od -A x", [`000000 ${ZEROS}`, "*", "000030"], new Uint8Array(48)],
  ])("a dump by %s that leaves repeated rows out", (_, lines, whole) => {
    expect(read(lines.join("\n"))).toEqual([hex(whole)]);
  });

  it("JSON, and is named by its place", () => {
    const [found] = itemsOf(Buffer.from(JSON.stringify({ clients: [{ key_package: base64(first) }] })), "file");
    expect(found?.where).toBe("file, /clients/0/key_package");
  });
});

describe("bad input", () => {
  const neither = "neither hex nor base64 nor base64url";
  const odd = "an odd number of hex digits";
  const leavesOut = "a dump that leaves rows out (*): make it with -v";
  it.each<[string, string, string[]]>([
    ["nothing", "", []],
    ["blank lines", " \n\r\n\t", []],
    ["words", "not a package", [neither]],
    ["an odd number of hex digits", "abcde", [odd]],
    ["an odd number of hex digits that might be base64", "0001000120a1b2c3d4e", [odd]],
    ["an odd number of hex digits with spaces", "0001 0001 20a", [odd]],
    ["an odd number of hex digits on several lines", `${"0".repeat(64)}\n${"0".repeat(63)}`, [odd]],
    ["a dump from the middle of something", "00000010: 0001 0001  ....", [neither]],
    ["a dump without its second line", "00000000: 0001 0001  ....\n00000010: 0001 0001  ....", [neither]],
    ["a dump that is cut after repeated rows", `00000000: 0001 0001  ....\n*`, [leavesOut]],
    ["a dump whose repeated rows end within one", `00000000: 0001 0001  ....\n*\n00000006: 00  .`, [leavesOut]],
    [
      "a dump whose repeated rows would fill the memory",
      `00000000  00 01 00 01  |.|\n*\nfffffffffffffff0`,
      [leavesOut],
    ],
    ["a dump that repeats nothing", "00000000\n*\n00000010", [leavesOut]],
    ["a star between other lines", "0001\n*\n0002", ["0001", neither, "0002"]],
    ["both alphabets of base64", "ab+_", [neither]],
    ["padding in the middle", "AA==AAAA", [neither]],
    ["padding that is too short", "AAA==", [neither]],
    ["bits that are not zero after the last byte", "AB", ["ab"]],
    ["bits that are not zero, and no hex", "AZ", [neither]],
    ["padding alone", "=", [neither]],
    ["PEM without an end", "-----BEGIN X-----\nAAAA\n", ["the PEM block has no -----END line"]],
    ["PEM with another end", "-----BEGIN X-----\nAAAA\n-----END Y-----", ['the PEM block begins "X" and ends "Y"']],
    ["PEM of words", "-----BEGIN X-----\nA A!\n-----END X-----", [neither]],
    ["empty PEM", "-----BEGIN X-----\n-----END X-----", [neither]],
    ["half a byte between spaces", "00 1 00", [neither]],
    ["base64 with spaces", "AAEA ASCa", [neither]],
    ["JSON without a package", '{"user":"0001","clients":[]}', ["JSON in which no key_package is"]],
    ["a bad package in JSON", '["0001","!"]', ["0001", neither]],
    ["JSON that is cut off", '["0001"', ["JSON that is not whole"]],
    ["JSON with a comma too many", '["0001","0002",]', ["JSON that is not whole"]],
    ["two objects of JSON, one cut off", '{"key_package":"0001"}\n{"key_package":"0002"', ["JSON that is not whole"]],
    ["JSON as deep as it can be", `${"[".repeat(100_000)}"0001"${"]".repeat(100_000)}`, ["0001"]],
    ["one bad line between good ones", "0001\n!\n0002", ["0001", neither, "0002"]],
  ])("%s", (_, input, expected) => {
    expect(read(input)).toEqual(expected);
  });

  it("binary that is no list of messages is one thing, whole", () => {
    const cut = Buffer.concat(messages).subarray(0, -1);
    expect(read(cut)).toEqual([hex(cut)]);
  });
});
