import { Writer } from "../codec/writer.ts";

/** The labels used in a KeyPackage (RFC 9420 §7.2, §10). */
export type SignatureLabel = "KeyPackageTBS" | "LeafNodeTBS";

/**
 * The input of SignWithLabel and VerifyWithLabel, RFC 9420 §5.1.2:
 * ```
 * struct { opaque label<V>; opaque content<V>; } SignContent;   // label = "MLS 1.0 " + Label
 * ```
 */
export function encodeSignContent(label: SignatureLabel, content: Uint8Array): Uint8Array {
  const encodedLabel = new TextEncoder().encode(`MLS 1.0 ${label}`);
  return new Writer().opaque(encodedLabel).opaque(content).finish();
}
