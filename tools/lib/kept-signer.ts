/** Signature keys in a file, for clients that outlive the process that plays them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { newSigner, type SampleSigner } from "./sample-packages.ts";

/** The Ed25519 key pair kept in `file`, readable for its owner alone; it is made at the first call. */
export async function keptSigner(file: string): Promise<SampleSigner> {
  if (!existsSync(file)) {
    const { signKey, publicKey } = await newSigner();
    const text = JSON.stringify({ signKey: hex(signKey), publicKey: hex(publicKey) });
    writeFileSync(file, text, { mode: 0o600 });
  }
  const { signKey, publicKey } = JSON.parse(readFileSync(file, "utf8")) as { signKey: string; publicKey: string };
  return { signKey: Buffer.from(signKey, "hex"), publicKey: Buffer.from(publicKey, "hex") };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
