/** The answers of a directory as far as the commands show them. Unknown members are let through for `--json`. */
import * as z from "zod";

const suiteInventory = z.looseObject({
  ciphersuite: z.number(),
  available: z.number(),
  last_resort: z.looseObject({ uses: z.number(), needs_rotation: z.boolean() }).nullable(),
  next_expiry: z.number().nullable(),
  target: z.number(),
  low_watermark: z.number(),
  needs_upload: z.boolean(),
});
const inventory = z.array(suiteInventory);
export type Inventory = z.infer<typeof inventory>;

export const INVENTORY = z.looseObject({ inventory });

export const CLIENT = z.looseObject({ user: z.string(), client: z.string(), registered_at: z.number(), inventory });

const publishResult = z.looseObject({
  index: z.number(),
  ok: z.boolean(),
  code: z.string(),
  detail: z.string().optional(),
  key_package_ref: z.string().optional(),
});
export type PublishResult = z.infer<typeof publishResult>;
/** Of a refused replacement, too. */
export const PUBLISHED = z.looseObject({ results: z.array(publishResult), inventory });

const clientClaim = z.looseObject({
  client: z.string(),
  status: z.string(),
  key_package: z.string().optional(),
  key_package_ref: z.string().optional(),
  ciphersuite: z.number().optional(),
  not_after: z.number().optional(),
  receipt: z.string().optional(),
  retry_after_seconds: z.number().optional(),
});
export const CLAIMED = z.looseObject({ user: z.string(), status: z.string(), clients: z.array(clientClaim) });
export type Claimed = z.infer<typeof CLAIMED>;
export const CLAIMED_MANY = z.looseObject({ users: z.array(CLAIMED) });

const journalEntry = z.looseObject({
  sequence: z.number(),
  at: z.number(),
  event: z.string(),
  claimer: z.object({ user: z.string(), client: z.string() }).nullable(),
  capability: z.string().optional(),
  ciphersuite: z.number().optional(),
  key_package_ref: z.string().optional(),
  reason: z.string().optional(),
});
export type JournalEntry = z.infer<typeof journalEntry>;
export const JOURNAL = z.looseObject({ entries: z.array(journalEntry), next: z.string().nullable() });

export const CAPABILITY = z.looseObject({
  name: z.string(),
  client: z.string(),
  created_at: z.number(),
  expires_at: z.number().nullable(),
  max_claims: z.number().nullable(),
  claims: z.number(),
});
export const CAPABILITIES = z.looseObject({ capabilities: z.array(CAPABILITY) });
export const REVOKED_CAPABILITY = z.looseObject({ name: z.string(), existed: z.boolean() });

export const RECONCILED = z.looseObject({
  same: z.boolean(),
  server_refs: z.array(z.string()),
  missing_at_server: z.array(z.looseObject({ key_package_ref: z.string(), reason: z.string() })),
  pruned: z.number(),
  inventory,
});

export const POLICY = z.looseObject({
  limits: z.looseObject({ key_packages_per_request: z.number(), body_bytes: z.number() }),
});

export const STOCK_PAGE = z.looseObject({
  rows: z.array(
    z.looseObject({
      user: z.string(),
      client: z.string(),
      ciphersuite: z.number().nullable(),
      available: z.number(),
      last_resort: z.boolean(),
      next_expiry: z.number().nullable(),
      needs_upload: z.boolean(),
    }),
  ),
  next: z.string().nullable(),
});
export const USER_PAGE = z.looseObject({ users: z.array(z.string()), next: z.string().nullable() });
export const USER_VIEW = z.looseObject({
  user: z.string(),
  restore_epoch: z.number(),
  directory_pending: z.boolean(),
  clients: z.array(
    z.looseObject({
      client: z.string(),
      registered_at: z.number(),
      revoked: z.boolean(),
      inventory,
      last_upload_at: z.number().nullable(),
      last_claimed_at: z.number().nullable(),
      missed: z.array(z.looseObject({ reason: z.string(), count: z.number() })),
    }),
  ),
  top_claimers_of_day: z.array(z.looseObject({ user: z.string().nullable(), claimed: z.number(), missed: z.number() })),
});
export const REVOKED_CLIENT = z.looseObject({ user: z.string(), client: z.string(), purged: z.number() });
export const REVOKED_USER = z.looseObject({ user: z.string(), clients: z.number(), purged: z.number() });
export const RESYNCED = z.looseObject({ status: z.string() });
export const RESTORE_EPOCH = z.looseObject({ restore_epoch: z.number(), holds_everywhere_at: z.number().nullable() });
export const EPOCH_PREVIEW = z.looseObject({
  users: z.number(),
  users_affected: z.number(),
  one_time: z.number(),
  last_resorts: z.number(),
  next: z.string().nullable(),
});
