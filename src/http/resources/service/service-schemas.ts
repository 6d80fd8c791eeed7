import * as z from "zod/mini";
import { base64url, codePoint, named, unixSeconds } from "../../wire/common-schemas.ts";

const count = z.int().check(z.minimum(0));

export const policyAnswer = /* @__PURE__ */ named(
  "Policy",
  "What this deployment accepts and promises. Null means unlimited. `x509_identity` is there if X.509 credentials are accepted, `receipts` if receipts are signed: their `iss`, and whether they come unasked, `claim_capabilities` if owners may let others claim without a token. Only together with `ciphersuite_profile` does the number of a ciphersuite say which algorithms are meant: `ciphersuite_algorithms` names them for each that is accepted, the preferred one first; `ciphersuites_left_out` are the others of the profile that this build of the service cannot check.",
  () =>
    z.strictObject({
      protocol_versions: z.array(z.enum(["mls10"])),
      ciphersuite_profile: z.string(),
      ciphersuites: z.array(codePoint),
      ciphersuite_algorithms: z.array(
        z.strictObject({
          ciphersuite: codePoint,
          name: z.string(),
          kem: z.string(),
          aead: z.string(),
          hash: z.string(),
          signature: z.string(),
        }),
      ),
      ciphersuites_left_out: z.array(z.strictObject({ ciphersuite: codePoint, name: z.string(), reason: z.string() })),
      credential_types: z.array(codePoint),
      credential_identity: z.string(),
      x509_identity: z.optional(z.string()),
      receipts: z.optional(z.strictObject({ issuer: z.string(), given: z.enum(["on_request", "always"]) })),
      claim_capabilities: z.optional(z.boolean()),
      limits: z.strictObject({
        key_packages_per_request: count,
        key_package_bytes: count,
        body_bytes: count,
        users_per_claim: count,
        refs_per_request: count,
        identifier_bytes: count,
        clients_per_user: count,
      }),
      lifetime: z.strictObject({
        max_total_seconds: z.nullable(count),
        upload_clock_skew_seconds: count,
        min_remaining_at_claim_seconds: count,
      }),
      stock: z.strictObject({ target: count, cap: count, low_watermark: count }),
      budgets: z.strictObject({
        pair: z.nullable(z.strictObject({ burst: count, per_hour: count })),
        target_per_hour: z.nullable(count),
        misses_per_hour: z.nullable(count),
        unknown_users_per_hour: z.nullable(count),
        refusals_per_minute: z.nullable(count),
        uploads_per_day: z.nullable(count),
        user_uploads_per_day: z.nullable(count),
        registrations_per_hour: z.nullable(count),
      }),
      retention: z.strictObject({ replay_seconds: count, journal_seconds: count }),
    }),
);
export type Policy = z.infer<typeof policyAnswer>;

export const receiptKeysAnswer = /* @__PURE__ */ named(
  "ReceiptKeySet",
  "A JWK Set (RFC 7517) of Ed25519 keys (RFC 8037).",
  () =>
    z.strictObject({
      keys: z.array(
        z.strictObject({
          kty: z.enum(["OKP"]),
          crv: z.enum(["Ed25519"]),
          kid: z.string(),
          x: base64url,
          alg: z.enum(["EdDSA"]),
          use: z.enum(["sig"]),
        }),
      ),
    }),
);
export type ReceiptKeySet = z.infer<typeof receiptKeysAnswer>;

export const healthAnswer = /* @__PURE__ */ named("Health", "The Worker runs.", () =>
  z.strictObject({ status: z.enum(["ok"]) }),
);

const readinessParts = z.array(
  z.strictObject({
    part: z.enum(["settings", "authentication", "database"]),
    /** Of a database: its binding. */
    name: z.optional(z.string()),
    ready: z.boolean(),
    detail: z.optional(z.string()),
    /** Of authentication, if keys are at an address: when the oldest that are in use were fetched; null before the first token. */
    keys_fetched_at: z.optional(z.nullable(unixSeconds)),
  }),
);
export type ReadinessPart = z.infer<typeof readinessParts>[number];

export const readinessAnswer = /* @__PURE__ */ named("Readiness", "Every part of the deployment is ready.", () =>
  z.strictObject({
    status: z.enum(["ready"]),
    parts: readinessParts,
    /** The id of the version of the Worker that answers, where the platform deploys versions. */
    version: z.optional(z.string()),
  }),
);

/** Members of the problem `not_ready`. */
export const notReady = /* @__PURE__ */ named("NotReady", "The parts of the deployment.", () =>
  z.object({ parts: readinessParts }),
);

/** Members of the problem `invalid_request`. */
export const requestFaults = /* @__PURE__ */ named(
  "RequestFaults",
  "Where the request is not what the route takes: JSON pointers and what was expected there.",
  () => z.object({ errors: z.optional(z.array(z.strictObject({ pointer: z.string(), detail: z.string() }))) }),
);

/** RFC 9457 with the stable code; some codes bring members of their own. */
export const problemDocument = /* @__PURE__ */ named(
  "Problem",
  "Problem details of RFC 9457. `code` is stable; `detail` says what was expected and what came, for people; `instance` names the request in the logs.",
  () =>
    z.looseObject({
      type: z.string(),
      title: z.string(),
      status: z.int().check(z.minimum(400), z.maximum(599)),
      code: z.string(),
      detail: z.string(),
      instance: z.string(),
    }),
);
