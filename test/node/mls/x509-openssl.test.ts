/** The usual mistakes of RFC 5280, in chains that OpenSSL made, and the chains that are none. The table of docs/x509.md. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readVectors, signatureKeyOf, verify } from "../support/read-x509-vectors.ts";

const CERTIFICATES = readVectors("openssl.pem");

const der = (name: string): Uint8Array => CERTIFICATES.get(name) ?? Uint8Array.of(1);

/** 2027-01-15. */
const NOW = 1_800_000_000;
const YEAR = 365 * 86_400;

type Options = {
  readonly anchors?: readonly string[];
  readonly intermediates?: readonly string[];
  readonly at?: number;
  readonly keyOf?: string;
};

const verified = (chain: readonly string[], { anchors = ["root"], intermediates, at = NOW, keyOf }: Options = {}) =>
  verify({
    chain: chain.map(der),
    anchors: anchors.map(der),
    intermediates: intermediates?.map(der),
    now: at,
    ...(keyOf === undefined ? {} : { signatureKey: signatureKeyOf(der(keyOf)) }),
  });

/** The verdict on a chain by the names of its certificates: `ok`, or the code. */
async function verdict(chain: readonly string[], options?: Options): Promise<string> {
  const result = await verified(chain, options);
  return result.ok ? "ok" : result.error.code;
}

describe("a chain that OpenSSL made is accepted", () => {
  it.each<[string, string[], Options?]>([
    ["with its intermediate", ["by_middle", "middle"]],
    ["with two intermediates", ["by_deep", "deep", "middle"]],
    ["with its anchor", ["by_middle", "middle", "root"]],
    ["directly under its anchor", ["by_root"]],
    ["under an RSA root", ["by_rsamiddle", "rsamiddle"], { anchors: ["rsaroot"] }],
    ["under an anchor that is an intermediate", ["by_middle"], { anchors: ["middle"] }],
    ["that is its own anchor", ["selfleaf"], { anchors: ["selfleaf"] }],
    ["directly under an authority that allows no other below it", ["by_pathlen0", "pathlen0"]],
    ["with a new key of an authority that allows no other below it", ["by_rolled0", "rolled0", "pathlen0"]],
    ["without key usage in the client's certificate", ["nousage", "middle"]],
    ["for client authentication", ["clientleaf", "middle"]],
    ["for any purpose", ["anyleaf", "middle"]],
    ["with an unknown extension that is not critical", ["softleaf", "middle"]],
    ["with alternative names in place of a subject", ["onlynames", "middle"]],
    ["with the serial number 0", ["zero", "middle"]],
    ["without its intermediates, where the deployment has them", ["by_deep"], { intermediates: ["middle", "deep"] }],
    ["with intermediates that it has", ["by_deep", "deep", "middle"], { intermediates: ["deep", "middle"] }],
    ["past a cross-certificate that leads nowhere", ["by_middle", "middle_by_stranger", "middle"]],
    ["past a loop", ["by_loopa", "loopa_by_loopb", "loopb_by_loopa", "loopa"], { anchors: ["loopa"] }],
    ["across a loop", ["by_loopa", "loopa_by_loopb"], { anchors: ["loopb"] }],
    ["with a URI on the host that is permitted", ["by_uri", "uri"]],
    ["with a URI on a host below", ["urihost_by_uribelow", "uribelow"]],
    ["with a URI on a host that is not excluded", ["else_by_nouri", "nouri"]],
    ["with a DNS name below the permitted one", ["by_dns", "dns"]],
    ["with a DNS name beside the excluded one", ["else_by_nodns", "nodns"]],
    ["with mail on the host that is permitted", ["by_mail", "mail"]],
    ["with the mailbox that is permitted", ["by_mailbox", "mailbox"]],
    ["with mail on a host that is not excluded", ["else_by_nomail", "nomail"]],
    ["with an address of IPv4 that is permitted", ["ip4_by_ip", "ip"]],
    ["with an address of IPv6 that is permitted", ["ip6_by_ip", "ip"]],
    ["with an address that is not excluded", ["else_by_noip", "noip"]],
    ["without a name of the form that is constrained", ["by_ip", "ip"]],
    ["with a subject that is permitted", ["inside_by_directory", "directory"]],
    ["with that subject in other letters and spaces", ["folded_by_directory", "directory"]],
    ["with a subject that is not excluded", ["else_by_nodirectory", "nodirectory"]],
    ["with a name in one of several subtrees", ["by_several", "several"]],
  ])("%s", async (_, chain, options) => {
    expect(await verdict(chain, options)).toBe("ok");
  });
});

/** A title, the section of RFC 5280, the chain, and the code. */
type Mistake = readonly [string, string, readonly string[], string, Options?];

const MISTAKES: readonly Mistake[] = [
  ["the client's certificate has expired", "6.1.3 (a)", ["by_middle", "middle"], "Expired", { at: NOW + 11 * YEAR }],
  ["an intermediate has expired", "6.1.3 (a)", ["by_oldmiddle", "oldmiddle"], "Expired"],
  ["the anchor has expired", "6.1.3 (a)", ["by_oldroot"], "Expired", { anchors: ["oldroot"] }],
  ["it is not valid yet", "6.1.3 (a)", ["by_middle", "middle"], "NotYetValid", { at: NOW - YEAR }],
  ["no path to an anchor", "6.1", ["by_stranger", "stranger"], "Untrusted"],
  ["an intermediate is missing", "6.1.3 (a)", ["by_middle"], "Untrusted"],
  ["the issuer's name is another's", "6.1.3 (a)", ["by_deep", "middle"], "Untrusted"],
  ["the issuer's key identifier is another's", "4.2.1.1", ["otherkeyid", "middle"], "Untrusted"],
  ["it is signed by itself", "6.1", ["selfleaf"], "Untrusted"],
  ["two authorities that certify each other", "6.1", ["by_loopa", "loopa_by_loopb", "loopb_by_loopa"], "Untrusted"],
  [
    "an authority that the deployment does not allow",
    "6.1",
    ["by_middle", "middle"],
    "Untrusted",
    { intermediates: ["deep"] },
  ],
  ["an issuer that is no authority: CA is false", "6.1.4 (k)", ["by_noca", "noca"], "NotAnAuthority"],
  ["an issuer that is no authority: without basic constraints", "6.1.4 (k)", ["by_nobc", "nobc"], "NotAnAuthority"],
  ["an issuer of version 1", "6.1.4 (k)", ["by_v1", "v1"], "NotAnAuthority"],
  ["an issuer that may not sign certificates", "6.1.4 (n)", ["by_nosign", "nosign"], "NotAnAuthority"],
  ["a path longer than its authority allows", "6.1.4 (m)", ["by_below0", "below0", "pathlen0"], "NotAnAuthority"],
  ["an unknown critical extension of an authority", "6.1.4 (o)", ["by_unknown", "unknown"], "UnknownCriticalExtension"],
  [
    "an unknown critical extension of an anchor",
    "6.1.4 (o)",
    ["by_badroot"],
    "UnknownCriticalExtension",
    { anchors: ["badroot"] },
  ],
  ["an unknown critical extension of the client", "6.1.5 (f)", ["unknownleaf", "middle"], "UnknownCriticalExtension"],
  ["policy constraints", "4.2.1.11", ["by_policied", "policied"], "UnknownCriticalExtension"],
  ["a key that may not sign", "4.2.1.3", ["encipher", "middle"], "NotForSignatures"],
  ["a client's certificate for servers only", "4.2.1.12", ["serverleaf", "middle"], "NotForSignatures"],
  ["an authority for servers only", "4.2.1.12", ["by_serving", "serving"], "NotForSignatures"],
  ["a signature over SHA-1", "4.1.1.2", ["by_sha1middle", "sha1middle"], "Weak", { anchors: ["rsaroot"] }],
  ["an RSA key of 1024 bits", "4.1.2.7", ["by_weakmiddle", "weakmiddle"], "Weak", { anchors: ["weakroot"] }],
  ["a URI on a host below the permitted one", "4.2.1.10", ["urihost_by_uri", "uri"], "NameNotPermitted"],
  ["a URI without a host, where hosts are permitted", "4.2.1.10", ["nohost_by_uri", "uri"], "NameNotPermitted"],
  ["a URI without a host, where one is excluded", "4.2.1.10", ["nohost_by_nouri", "nouri"], "NameNotPermitted"],
  ["a URI with an address, where hosts are permitted", "4.2.1.10", ["ipuri_by_uri", "uri"], "NameNotPermitted"],
  ["a URI on the excluded host", "4.2.1.10", ["by_nouri", "nouri"], "NameNotPermitted"],
  ["a DNS name that only ends like the permitted one", "4.2.1.10", ["else_by_dns", "dns"], "NameNotPermitted"],
  ["a DNS name below the excluded one", "4.2.1.10", ["by_nodns", "nodns"], "NameNotPermitted"],
  ["a wildcard over what is excluded", "4.2.1.10", ["wildcard_by_nodns", "nodns"], "NameNotPermitted"],
  ["an excluded name inside of a permitted one", "4.2.1.10", ["evil_by_several", "several"], "NameNotPermitted"],
  ["mail on a host below the permitted one", "4.2.1.10", ["else_by_mail", "mail"], "NameNotPermitted"],
  ["another mailbox than the permitted one", "4.2.1.10", ["bob_by_mailbox", "mailbox"], "NameNotPermitted"],
  ["mail on the excluded host", "4.2.1.10", ["by_nomail", "nomail"], "NameNotPermitted"],
  ["an excluded address in the subject", "4.2.1.10", ["subjectmail_by_nomail", "nomail"], "NameNotPermitted"],
  ["an address of IPv4 outside of the permitted ones", "4.2.1.10", ["else_by_ip", "ip"], "NameNotPermitted"],
  ["an address of IPv6 outside of the permitted ones", "4.2.1.10", ["else6_by_ip", "ip"], "NameNotPermitted"],
  ["an excluded address of IPv4", "4.2.1.10", ["ip4_by_noip", "noip"], "NameNotPermitted"],
  ["a subject outside of the permitted ones", "4.2.1.10", ["else_by_directory", "directory"], "NameNotPermitted"],
  ["an excluded subject", "4.2.1.10", ["inside_by_nodirectory", "nodirectory"], "NameNotPermitted"],
  ["name constraints that are not critical", "4.2.1.10", ["by_soft", "soft"], "NameNotPermitted"],
  ["name constraints of the anchor", "4.2.1.10", ["by_dnsroot"], "NameNotPermitted", { anchors: ["dnsroot"] }],
  [
    "an authority outside of the subjects permitted above it",
    "4.2.1.10",
    ["by_outside", "outside", "directory"],
    "NameNotPermitted",
  ],
  [
    "name constraints on a form that is not compared",
    "4.2.1.10",
    ["by_registered", "registered"],
    "UnknownCriticalExtension",
  ],
  ["name constraints with a minimum", "4.2.1.10", ["by_minimum", "minimum"], "UnknownCriticalExtension"],
  ["name constraints without a subtree", "4.2.1.10", ["by_nothing", "nothing"], "Malformed"],
  ["name constraints of a client", "4.2.1.10", ["constrainedleaf", "middle"], "Malformed"],
  ["an empty subject, and names that are not critical", "4.1.2.6", ["nobody", "middle"], "Malformed"],
  ["NUL in a name", "4.2.1.6", ["nul", "middle"], "Malformed"],
  ["a negative serial number", "4.1.2.2", ["negative", "middle"], "Malformed"],
  ["a serial number of more than 20 bytes", "4.1.2.2", ["longserial", "middle"], "Malformed"],
  ["another key than the leaf node's", "RFC 9420 5.3", ["by_middle", "middle"], "KeyMismatch", { keyOf: "by_deep" }],
  [
    "a key of another scheme than the suite's",
    "RFC 9420 5.3",
    ["middle", "root"],
    "SchemeMismatch",
    { keyOf: "by_root" },
  ],
  [
    "more certificates than are searched",
    "6.1",
    ["by_middle", "middle", "deep", "root", "noca", "nobc", "nosign"],
    "Malformed",
  ],
  ["something that is not a certificate", "4.1", ["by_middle", "absent"], "Malformed"],
];

/**
 * What OpenSSL does not make: a certificate of a chain with some bytes replaced, in hex, where they stand last; the code
 * and the message.
 */
type Change = readonly [string, string, readonly [string, string], string, readonly [string, string], string, string];

const CHANGES: readonly Change[] = [
  [
    "a signature over something else",
    "6.1.3 (a)",
    ["by_middle", "middle"],
    "by_middle",
    ["0603550403", "0603550404"],
    "InvalidSignature",
    "a certificate's signature does not verify",
  ],
  [
    "two signature algorithms",
    "4.1.1.2",
    ["by_middle", "middle"],
    "middle",
    ["2a8648ce3d040302", "2a8648ce3d040303"],
    "Malformed",
    "a certificate names two signature algorithms",
  ],
  [
    "an extension twice, at an authority",
    "4.2",
    ["by_pair", "pair"],
    "pair",
    ["06032a0305", "06032a0304"],
    "Malformed",
    "a certificate has extension 1.2.3.4 more than once",
  ],
  [
    "an extension twice, at the client",
    "4.2",
    ["pairleaf", "middle"],
    "pairleaf",
    ["06032a0305", "06032a0304"],
    "Malformed",
    "a certificate has extension 1.2.3.4 more than once",
  ],
];

function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const hex = Buffer.from(bytes).toString("hex");
  const at = hex.lastIndexOf(from);
  expect(at).toBeGreaterThan(0);
  return new Uint8Array(Buffer.from(hex.slice(0, at) + to + hex.slice(at + from.length), "hex"));
}

describe("a mistake in a chain that OpenSSL made is found:", () => {
  const rows = MISTAKES.map(([title, , chain, code, options]) => ({ title, chain, code, options }));
  it.each(rows)("$title", async ({ chain, code, options }) => {
    expect(await verdict(chain, options)).toBe(code);
  });

  it.each<Change>(CHANGES)("%s", async (_, __, [own, issuer], changed, [from, to], code, message) => {
    const chain = [own, issuer].map((name) => (name === changed ? replaced(der(name), from, to) : der(name)));
    const result = await verify({ chain, anchors: [der("root")], now: NOW, signatureKey: signatureKeyOf(der(own)) });
    expect(result).toMatchObject({ ok: false, error: { code, message } });
  });

  it("more bytes than a chain may have", async () => {
    const long = new Uint8Array(40_000);
    const result = await verify({ chain: [der("by_middle"), long], anchors: [der("root")], now: NOW });
    expect(result).toMatchObject({
      ok: false,
      error: { message: "expected certificates of at most 32768 bytes in all" },
    });
  });
});

it("the table of docs/x509.md has these mistakes and no others", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../docs/x509.md"), "utf8");
  const rows = [...text.matchAll(/^\| (?<what>[^|]+) \| (?<section>[^|]+) \| `x509_(?<code>\w+)` \|$/gm)];
  const shown = rows.map(({ groups }) => [groups?.what, groups?.section, groups?.code]);
  const snake = (code: string) => code.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  const made = MISTAKES.map(([what, section, , code]) => [what, section, snake(code)]);
  const changed = CHANGES.map(([what, section, , , , code]) => [what, section, snake(code)]);
  expect(shown).toEqual([...made, ...changed]);
});

it("a wildcard is a name like any other, and speaks for nobody else", async () => {
  const result = await verified(["wildcard", "middle"]);
  expect(result).toMatchObject({ ok: true, value: { alternativeNames: [{ type: "dns", value: "*.example.com" }] } });
});

it("names and the end of the path come from the certificates", async () => {
  const long = await verified(["by_middle", "middle"]);
  const short = await verified(["short", "middle"], { at: Date.UTC(2026, 10, 27) / 1000 });
  if (!long.ok || !short.ok) throw new Error("expected both to be accepted");
  expect(long.value.alternativeNames).toEqual([
    { type: "url", value: "wireapp://alice!phone@example.com" },
    { type: "dns", value: "alice.phone.example.com" },
    { type: "email", value: "alice@example.com" },
  ]);
  // Ten years for the client, fifty for its intermediate; and one day.
  expect(new Date(long.value.notAfter * 1000).toISOString().slice(0, 10)).toBe("2036-11-23");
  expect(new Date(short.value.notAfter * 1000).toISOString().slice(0, 10)).toBe("2026-11-27");
});
