/** An x509 credential as a deployment meets it: a client's certificate under an intermediate authority under an anchor. */
import { nobleCrypto, SignatureKeyPair, type SignatureScheme } from "../../src/mls/index.ts";
import { unixSeconds } from "../../src/shared/time.ts";
import { authority, certify } from "../../test/node/support/x509.ts";
import type { SampleSigner } from "../../tools/lib/sample-packages.ts";
import type { Chain } from "./packages.ts";

/** Signed with ECDSA on P-256, whatever the client's own key is. The anchor is not sent. */
export async function clientChain(scheme: SignatureScheme, { signKey, publicKey }: SampleSigner): Promise<Chain> {
  const now = unixSeconds(Date.now());
  const client = SignatureKeyPair.fromRaw(nobleCrypto, scheme, { privateKey: signKey, publicKey });
  const anchor = await authority("anchor", { now });
  const intermediate = await authority("intermediate", { now }, anchor);
  const certificate = await certify(client, intermediate, "wireapp://alice!phone@example.com", { now });
  return { certificates: [certificate, intermediate.der], anchor: anchor.der };
}
