/** The usual mistakes of RFC 5280, in chains that OpenSSL made, and the chains that are none. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nobleCrypto, SignatureKeyPair, SignatureScheme, X509Credential } from "../../../src/mls/index.ts";
import { x509Verifier } from "../../../src/mls/x509/index.ts";
import { fromHex } from "../support/vectors.ts";

const VECTORS = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../vectors/openssl-certificates.json"), "utf8"),
) as { certificates: Record<string, string>; seeds: Record<string, string> };

const der = (name: string): Uint8Array => new Uint8Array(Buffer.from(VECTORS.certificates[name] ?? "", "base64"));

/** 2027-01-15. */
const NOW = 1_800_000_000;
const YEAR = 365 * 86_400;

const { ed25519 } = SignatureScheme;

async function signatureKeyOf(name: string): Promise<Uint8Array> {
  const { ed25519: curve } = await import("@noble/curves/ed25519.js");
  return curve.getPublicKey(fromHex(VECTORS.seeds[name] ?? ""));
}

type Options = {
  readonly anchors?: readonly string[];
  readonly intermediates?: readonly string[];
  readonly at?: number;
  readonly keyOf?: string;
};

/** The verdict on a chain by the names of its certificates: `ok`, or the code. */
async function verdict(chain: readonly string[], options: Options = {}): Promise<string> {
  const result = await verified(chain, options);
  return result.ok ? "ok" : result.error.code;
}

async function verified(chain: readonly string[], { anchors = ["root"], intermediates, at = NOW, keyOf }: Options) {
  const [leaf = ""] = chain;
  const verify = await x509Verifier(anchors.map(der), { intermediates: intermediates?.map(der) });
  return verify({
    credential: new X509Credential(chain.map(der)).toCredential(),
    signatureScheme: ed25519,
    signatureKey: await signatureKeyOf(keyOf ?? leaf),
    now: at,
  });
}

describe("a chain that OpenSSL made is accepted", () => {
  it.each<[string, string[], Options?]>([
    ["with its intermediate", ["by_middle", "middle"]],
    ["with two intermediates", ["by_deep", "deep", "middle"]],
    ["with its anchor", ["by_middle", "middle", "root"]],
    ["directly under its anchor", ["by_root"]],
    ["under an RSA root", ["by_rsamiddle", "rsamiddle"], { anchors: ["rsaroot"] }],
    ["under an anchor that is an intermediate", ["by_middle"], { anchors: ["middle"] }],
    ["that is its own anchor", ["by_middle"], { anchors: ["by_middle"] }],
    ["directly under an authority that allows no other below it", ["by_pathlen0", "pathlen0"]],
    ["without key usage in the client's certificate", ["nousage", "middle"]],
    ["with an unknown extension that is not critical", ["softleaf", "middle"]],
    ["without its intermediates, where the deployment has them", ["by_deep"], { intermediates: ["middle", "deep"] }],
    [
      "with intermediates that the deployment has",
      ["by_deep", "deep", "middle"],
      { intermediates: ["deep", "middle"] },
    ],
  ])("%s", async (_, chain, options) => {
    expect(await verdict(chain, options)).toBe("ok");
  });
});

describe("a mistake in a chain that OpenSSL made is found:", () => {
  it.each<[string, string[], string, Options?]>([
    ["no path to an anchor", ["by_stranger", "stranger"], "Untrusted"],
    ["an intermediate is missing", ["by_middle"], "Untrusted"],
    ["an intermediate of the wrong order is missing", ["by_deep", "middle", "deep"], "Untrusted"],
    [
      "an authority that the deployment does not allow",
      ["by_middle", "middle"],
      "Untrusted",
      { intermediates: ["deep"] },
    ],
    ["no authority: CA is false", ["by_noca", "noca"], "NotAnAuthority"],
    ["no authority: without basic constraints", ["by_nobc", "nobc"], "NotAnAuthority"],
    ["no authority: may not sign certificates", ["by_nosign", "nosign"], "NotAnAuthority"],
    ["no authority: a client's certificate", ["by_middle", "by_root"], "Untrusted"],
    ["a path that is longer than its authority allows", ["by_below0", "below0", "pathlen0"], "NotAnAuthority"],
    ["name constraints, critical", ["by_constrained", "constrained"], "UnknownCriticalExtension"],
    ["name constraints, not critical", ["by_constrainedsoft", "constrainedsoft"], "UnknownCriticalExtension"],
    ["policy constraints", ["by_policied", "policied"], "UnknownCriticalExtension"],
    ["an unknown critical extension of an authority", ["by_unknown", "unknown"], "UnknownCriticalExtension"],
    [
      "an unknown critical extension of an anchor",
      ["by_badroot"],
      "UnknownCriticalExtension",
      { anchors: ["badroot"] },
    ],
    ["an unknown critical extension of the client", ["unknownleaf", "middle"], "UnknownCriticalExtension"],
    ["a key that may not sign", ["encipher", "middle"], "NotForSignatures"],
    ["another key than the leaf node's", ["by_middle", "middle"], "KeyMismatch", { keyOf: "by_deep" }],
    ["a key of another scheme than the suite's", ["middle", "root"], "SchemeMismatch", { keyOf: "by_root" }],
    ["the client's certificate has expired", ["by_middle", "middle"], "Expired", { at: NOW + 11 * YEAR }],
    ["an intermediate has expired", ["by_middle", "middle"], "Expired", { at: NOW + 51 * YEAR }],
    ["it is not valid yet", ["by_middle", "middle"], "NotYetValid", { at: NOW - YEAR }],
    [
      "more certificates than are searched",
      ["by_middle", "middle", "deep", "root", "noca", "nobc", "nosign"],
      "Malformed",
    ],
    ["nothing", [], "Malformed", { keyOf: "by_middle" }],
    ["something that is not a certificate", ["by_middle", "absent"], "Malformed"],
  ])("%s", async (_, chain, code, options) => {
    expect(await verdict(chain, options)).toBe(code);
  });

  it("a signature with one bit changed", async () => {
    const changed = der("middle");
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    const verify = await x509Verifier([der("root")]);
    const result = await verify({
      credential: new X509Credential([der("by_middle"), changed]).toCredential(),
      signatureScheme: ed25519,
      signatureKey: await signatureKeyOf("by_middle"),
      now: NOW,
    });
    expect(result).toMatchObject({ ok: false, error: { code: "InvalidSignature" } });
  });
});

it("names and the end of the path come from the certificates", async () => {
  const long = await verified(["by_middle", "middle"], {});
  const short = await verified(["short", "middle"], { at: Date.UTC(2026, 10, 26, 20) / 1000 });
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

it("keys of the vectors sign as the certificates say", async () => {
  const keys = { privateKey: fromHex(VECTORS.seeds.by_middle ?? ""), publicKey: await signatureKeyOf("by_middle") };
  const signer = SignatureKeyPair.fromRaw(nobleCrypto, ed25519, keys);
  const message = Uint8Array.of(1);
  const item = { publicKey: keys.publicKey, message, signature: await signer.sign(message) };
  expect(await nobleCrypto.verify(ed25519, item, "strict")).toBe(true);
});
