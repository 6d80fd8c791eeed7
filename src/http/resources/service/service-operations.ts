/** What anyone may read: the policy, and whether the Worker is alive and ready. */
import { POLICY_CACHE_SECONDS, READINESS_CACHE_MS } from "../../../config/limits.ts";
import { type Descriptions, operation } from "../../operation.ts";
import { ok, refuse } from "../../refusals/refusal.ts";
import { describePolicy, receiptKeys } from "./policy-document.ts";
import { readiness } from "./readiness.ts";
import { healthAnswer, notReady, policyAnswer, readinessAnswer, receiptKeysAnswer } from "./service-schemas.ts";

const PUBLIC = { "Cache-Control": `public, max-age=${POLICY_CACHE_SECONDS}` };

export const service = [
  operation({
    id: "getPolicy",
    method: "GET",
    path: "/v1/policy",
    access: "anyone",
    revalidates: true,
    handle: (_, c) => ok(c.json(describePolicy(c.get("deployment")), 200, PUBLIC)),
  }),
  operation({
    id: "getReceiptKeys",
    method: "GET",
    path: "/.well-known/jwks.json",
    access: "anyone",
    revalidates: true,
    handle: (_, c) => ok(c.json(receiptKeys(c.get("deployment")), 200, PUBLIC)),
  }),
  operation({
    id: "getHealth",
    method: "GET",
    path: "/healthz",
    access: "anyone",
    handle: (_, c) => ok(c.json({ status: "ok" })),
  }),
  operation({
    id: "getReadiness",
    method: "GET",
    path: "/readyz",
    access: "anyone",
    handle: async (_, c) => {
      // Certificates and keys of the settings are looked at when they are first needed: that may be now.
      await c.get("x509Verifier")();
      await c.get("receipts")();
      const parts = await readiness(c.get("deployment"), c.get("directory"));
      const missing = parts.filter(({ ready }) => !ready);
      if (missing.length === 0) {
        return ok(c.json({ status: "ready", parts, version: c.env.CF_VERSION_METADATA?.id }));
      }
      const faults = missing.map((one) => `${one.name ?? one.part}: ${one.detail}`).join("; ");
      const detail = `expected every part to be ready, got: ${faults}`;
      return refuse("not_ready", detail, { members: { parts }, retryAfterSeconds: READINESS_CACHE_MS / 1000 });
    },
  }),
];

export const serviceDescribed = (): Descriptions => ({
  getPolicy: {
    summary: "Ciphersuites, limits, thresholds and lifetimes in force.",
    answers: [{ status: 200, description: "The policy.", json: policyAnswer }],
    problems: [],
  },
  getReceiptKeys: {
    summary: "The keys that receipts are signed with, as a JWK Set; none where no receipts are signed.",
    answers: [{ status: 200, description: "The keys, older and coming ones too.", json: receiptKeysAnswer }],
    problems: [],
  },
  getHealth: {
    summary: "Liveness check: the Worker runs. Looks at nothing else.",
    answers: [{ status: 200, description: "The Worker runs.", json: healthAnswer }],
    problems: [],
  },
  getReadiness: {
    summary: "Readiness check: settings, authentication, and that each database answers and has its tables.",
    answers: [{ status: 200, description: "The deployment can serve.", json: readinessAnswer }],
    problems: ["not_ready"],
    members: { not_ready: notReady },
  },
});
