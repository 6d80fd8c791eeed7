import { describe, expect, it } from "vitest";
import { refusalOfDecodeError, refusalOfVerifyError } from "../../../src/admission/admission-refusal.ts";
import { admit } from "../../../src/admission/admit.ts";
import {
  MAX_KEY_PACKAGE_BYTES,
  MAX_TOTAL_LIFETIME_SECONDS,
  UPLOAD_CLOCK_SKEW_SECONDS,
} from "../../../src/config/limits.ts";
import { CIPHERSUITES } from "../../../src/mls/ciphersuite.ts";
import { ProtocolVersion } from "../../../src/mls/codec/code-points.ts";
import { nobleCrypto } from "../../../src/mls/crypto/noble.ts";
import { KeyPackageIn } from "../../../src/mls/key-package/key-package-in.ts";
import { makeKeyPackageRef } from "../../../src/mls/key-package/key-package-ref.ts";
import { encodeMlsMessage, splitMlsMessages } from "../../../src/mls/key-package/mls-message.ts";
import { type Anomaly, fromHex, peers, readShared, sharedMissing, toHex, type Vector } from "../support/vectors.ts";

const PEERS_NOW = 1_795_467_034;

function decode(bytes: Uint8Array): KeyPackageIn {
  const decoded = KeyPackageIn.fromBytes(bytes);
  if (!decoded.ok) throw new Error(decoded.error.message);
  return decoded.value;
}

/** A second inside the package's own lifetime. */
function insideLifetime(keyPackage: KeyPackageIn): number {
  const lifetime = keyPackage.unverified().leafNode.lifeTime();
  if (!lifetime) throw new Error("no lifetime");
  const { notBefore, notAfter } = lifetime;
  return Number(notAfter - notBefore > 3600n ? notBefore + 3600n : notBefore);
}

async function openmls(bytes: Uint8Array, now?: number): Promise<string> {
  const decoded = KeyPackageIn.fromBytes(bytes);
  if (!decoded.ok) return refusalOfDecodeError(decoded.error).code;
  const at = now ?? insideLifetime(decoded.value);
  const valid = await decoded.value.validate(nobleCrypto, ProtocolVersion.Mls10, { now: at });
  return valid.ok ? toHex((await valid.value.hashRef(nobleCrypto)).asSlice()) : refusalOfVerifyError(valid.error).code;
}

const directory = (items: readonly Uint8Array[], now: number, maxTotalLifetimeSeconds?: number) =>
  admit(items, {
    crypto: nobleCrypto,
    policy: {
      maxKeyPackageBytes: MAX_KEY_PACKAGE_BYTES,
      maxTotalLifetimeSeconds,
      uploadClockSkewSeconds: UPLOAD_CLOCK_SKEW_SECONDS,
      ciphersuites: CIPHERSUITES,
    },
    publisher: {},
    now,
  });

describe("packages of other implementations", () => {
  it("pass the directory's policy and give their reference, but for the compressed EC keys of ts-mls", async () => {
    const vectors = peers();
    const verdicts = await directory(
      vectors.map((vector) => fromHex(vector.hex)),
      PEERS_NOW,
    );
    const isCompressed = (vector: Vector) =>
      vector.source.startsWith("ts-mls") && [2, 5, 7].includes(vector.cipher_suite);
    expect(verdicts.map((verdict) => (verdict.ok ? toHex(verdict.keyPackage.ref) : verdict.code))).toEqual(
      vectors.map((vector) => (isCompressed(vector) ? "invalid_signature_key" : vector.ref)),
    );
    expect(vectors.filter(isCompressed)).toHaveLength(18);
  });

  it("pass OpenMLS's validation, compressed keys included", async () => {
    const vectors = peers();
    expect(await Promise.all(vectors.map((vector) => openmls(fromHex(vector.hex), PEERS_NOW)))).toEqual(
      vectors.map((vector) => vector.ref),
    );
  });

  it("have the same verdict inside an MLSMessage, alone or one of many", async () => {
    const bare = peers().map((vector) => fromHex(vector.hex));
    const messages = bare.map(encodeMlsMessage);
    const split = splitMlsMessages(Buffer.concat(messages));
    expect(split.ok && split.value.map(toHex)).toEqual(messages.map(toHex));
    expect(await directory(messages, PEERS_NOW)).toEqual(await directory(bare, PEERS_NOW));
  });

  it("tell a last resort and what the client supports, without GREASE", async () => {
    const [verdict] = await directory(
      peers()
        .slice(0, 1)
        .map((vector) => fromHex(vector.hex)),
      PEERS_NOW,
    );
    expect(verdict?.ok && verdict.keyPackage).toMatchObject({
      ciphersuite: 1,
      signatureScheme: 0x0807,
      lastResort: false,
      notAfter: Number.MAX_SAFE_INTEGER,
      capabilities: { extensions: [], proposals: [], credentials: [1, 2] },
    });
  });
});

describe.skipIf(sharedMissing)(`vectors of the working group ${sharedMissing ?? ""}`, () => {
  it("published.json: every package is valid inside its lifetime and has its reference", async () => {
    const { key_packages: vectors } = readShared<{ key_packages: Vector[] }>("published.json");
    expect(vectors.length).toBe(456);
    expect(await Promise.all(vectors.map((vector) => openmls(fromHex(vector.hex))))).toEqual(
      vectors.map((vector) => vector.ref),
    );
  });

  it("key-package-ref.json: references hold, leaf signatures do not", async () => {
    const { key_packages: vectors } = readShared<{ key_packages: Vector[] }>("key-package-ref.json");
    for (const vector of vectors) {
      const keyPackage = decode(fromHex(vector.hex));
      const ref = await makeKeyPackageRef(nobleCrypto, keyPackage.suite(), keyPackage.tlsSerialize());
      expect(toHex(ref.asSlice())).toBe(vector.ref);
      expect(await openmls(fromHex(vector.hex))).toBe("invalid_leaf_node_signature");
    }
    expect(vectors).toHaveLength(7);
  });

  it("anomalies.json: every case gets its verdict from OpenMLS's validation and from the directory", async () => {
    const { clock, cases } = readShared<{ clock: number; cases: Anomaly[] }>("anomalies.json");
    const items = cases.map((anomaly) => fromHex(anomaly.hex));
    const verdicts = await directory(items, clock, MAX_TOTAL_LIFETIME_SECONDS);
    for (const [index, anomaly] of cases.entries()) {
      const verdict = verdicts[index];
      const code = verdict?.ok ? null : verdict?.code;
      if (anomaly.directory === "*") expect(code, anomaly.name).toEqual(expect.any(String));
      else expect(code, anomaly.name).toBe(anomaly.directory);
      const byOpenMls = await openmls(fromHex(anomaly.hex), clock);
      expect(/^[0-9a-f]{64,}$/.test(byOpenMls) ? null : byOpenMls, anomaly.name).toBe(anomaly.openmls);
    }
    expect(cases).toHaveLength(43);
  });
});
