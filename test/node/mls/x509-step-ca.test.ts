/** A chain of step-ca: its root and intermediate, and a client's certificate by its default template. */
import { expect, it } from "vitest";
import { readVectors, verify } from "../support/read-x509-vectors.ts";

const CERTIFICATES = readVectors("step-ca.pem");
const [root, intermediate, client] = ["root", "intermediate", "client"].map(
  (name) => CERTIFICATES.get(name) ?? new Uint8Array(),
) as [Uint8Array, Uint8Array, Uint8Array];

/** 2027-01-15. */
const NOW = 1_800_000_000;

it("is accepted with its intermediate, sent or set, and not without", async () => {
  const anchors = [root];
  expect((await verify({ chain: [client, intermediate], anchors, now: NOW })).ok).toBe(true);
  expect((await verify({ chain: [client], anchors, intermediates: [intermediate], now: NOW })).ok).toBe(true);
  expect(await verify({ chain: [client], anchors, now: NOW })).toMatchObject({ error: { code: "Untrusted" } });
});

it("has a client's URI as step-ca writes it: with %21 for the exclamation mark", async () => {
  const verified = await verify({ chain: [client, intermediate], anchors: [root], now: NOW });
  expect(verified.ok && verified.value.alternativeNames).toEqual([
    { type: "dns", value: "alice.phone.example.com" },
    { type: "email", value: "alice@example.com" },
    { type: "url", value: "wireapp://alice%21phone@example.com" },
  ]);
});
