/** Hashes that name something, as text. */
import { sha256 } from "@noble/hashes/sha2.js";
import { toBase64Url } from "./portable-base64url.ts";

/** SHA-256 in base64url. */
export const digestOf = (bytes: Uint8Array): string => toBase64Url(sha256(bytes));

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
