import { equalBytes } from "../mls/bytes.ts";
import type { ExpectedIdentity } from "./policy.ts";

/** Whether a basic credential's identity is the template with its placeholders filled, byte for byte in UTF-8. */
export function identityMatches(identity: Uint8Array, { user, client, template }: ExpectedIdentity): boolean {
  if (template === "*") return true;
  const expected = template.replace(/\{(user|client)\}/g, (_, name) => (name === "user" ? user : client));
  return equalBytes(identity, new TextEncoder().encode(expected));
}
