import { createHash, createPublicKey, verify } from "node:crypto";
export default {
  async fetch(req: Request) {
    const kp = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
    const raw = new Uint8Array((await crypto.subtle.exportKey("raw", kp.publicKey)) as ArrayBuffer);
    const msgs = Array.from({ length: 200 }, () => crypto.getRandomValues(new Uint8Array(300)));
    const sigs = [];
    for (const m of msgs) sigs.push(new Uint8Array(await crypto.subtle.sign("Ed25519", kp.privateKey, m)));
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: raw.toBase64({ alphabet: "base64url", omitPadding: true }) },
      format: "jwk",
    });
    const op = new URL(req.url).pathname;
    let n = 0;
    if (op === "/node") for (let i = 0; i < 200; i++) n += Number(verify(null, msgs[i]!, key, sigs[i]!));
    if (op === "/wc")
      n = (await Promise.all(msgs.map((m, i) => crypto.subtle.verify("Ed25519", kp.publicKey, sigs[i]!, m)))).filter(
        Boolean,
      ).length;
    if (op === "/sha512node") for (let i = 0; i < 200; i++) n += createHash("sha512").update(msgs[i]!).digest()[0]!;
    if (op === "/sha512wc") n = (await Promise.all(msgs.map((m, i) => crypto.subtle.digest("SHA-512", m)))).length;
    return new Response(String(n));
  },
};
