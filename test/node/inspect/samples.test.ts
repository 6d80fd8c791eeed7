/** The samples of the inspector: whose numbers they are read with, and what the directory says of each. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { judgeAsDirectory, judgeAsOpenMls } from "../../../src/inspect/judge.ts";
import { likelyProfile } from "../../../src/inspect/likely-profile.ts";
import { postQuantumCrypto } from "../../../src/mls/post-quantum/index.ts";
import { fromHex } from "../support/vectors.ts";

type Sample = { readonly name: string; readonly cipher_suite: number; readonly profile?: string; readonly hex: string };
const { judged_at, samples }: { judged_at: number; samples: Sample[] } = JSON.parse(
  readFileSync("test/vectors/samples.json", "utf8"),
);

/** mls-rs gives a package a year unless told otherwise. */
const REFUSED: Readonly<Record<string, string>> = { "mls-rs": "lifetime_too_long" };

describe.each(samples)("the sample $name", ({ name, cipher_suite, profile = "rfc9420", hex }) => {
  const bytes = fromHex(hex);
  const likely = likelyProfile(bytes);

  it("is read with the numbers of its implementation, although others use the same number", () => {
    expect(likely.name).toBe(profile);
  });

  it("is valid for OpenMLS, and the directory says of it what is expected", async () => {
    const dialect = { profile: likely, crypto: postQuantumCrypto };
    expect(await judgeAsOpenMls(bytes, judged_at, dialect)).toMatchObject({ ok: true, ciphersuite: cipher_suite });
    const [answer] = await judgeAsDirectory([bytes], judged_at, {}, dialect);
    expect(answer?.ok === false ? answer.code : "accepted").toBe(REFUSED[name] ?? "accepted");
  });
});

describe("the likely profile", () => {
  it("is RFC 9420's for bytes that are no package, and for a number that nobody has", () => {
    expect(likelyProfile(new Uint8Array([1, 2, 3])).name).toBe("rfc9420");
    const unknown = fromHex(samples[0]?.hex ?? "");
    unknown.set([0xab, 0xcd], 2);
    expect(likelyProfile(unknown).name).toBe("rfc9420");
  });

  it("is the first that has the number where no profile has keys of that length", () => {
    const short = fromHex(samples[0]?.hex ?? "");
    // OpenMLS has X-Wing under 77, ts-mls ML-KEM: neither has keys of 32 bytes.
    short.set([0, 77], 2);
    expect(likelyProfile(short).name).toBe("openmls-0.9");
  });
});
