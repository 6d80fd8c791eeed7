/**
 * An example for each request and each answer in JSON, by operation. The package in them is real: one of ts-mls from
 * test/vectors/peers.json, with its reference and its signature key. A test parses each with the schema that it is an
 * example of.
 */
import { readDeployment } from "../../config/deployment.ts";
import { describePolicy } from "../resources/service/policy-document.ts";

const KEY_PACKAGE =
  "AAEAASCa8y5VZNhWLTXkvnM3qyzuZOQclOBGdloSFkyinbsUaSA6qxmXtXPfL-Rk0jqHT19K8pr9fWHQ-x8X2A7Hl-XhXSBwHNM4RUXEbrgglvDxlKo7SS-0o7XQclvUeVFerhPzxwABCXRzLW1sczEtMAIAASgAAQACAAMABAAFAAYABwBNAE4ATwBQAFEAUgBTAFQAVQBWAFcAWJqaCAoKWlqqqrq6AAQAAQACAQAAAAAAAAAAf_________8AQEAvcMtamOVKQ-KzvDwnXyK-spQg7HH-LiBwsR7iscCCVVjTf70sM87XV7gpoWyroXrWhm2DaMqFHF6zW62DEg8IAEBAhy6i0nnmG6LsBi2TkvVrGD1Cisff-OzpaMTvNXwusfK_sb8yxlYmSKKRJdAWIdkc4KoDyMEgikwnG0wNHHaTCQ";
const KEY_PACKAGE_REF = "whYjNwvKjRw9szZ66V-9uOwly9-5WWJKrTTev-2Z4ts";
const SIGNATURE_KEY = "cBzTOEVFxG64IJbw8ZSqO0kvtKO10HJb1HlRXq4T88c";

/** The form of an Ed25519 signature. */
const PROOF = `${SIGNATURE_KEY}${SIGNATURE_KEY}`;

/** SHA-256 of that one reference. */
const REFS_DIGEST = "SVaU68wbFNsrpex_7hrurJdjXjg-rvjNsmBiMbeUZlU";

const POOL = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
const CURSOR = "WyJhbGljZSJd";

const inventory = [
  {
    ciphersuite: 1,
    available: 99,
    last_resort: { stored_at: 1_890_000_000, first_used_at: null, uses: 0, needs_rotation: false },
    next_expiry: 1_900_000_000,
    target: 100,
    low_watermark: 50,
    needs_upload: false,
  },
];

const issuer = {
  issuer: "https://auth.example.com",
  from: "address",
  fetched_at: 1_895_000_000,
  last_fetch_failed: false,
  key_ids: ["2026-11"],
};

const signature_keys = { ed25519: SIGNATURE_KEY };

const capability = {
  name: "front door",
  client: "phone",
  secret_sha256: REFS_DIGEST,
  created_at: 1_890_000_000,
  expires_at: 1_900_000_000,
  max_claims: 10,
  claims: 0,
};

const claimed = {
  client: "phone",
  status: "claimed",
  key_package: KEY_PACKAGE,
  key_package_ref: KEY_PACKAGE_REF,
  ciphersuite: 1,
  not_after: 1_900_000_000,
};

const published = {
  results: [
    { index: 0, ok: true, code: "stored", key_package_ref: KEY_PACKAGE_REF, ciphersuite: 1, last_resort: false },
    { index: 1, ok: false, code: "malformed", detail: "not base64url without padding" },
  ],
  inventory,
  restore_epoch: 0,
};

const client = { user: "alice", client: "phone", registered_at: 1_890_000_000, signature_keys, inventory };

const journalEntry = {
  sequence: 1_893_456_000_000,
  at: 1_893_456_000,
  event: "claimed",
  claimer: { user: "bob", client: "laptop" },
  ciphersuite: 1,
  key_package_ref: KEY_PACKAGE_REF,
};

const events = {
  waiting: [
    {
      id: "evt_6f1f3a52-0c0e-4f0e-9a57-3f0f0c8d2b11",
      sequence: 1_895_000_000_123,
      type: "key_packages.low",
      cause: "claim",
      client: "phone",
      ciphersuite: 1,
      at: 1_895_000_000,
      available: 49,
      last_resort: true,
      next_expiry: 1_900_000_000,
      attempts: 3,
      rejections: 0,
    },
  ],
  expiry_told: [{ client: "phone", until: 1_895_500_000 }],
};

const exported = {
  user: "alice",
  exported_at: 1_895_000_000,
  restore_epoch: 0,
  registrations: [
    {
      client: "phone",
      registered_at: 1_890_000_000,
      revoked_at: null,
      signature_keys,
      inventory,
      budgets: [{ name: "pair:bob", empty_at: 1_895_001_800 }],
    },
  ],
  budgets: [],
  budgets_raised: null,
  blocked: null,
  events,
  capabilities: [capability],
  tokens_ended: [],
  directory: [
    {
      database: "DB",
      client: "phone",
      version: 1_890_000_000_000,
      updated_at: 1_890_000_000,
      registered_at: 1_890_000_000,
      revoked_at: null,
      signature_keys: `[[2055,"${SIGNATURE_KEY}"]]`,
      stock: "[[1,99,1,1900000000,0,[0]]]",
      capabilities: "[[[],[],[1]]]",
      next_expiry: 1_900_000_000,
      shortage: null,
    },
  ],
  key_packages: [],
  journal: [],
  routes: [],
  operator_changes: [],
  next: CURSOR,
};

const erased = {
  user: "alice",
  erased_at: 1_895_000_000,
  existed: true,
  journals_of_others_end_at: 1_897_592_000,
};

/** The request's body, and the answer's; without the one that the operation does not have. */
export type Example = { readonly request?: unknown; readonly answer?: unknown };

export const EXAMPLES: Readonly<Record<string, Example>> = {
  claimUser: {
    request: { ciphersuites: [1], min_remaining_lifetime_seconds: 86_400 },
    answer: { user: "alice", status: "partial", clients: [claimed, { client: "tablet", status: "exhausted" }] },
  },
  claimUsers: {
    request: { users: ["alice", "carol"], ciphersuites: [1] },
    answer: {
      users: [
        { user: "alice", status: "ok", clients: [claimed] },
        { user: "carol", status: "unknown_user", clients: [] },
      ],
    },
  },
  findRoutes: {
    request: { key_package_refs: [KEY_PACKAGE_REF] },
    answer: {
      routes: [{ key_package_ref: KEY_PACKAGE_REF, user: "alice", client: "phone", not_after: 1_900_000_000 }],
    },
  },
  listClients: {
    answer: {
      user: "alice",
      clients: [
        {
          client: "phone",
          registered_at: 1_890_000_000,
          signature_keys,
          offers: [
            {
              ciphersuite: 1,
              available: 99,
              last_resort: true,
              next_expiry: 1_900_000_000,
              capabilities: [{ extensions: [], proposals: [], credentials: [1] }],
              capabilities_complete: true,
            },
          ],
        },
      ],
    },
  },
  registerClient: {
    request: { signature_keys, signed_at: 1_890_000_000, proofs: { ed25519: PROOF } },
    answer: client,
  },
  endClient: { answer: { user: "alice", client: "phone", purged: 99 } },
  endSibling: { answer: { user: "alice", client: "phone", purged: 99 } },
  getClient: { answer: client },
  revokeClient: { answer: { user: "alice", client: "phone", purged: 99 } },
  publishKeyPackages: { request: { key_packages: [KEY_PACKAGE, "not base64url"] }, answer: published },
  replaceKeyPackages: {
    request: { key_packages: [KEY_PACKAGE] },
    answer: { ...published, results: published.results.slice(0, 1) },
  },
  removeKeyPackages: { request: { refs: [KEY_PACKAGE_REF] }, answer: { removed: 1, inventory } },
  getInventory: { answer: { inventory, restore_epoch: 0 } },
  getJournal: { answer: { entries: [journalEntry], next: CURSOR } },
  reconcile: {
    request: { digest: REFS_DIGEST, refs: [KEY_PACKAGE_REF] },
    answer: {
      same: false,
      server_refs: [],
      missing_at_server: [{ key_package_ref: KEY_PACKAGE_REF, reason: "claimed" }],
      pruned: 0,
      inventory,
      restore_epoch: 0,
    },
  },
  exportOwnData: { answer: exported },
  exportUser: { answer: exported },
  eraseOwnData: { answer: erased },
  eraseUser: { answer: erased },
  forgetInPool: { request: { users: ["mallory"] }, answer: { pool: POOL, claims: 3, clients: 1, dry_run: false } },
  getPolicy: { answer: describePolicy(readDeployment({})) },
  getUser: {
    answer: {
      user: "alice",
      restore_epoch: 0,
      directory_pending: false,
      clients: [
        {
          client: "phone",
          registered_at: 1_890_000_000,
          revoked: false,
          revoked_at: null,
          signature_keys,
          inventory,
          last_upload_at: 1_894_000_000,
          last_claimed_at: 1_894_900_000,
          missed: [{ reason: "incompatible", count: 2, last_at: 1_894_990_000 }],
          budgets: [],
        },
      ],
      budgets: [],
      budgets_raised: null,
      events,
      activity_since: 1_892_400_000,
      top_claimers_of_hour: [],
      top_claimers_of_day: [{ user: "bob", claimed: 3, missed: 2 }],
    },
  },
  getUserJournal: { answer: { user: "alice", entries: [{ client: "phone", ...journalEntry }], next: null } },
  purgeClient: { answer: { user: "alice", client: "phone", purged: 99 } },
  getRestoreEpoch: { answer: { restore_epoch: 0, holds_everywhere_at: null } },
  setRestoreEpoch: {
    request: { restore_epoch: 1_895_000_000 },
    answer: { restore_epoch: 1_895_000_000, holds_everywhere_at: 1_895_000_120 },
  },
  resetBudgets: { answer: { user: "alice", budgets: 3 } },
  raiseBudgets: {
    request: { factor: 10, until: 1_895_100_000 },
    answer: { user: "alice", factor: 10, until: 1_895_100_000 },
  },
  previewRestoreEpoch: {
    answer: {
      restore_epoch: 1_895_000_000,
      users: 100,
      users_affected: 97,
      one_time: 9_120,
      last_resorts: 95,
      next: CURSOR,
    },
  },
  blockUser: {
    request: { until: 1_896_000_000 },
    answer: { user: "mallory", until: 1_896_000_000, holds_everywhere_at: 1_895_000_120 },
  },
  unblockUser: { answer: { user: "mallory", was_blocked: true } },
  listBlockedUsers: { answer: { blocked: [{ pool: POOL, since: 1_895_000_000, until: null, why: "ticket 4711" }] } },
  getIssuerKeys: { answer: { issuers: [issuer] } },
  refreshIssuerKeys: {
    answer: { issuers: [{ ...issuer, outcome: "fetched" }], holds_everywhere_at: 1_895_000_120 },
  },
  getTop: {
    answer: {
      counting: true,
      span: "hour",
      since: 1_895_000_000,
      claimers: { total: 5_120, missed: 4, rows: [{ pool: POOL, user: "mallory", count: 2_900 }] },
      targets: { total: 5_120, missed: 11, rows: [{ pool: POOL, user: "alice", count: 120 }] },
      refusals: { total: 31, missed: 0, rows: [{ pool: POOL, user: "mallory", count: 30, code: "rate_limited" }] },
    },
  },
  getSeries: {
    answer: {
      counting: true,
      span: "six_hours",
      since: 1_895_000_400,
      step_seconds: 600,
      claims: { one_time: [412, 398], last_resort: [3, 0], missed: [1, 0], rate_limited: [0, 0] },
      refusals: { rate_limited: [0, 0], not_allowed: [2, 5], failed: [0, 0], other: [1, 0] },
      directory_lag_seconds: [0, 34],
    },
  },
  getAuditTrail: {
    answer: {
      records: [
        {
          id: 17,
          at: 1_895_000_000,
          actor: { user: "olga", client: null },
          operation: "revokeUser",
          target: POOL,
          why: "ticket 4711, lost phone",
          request_id: "0d0c9b8a-5f4e-4d3c-9b2a-1f0e9d8c7b6a",
          ended_at: 1_895_000_000,
          status: 200,
          code: null,
          outcomes: [
            { name: "clients", value: 2 },
            { name: "purged", value: 150 },
          ],
        },
      ],
      next: null,
    },
  },
  createClaimCapability: {
    request: { secret_sha256: REFS_DIGEST, max_claims: 10, expires_at: 1_900_000_000 },
    answer: capability,
  },
  listClaimCapabilities: { answer: { capabilities: [capability] } },
  revokeClaimCapability: { answer: { name: "front door", existed: true } },
  getReceiptKeys: {
    answer: {
      keys: [{ kty: "OKP", crv: "Ed25519", kid: "2027-01", x: SIGNATURE_KEY, alg: "EdDSA", use: "sig" }],
    },
  },
  getHealth: { answer: { status: "ok" } },
  getReadiness: {
    answer: {
      status: "ready",
      parts: [
        { part: "settings", ready: true },
        { part: "authentication", ready: true, keys_fetched_at: 1_895_000_000 },
        { part: "database", name: "DB", ready: true },
      ],
    },
  },
  getStock: {
    answer: {
      rows: [
        {
          user: "alice",
          client: "phone",
          ciphersuite: 1,
          available: 12,
          last_resort: true,
          next_expiry: 1_900_000_000,
          needs_upload: true,
        },
      ],
      next: null,
    },
  },
  listUsers: { answer: { users: ["alice"], next: CURSOR } },
  revokeUser: { answer: { user: "alice", clients: 2, purged: 150 } },
  resyncUser: { answer: { user: "alice", status: "delivered" } },
  resyncPool: { answer: { pool: POOL, status: "queued" } },
};
