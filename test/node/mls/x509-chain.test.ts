import { beforeAll, describe, expect, it, vi } from "vitest";
import { admit } from "../../../src/admission/admit.ts";
import {
  CIPHERSUITES,
  type Credential,
  Credential as CredentialClass,
  ciphersuiteInfo,
  InMemoryKeyPackageStorage,
  KeyPackage,
  nobleCrypto,
  SignatureScheme,
} from "../../../src/mls/index.ts";
import { type X509Verifier, x509Verifier } from "../../../src/mls/x509/index.ts";
import {
  type Authority,
  authority,
  BasicConstraintsExtension,
  certify,
  credentialOf,
  Extension,
  KeyUsageFlags,
  newSigner,
} from "../support/x509.ts";

const NOW = 1_800_000_000;
const URI = "im:alice@example.com";
const ED25519 = SignatureScheme.ed25519;

let root: Authority;
let middle: Authority;
let loop: Authority;

beforeAll(async () => {
  root = await authority("root", { now: NOW });
  middle = await authority("middle", { now: NOW }, root);
  loop = await authority("loop", { now: NOW });
});

type Case = {
  readonly credential: (certificate: Uint8Array) => Credential;
  readonly anchors?: readonly Uint8Array[];
  readonly at?: number;
  readonly issuer?: Authority;
  readonly options?: Partial<Parameters<typeof certify>[3]>;
};

async function verdict({ credential, anchors = [root.der], at = NOW, issuer = middle, options }: Case) {
  const signer = await newSigner(ED25519);
  const certificate = await certify(signer, issuer, URI, { now: NOW, ...options });
  const verified = await (await x509Verifier(anchors))({
    credential: credential(certificate),
    signatureScheme: ED25519,
    signatureKey: signer.publicKey().asSlice(),
    now: at,
  });
  return verified.ok ? verified.value.alternativeNames : verified.error.code;
}

/** Low and high bits of contents, and kinds and lengths of what is in it. */
const BENDS = [0x01, 0x02, 0x80, 0x05];

type Bent = { readonly der: Uint8Array; readonly isSigned: boolean };

/** `isSigned`: whether the byte is of what the issuer signed, which begins with a header of four bytes and one of three. */
function* everyBentByte(der: Uint8Array): Generator<Bent> {
  for (const index of der.keys()) {
    const isSigned = index < 7 + (der[6] ?? 0);
    for (const bits of BENDS) yield { der: der.with(index, (der[index] ?? 0) ^ bits), isSigned };
  }
}

const names = [{ type: "url", value: URI }];

describe("an x509 credential", () => {
  it("is accepted when its chain leads to an anchor, sent with it or not, and offers its alternative names", async () => {
    expect(await verdict({ credential: (own) => credentialOf(own, middle.der) })).toEqual(names);
    expect(await verdict({ credential: (own) => credentialOf(own, middle.der, root.der) })).toEqual(names);
    expect(await verdict({ credential: (own) => credentialOf(own), anchors: [middle.der] })).toEqual(names);
  });

  it("is Untrusted when its chain leads elsewhere", async () => {
    const stranger = await authority("stranger", { now: NOW });
    expect(await verdict({ credential: (own) => credentialOf(own, middle.der), anchors: [stranger.der] })).toBe(
      "Untrusted",
    );
    expect(await verdict({ credential: (own) => credentialOf(own), anchors: [] })).toBe("Untrusted");
    expect(await verdict({ credential: (own) => credentialOf(own) })).toBe("Untrusted");
  });

  it("has an InvalidSignature when an impostor has the issuer's name", async () => {
    const impostor = await authority("middle", { now: NOW });
    expect(await verdict({ credential: (own) => credentialOf(own, middle.der), issuer: impostor })).toBe(
      "InvalidSignature",
    );
    const fake = await authority("root", { now: NOW });
    expect(await verdict({ credential: (own) => credentialOf(own, middle.der), anchors: [fake.der] })).toBe(
      "InvalidSignature",
    );
  });

  it("is Expired or NotYetValid at the time that is given, whichever certificate it is", async () => {
    const credential = (own: Uint8Array) => credentialOf(own, middle.der);
    expect(await verdict({ credential, at: NOW + 90_000 })).toBe("Expired");
    expect(await verdict({ credential, at: NOW - 4000 })).toBe("NotYetValid");
    const old = await authority("old", { now: NOW, notBefore: NOW - 9000, notAfter: NOW - 5 }, root);
    expect(await verdict({ credential: (own) => credentialOf(own, old.der), issuer: old })).toBe("Expired");
  });

  it("is refused below an issuer that is not an authority, or whose path is too short", async () => {
    const leaf = await authority("leaf", { now: NOW, ca: false }, root);
    expect(await verdict({ credential: (own) => credentialOf(own, leaf.der), issuer: leaf })).toBe("NotAnAuthority");
    const signer = await authority("signer", { now: NOW, usages: KeyUsageFlags.cRLSign }, root);
    expect(await verdict({ credential: (own) => credentialOf(own, signer.der), issuer: signer })).toBe(
      "NotAnAuthority",
    );
    const short = await authority("short", { now: NOW, pathLength: 0 });
    const under = await authority("under", { now: NOW }, short);
    expect(
      await verdict({ credential: (own) => credentialOf(own, under.der), issuer: under, anchors: [short.der] }),
    ).toBe("NotAnAuthority");
  });

  it("is refused with a key that may not sign, or a critical extension that is not understood", async () => {
    const credential = (own: Uint8Array) => credentialOf(own, middle.der);
    expect(await verdict({ credential, options: { usages: KeyUsageFlags.keyAgreement } })).toBe("NotForSignatures");
    const extensions = [new Extension("1.2.3.4", true, Uint8Array.of(5, 0))];
    expect(await verdict({ credential, options: { extensions } })).toBe("UnknownCriticalExtension");
  });

  it.each([
    { name: "policy constraints", type: "2.5.29.36", value: "3003800100" },
    { name: "inhibit anyPolicy", type: "2.5.29.54", value: "020100" },
  ])(
    "is refused below $name, which nothing here processes, critical or not, wherever in the chain",
    async (restricting) => {
      const { type, value } = restricting;
      for (const critical of [true, false]) {
        const extensions = [new Extension(type, critical, Uint8Array.from(Buffer.from(value, "hex")))];
        const refused = "UnknownCriticalExtension";
        const limited = await authority("limited", { now: NOW, extensions }, root);
        expect(await verdict({ credential: (own) => credentialOf(own, limited.der), issuer: limited })).toBe(refused);
        const anchor = await authority("anchor", { now: NOW, extensions });
        const under = await authority("under", { now: NOW }, anchor);
        const anchors = [anchor.der];
        const sent = (own: Uint8Array) => credentialOf(own, under.der, anchor.der);
        const leftOut = (own: Uint8Array) => credentialOf(own, under.der);
        expect(await verdict({ credential: sent, issuer: under, anchors })).toBe(refused);
        expect(await verdict({ credential: leftOut, issuer: under, anchors })).toBe(refused);
        const own = { credential: (own: Uint8Array) => credentialOf(own, middle.der), options: { extensions } };
        expect(await verdict(own)).toBe(refused);
      }
    },
  );

  it("is refused below an anchor with an unknown critical extension, sent or not", async () => {
    const extensions = [new Extension("1.2.3.4.5", true, Uint8Array.of(5, 0))];
    const anchor = await authority("anchor", { now: NOW, extensions });
    for (const chain of [[anchor.der], []]) {
      const credential = (own: Uint8Array) => credentialOf(own, ...chain);
      expect(await verdict({ credential, issuer: anchor, anchors: [anchor.der] })).toBe("UnknownCriticalExtension");
    }
  });

  it("is Malformed with an extension twice, in any certificate of its path", async () => {
    const again = [new BasicConstraintsExtension(false, undefined, false)];
    const credential = (own: Uint8Array) => credentialOf(own, middle.der);
    expect(await verdict({ credential, options: { extensions: again } })).toBe("Malformed");
    const twice = await authority("twice", { now: NOW, extensions: again }, root);
    expect(await verdict({ credential: (own) => credentialOf(own, twice.der), issuer: twice })).toBe("Malformed");
    const anchor = await authority("twice", { now: NOW, extensions: again });
    await expect(x509Verifier([anchor.der])).rejects.toThrow("more than once");
  });

  it("is accepted where any path leads to an anchor, past certificates that lead nowhere", async () => {
    const stranger = await authority("stranger", { now: NOW });
    const crossRoot = await authority("root", { now: NOW }, stranger, root);
    const crossMiddle = await authority("middle", { now: NOW }, stranger, middle);
    const expired = await authority("middle", { now: NOW, notBefore: NOW - 9, notAfter: NOW - 5 }, root, middle);
    const namesake = await authority("middle", { now: NOW }, root);
    const chains = [
      [middle.der, crossRoot.der],
      [middle.der, crossRoot.der, stranger.der],
      [crossMiddle.der, middle.der],
      [expired.der, middle.der],
      [namesake.der, middle.der],
      [crossMiddle.der, expired.der, namesake.der, middle.der, crossRoot.der],
    ];
    for (const chain of chains)
      expect(await verdict({ credential: (own) => credentialOf(own, ...chain) })).toEqual(names);
    const otherRoot = await authority("root", { now: NOW });
    const credential = (own: Uint8Array) => credentialOf(own, middle.der);
    expect(await verdict({ credential, anchors: [otherRoot.der, root.der] })).toEqual(names);
    const before = (own: Uint8Array) => credentialOf(own, crossMiddle.der, stranger.der);
    expect(await verdict({ credential: before })).toBe("Untrusted");
  });

  it("costs one signature for each pair of certificates, however many paths there are", async () => {
    const copies: Uint8Array[] = [];
    for (let i = 0; i < 5; i++) copies.push((await authority("loop", { now: NOW }, loop, loop)).der);
    const verify = vi.spyOn(crypto.subtle, "verify");
    try {
      expect(await verdict({ credential: (own) => credentialOf(own, ...copies), issuer: loop })).toBe("Untrusted");
      expect(verify.mock.calls.length).toBeGreaterThan(0);
      expect(verify.mock.calls.length).toBeLessThanOrEqual(15);
    } finally {
      verify.mockRestore();
    }
  });

  it("is Malformed when it is empty, no certificate, or endless", async () => {
    expect(await verdict({ credential: () => credentialOf() })).toBe("Malformed");
    expect(await verdict({ credential: () => credentialOf(Uint8Array.of(1, 2, 3)) })).toBe("Malformed");
    expect(await verdict({ credential: (own) => credentialOf(Uint8Array.of(...own, 0)) })).toBe("Malformed");
    expect(await verdict({ credential: () => new CredentialClass(2, Uint8Array.of(9)) })).toBe("Malformed");
    expect(await verdict({ credential: (own) => credentialOf(...new Array<Uint8Array>(7).fill(own)) })).toBe(
      "Malformed",
    );
    expect(await verdict({ credential: () => new CredentialClass(1, Uint8Array.of(0)) })).toBe("Malformed");
  });

  it("never throws, whichever byte of a certificate on the path is another one", async () => {
    const signer = await newSigner(ED25519);
    const leaf = await certify(signer, middle, URI, { now: NOW });
    const verify = await x509Verifier([root.der]);
    const ask = (by: X509Verifier, ...chain: Uint8Array[]) =>
      by({
        credential: credentialOf(...chain),
        signatureScheme: ED25519,
        signatureKey: signer.publicKey().asSlice(),
        now: NOW,
      });
    for (const { der, isSigned } of everyBentByte(leaf)) {
      const { ok } = await ask(verify, der, middle.der);
      expect(isSigned && ok).toBe(false);
    }
    for (const { der, isSigned } of everyBentByte(middle.der)) {
      const { ok } = await ask(verify, leaf, der);
      expect(isSigned && ok).toBe(false);
    }
    for (const { der } of everyBentByte(root.der)) {
      const made = await x509Verifier([der]).catch((error: unknown) => error);
      if (made instanceof RangeError) continue;
      expect(await ask(made as X509Verifier, leaf, middle.der)).toHaveProperty("ok");
    }
  });

  it("speaks for the key of the leaf node and for no other, in every scheme", async () => {
    for (const suite of CIPHERSUITES) {
      const scheme = ciphersuiteInfo(suite).signatureScheme;
      const [signer, other] = [await newSigner(scheme), await newSigner(scheme)];
      const credential = credentialOf(await certify(signer, root, URI, { now: NOW }));
      const verify = await x509Verifier([root.der]);
      const ask = (signatureKey: Uint8Array, signatureScheme = scheme) =>
        verify({ credential, signatureScheme, signatureKey, now: NOW });
      expect((await ask(signer.publicKey().asSlice())).ok, `suite ${suite}`).toBe(true);
      expect(await ask(other.publicKey().asSlice())).toMatchObject({ error: { code: "KeyMismatch" } });
      const wrong = scheme === ED25519 ? SignatureScheme.ed448 : ED25519;
      expect(await ask(signer.publicKey().asSlice(), wrong)).toMatchObject({ error: { code: "SchemeMismatch" } });
    }
  });

  it("ends with the first certificate of its path, the anchor's too", async () => {
    const ends = async (anchor: Authority, notAfter: number) => {
      const signer = await newSigner(ED25519);
      const verify = await x509Verifier([anchor.der]);
      const verified = await verify({
        credential: credentialOf(await certify(signer, anchor, URI, { now: NOW, notAfter })),
        signatureScheme: ED25519,
        signatureKey: signer.publicKey().asSlice(),
        now: NOW,
      });
      return verified.ok && verified.value.notAfter;
    };
    expect(await ends(root, NOW + 60)).toBe(NOW + 60);
    expect(await ends(await authority("short", { now: NOW, notAfter: NOW + 60 }), NOW + 3600)).toBe(NOW + 60);
  });

  it("cannot be verified against an anchor that is not a certificate, or an intermediate that is none", async () => {
    await expect(x509Verifier([root.der], { intermediates: [Uint8Array.of(1)] })).rejects.toThrow(RangeError);
    await expect(x509Verifier([Uint8Array.of(1)])).rejects.toThrow(RangeError);
  });
});

describe("admission of x509 credentials", () => {
  it("takes them where anchors are configured, for whom the certificate names", async () => {
    const signer = await newSigner(ED25519);
    const credential = credentialOf(await certify(signer, root, URI, { now: NOW }));
    const provider = { crypto: nobleCrypto, storage: new InMemoryKeyPackageStorage(), now: () => NOW };
    const built = await KeyPackage.builder().build(1, provider, signer, {
      credential,
      signatureKey: signer.publicKey(),
    });
    if (!built.ok) throw new Error(built.error.message);
    const policy = {
      ciphersuites: [1],
      maxKeyPackageBytes: 16_384,
      maxTotalLifetimeSeconds: 7_261_200,
      uploadClockSkewSeconds: 300,
    };
    const code = async (x509: X509Verifier | undefined, identity?: string) => {
      const [verdict] = await admit([built.value.keyPackage().tlsSerialize()], {
        crypto: nobleCrypto,
        policy: x509 === undefined ? policy : { ...policy, x509 },
        publisher: { alternativeName: identity === undefined ? undefined : { type: "url", value: identity } },
        now: NOW,
      });
      return verdict?.ok ? "ok" : verdict?.code;
    };
    expect(await code(undefined)).toBe("unsupported_credential_type");
    expect(await code(await x509Verifier([root.der]), URI)).toBe("ok");
    expect(await code(await x509Verifier([root.der]), "im:mallory@example.com")).toBe("credential_identity_mismatch");
    expect(await code(await x509Verifier([middle.der]), URI)).toBe("x509_untrusted");
  });
});
