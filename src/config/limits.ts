/**
 * Every number that bounds the directory, its unit in its name and its reason beside it.
 * Those that a deployment may change are defaults of a setting (settings.ts); the others are fixed.
 */

/** One request carries at most this many packages: 100 is what deployed peers take, and bounds the crypto of a call. */
export const MAX_KEY_PACKAGES_PER_REQUEST = 100;

/** A classical package is 300 to 750 bytes, with an x509 chain a few KiB, with post-quantum signatures 15.1 KiB. */
export const MAX_KEY_PACKAGE_BYTES = 16 * 1024;

/** One MiB: a hundred packages of 7 KiB in base64url. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** One-time packages a client should keep in stock for each ciphersuite. */
export const STOCK_TARGET_PACKAGES = 100;

/** One-time packages a client may have in stock for each ciphersuite: twice the target, so that a refill never fails. */
export const STOCK_CAP_PACKAGES = 200;

/** Below half of the target an owner is asked to upload. */
export const LOW_WATERMARK_PACKAGES = 50;

/** 84 days and the hour by which clients back-date: RFC 9420 §7.2 demands a maximum, OpenMLS makes exactly this. */
export const MAX_TOTAL_LIFETIME_SECONDS = 7_261_200;

/** A client's clock may be this much ahead of ours when it uploads. */
export const UPLOAD_CLOCK_SKEW_SECONDS = 300;

/**
 * By how much clients date the start of a lifetime back: OpenMLS takes an hour. After a restore it tells packages that
 * were made before the restore epoch from those made after it.
 */
export const UPLOAD_BACKDATING_SECONDS = 3_600;

/** A claimed package must still live this long, so that the Add reaches the group before it expires. */
export const MIN_REMAINING_LIFETIME_SECONDS = 3_600;

/** No claimer may ask for more remaining life than a year, which is more than any package should have. */
export const MAX_MIN_REMAINING_LIFETIME_SECONDS = 365 * 24 * 3_600;

/** How long a claim can be repeated with its idempotency key. */
export const REPLAY_RETENTION_SECONDS = 24 * 3_600;

/** How long an owner can read who claimed. */
export const JOURNAL_RETENTION_SECONDS = 30 * 24 * 3_600;

/** Claims in a row from one claimer to one client before the pair's budget counts. */
export const PAIR_BUDGET_BURST_CLAIMS = 10;

/** Claims per minute from one claimer to one client after the burst. */
export const PAIR_BUDGET_CLAIMS_PER_MINUTE = 1;

/** One-time packages per hour that leave one client's pool, across all claimers; after that only the last resort. */
export const TARGET_BUDGET_CLAIMS_PER_HOUR = 60;

/** Refused packages per minute for one client: an abuser could otherwise have any number of signatures checked. */
export const REFUSAL_BUDGET_PACKAGES_PER_MINUTE = 200;

/**
 * Packages of one client that are checked at the same time: two full uploads. More wait for them, since only what a check
 * has found counts against the refusal budget.
 */
export const CHECKED_AT_ONCE_PACKAGES = 200;

/** A check that was begun counts as under way this long at most: its Worker may have died. */
export const CHECK_TIMEOUT_MS = 30_000;

/** How long an upload waits for its client's earlier ones, and how often it looks: 40 calls are within every plan. */
export const CHECK_WAIT_MS = 10_000;
export const CHECK_PAUSE_MS = 250;

/** Users that one claim may name. */
export const MAX_USERS_PER_CLAIM = 100;

/** Pools asked at the same time by one claim of many users. */
export const CLAIM_CONCURRENT_POOLS = 50;

/** References that one delete may name. */
export const MAX_REFS_PER_REQUEST = 1_000;

/** References that one reconcile may name: a prune needs them all, and a full stock of all suites has 1,407. */
export const MAX_HELD_REFS_PER_REQUEST = 2_048;

/** Packages' bytes that one answer about many users holds before further users are deferred: an isolate has 128 MB. */
export const MAX_BULK_ANSWER_BYTES = 16 * 1024 * 1024;

/** Ciphersuites, excluded clients or code points that one claim may list. */
export const MAX_CLAIM_LIST_ITEMS = 256;

/** A URL, in characters: what Cloudflare passes on. Two identifiers and a cursor, percent-encoded, have 2,500 at most. */
export const MAX_URL_CHARACTERS = 16 * 1024;

/** Identifiers of users and clients, in UTF-8 bytes. */
export const MAX_IDENTIFIER_BYTES = 256;

/** An idempotency key, in characters: a UUID has 36. */
export const MAX_IDEMPOTENCY_KEY_CHARACTERS = 128;

/** Clients of one user: each costs a claimer one package. */
export const MAX_CLIENTS_PER_USER = 64;

/** Rows of one page of the journal or of the operator's lists. */
export const DEFAULT_PAGE_ROWS = 100;
export const MAX_PAGE_ROWS = 500;

/** Different sets of capabilities among the live packages of one client; a claim looks at each, so they are bounded. */
export const MAX_QUEUES_PER_CLIENT = 64;

/** Packages, and their bytes, in one row of a pool: a claim writes back what stays of it. A row may have 2 MB. */
export const MAX_CHUNK_PACKAGES = 50;
export const MAX_CHUNK_BYTES = 64 * 1024;

/** Bytes of chunks that an awake pool keeps in memory: what is next in turn, so that a claim need not read it again. */
export const MAX_CACHED_CHUNK_BYTES = 256 * 1024;

/** Budgets that one client keeps at a time: one for each claimer that took from it within the hour, and a few of its own. */
export const MAX_BUDGETS_PER_CLIENT = 256;

/** Records that one page of a journal looks at: claims on a user's other clients are among them. */
export const MAX_JOURNAL_SCAN_ROWS = 2_000;

/** Old answers that a claim or an upload looks at to drop their bytes. */
export const ENDED_REPLAYS_PER_WRITE = 20;

/** A write to the directory that takes longer is left to the alarm. */
export const DIRECTORY_WRITE_TIMEOUT_MS = 2_000;

/** Snapshots that are written at the same time, each in a request of its own, after a batch of them was refused. */
export const DIRECTORY_CONCURRENT_WRITES = 4;

/**
 * Capability sets of one client in the directory, in bytes of JSON: with keys, stock and identifiers beside them a row
 * stays below 64 KiB, so that 64 clients of a user are an answer of 4 MiB at most. An ordinary set has 20 bytes.
 */
export const MAX_DIRECTORY_CAPABILITY_BYTES = 60 * 1024;

/** A revoked client is remembered this long, in the pool and in the directory, far longer than a late write takes. */
export const REVOKED_CLIENT_RETENTION_SECONDS = 30 * 24 * 3_600;

/**
 * First and longest pause before a failed write to the directory is tried again. A database that has stalled never
 * recovers from pools that all ask again after a second (docs/scale.md, `npm run simulate`).
 */
export const OUTBOX_RETRY_MIN_MS = 30_000;
export const OUTBOX_RETRY_MAX_MS = 5 * 60_000;

/** News for the directory wait this long for more of them, so that a burst is one write. */
export const OUTBOX_DELAY_MS = 1_000;

/**
 * What has ended by the clock is deleted only when the alarm looks at the clock again, so much later: a clock that is
 * ahead for a moment, as before it is set at the start of a machine, deletes nothing.
 */
export const CLOCK_CONFIRMATION_SECONDS = 3_600;

/** Fingerprints are kept so long after the end of their packages: no clock that is ahead by less forgets what was given. */
export const FINGERPRINT_MARGIN_SECONDS = 30 * 24 * 3_600;

/** Rows that one alarm deletes or voids at a time, so that it never runs long; it re-arms itself for the rest. */
export const ALARM_CHUNK_ROWS = 2_000;

/**
 * How long an isolate uses the restore epoch that it has read before it reads it again, in the background: a restore is
 * rare, and with 5,000 isolates this is 83 reads per second instead of 1,000.
 */
export const RESTORE_EPOCH_CACHE_MS = 60_000;

/** When isolates in use have read a new restore epoch: twice the span, so that a replica may be late or a read fail. */
export const RESTORE_EPOCH_SETTLED_SECONDS = 120;

/** A whole request body must have arrived by then: slow bodies hold a connection, not work. */
export const BODY_READ_TIMEOUT_MS = 30_000;

/** A read of the restore epoch is given up by then. Nothing waits for it; it only must not stay open for ever. */
export const RESTORE_EPOCH_READ_TIMEOUT_MS = 10_000;

/** A pool that has not answered by then counts as failed, so that one pool cannot hold up a claim of many users. */
export const POOL_CALL_TIMEOUT_MS = 15_000;

/** How often a call that is safe to repeat is made in all, and the pause before the second; it doubles each time. */
export const POOL_CALL_ATTEMPTS = 3;
export const POOL_RETRY_PAUSE_MS = 50;

/** What a caller is told to wait after a pool or the directory failed. */
export const UNAVAILABLE_RETRY_AFTER_SECONDS = 1;

/** Tokens have a few hundred bytes; eight KiB leaves room for generous claims and bounds the parsing. */
export const MAX_TOKEN_CHARACTERS = 8 * 1024;

/** Clocks of issuer and directory may differ by this much. */
export const TOKEN_CLOCK_SKEW_SECONDS = 5;

/** How long a fetched JWKS serves, the least time between two fetches, and how long one may take. */
export const JWKS_CACHE_MS = 10 * 60_000;
export const JWKS_COOLDOWN_MS = 30_000;
export const JWKS_TIMEOUT_MS = 5_000;

/** The policy changes with a deployment: five minutes of caching are harmless. */
export const POLICY_CACHE_SECONDS = 300;

/** Packages that expire within a week are shown to operators as expiring, unless they ask for another span. */
export const EXPIRING_WITHIN_SECONDS = 7 * 24 * 3_600;

/** Faults of a request body that one answer names. */
export const MAX_REPORTED_FAULTS = 10;

/** A token that was verified is believed this long without another look, and at most until it expires. */
export const TOKEN_CACHE_MS = 60_000;

/** Tokens that an isolate remembers: at about a kilobyte each, four megabytes. */
export const MAX_CACHED_TOKENS = 4_096;

/** First and longest pause after an alarm that failed, whatever else was asked for; it doubles each time. */
export const ALARM_RETRY_MIN_MS = 10_000;
export const ALARM_RETRY_MAX_MS = 3_600_000;

/** An alarm of a pool whose tables this code does not know does nothing, and rings again then. */
export const NEWER_SCHEMA_ALARM_MS = 3_600_000;

/** What a caller is told to wait after a pool said so: a deployment takes minutes. */
export const NEWER_SCHEMA_RETRY_AFTER_SECONDS = 60;

/** No alarm is set nearer than this: one for now, set by the handler of another, has been seen not to ring at all. */
export const MIN_ALARM_AHEAD_MS = 100;

/** An alarm that should have rung this long ago is taken to be lost, and set again. */
export const ALARM_LOST_MS = 60_000;

/** An alarm is set at most this far ahead and then looks again: what is due later keeps. */
export const MAX_ALARM_AHEAD_MS = 365 * 24 * 3_600_000;
