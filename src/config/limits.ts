/**
 * Every number that bounds the directory, its unit in its name and its reason beside it.
 * Those that a deployment may change are defaults of a setting (settings.ts); the others are fixed.
 */

/** One request carries at most this many packages: 100 is what deployed peers take, and bounds the crypto of a call. */
export const MAX_KEY_PACKAGES_PER_REQUEST = 100;

/** A classical package is 300 to 750 bytes, with an x509 chain a few KiB, with post-quantum signatures 15.1 KiB. */
export const MAX_KEY_PACKAGE_BYTES = 16 * 1024;

/** Claim capabilities of a user: a claim by one looks at all of them. */
export const MAX_CLAIM_CAPABILITIES = 32;

/**
 * Claims with a wrong secret from one address, and from all, before an isolate asks no more pools for an hour: asking for
 * a user wakes an object, and none of these callers has a name.
 */
export const CAPABILITY_REFUSALS_PER_SOURCE_PER_HOUR = 60;
export const CAPABILITY_REFUSALS_PER_ISOLATE_PER_HOUR = 3_600;

/** Keys that receipts were, are and will be signed with: all are published. */
export const MAX_RECEIPT_KEYS = 8;

/** The name of the directory in each receipt. */
export const MAX_RECEIPT_ISSUER_CHARACTERS = 256;

/** A claim's receipt with the longest names takes 3.5 KiB, an ordinary one 0.7 KiB. */
export const MAX_CLAIM_RECEIPT_BYTES = 4 * 1024;

/** Trust anchors, or intermediates, of a deployment: every path that is searched may look at each. */
export const MAX_OWN_CERTIFICATES = 16;

/** Of one of them: with an RSA key of 8192 bits and many names it has some 3 KiB. */
export const MAX_CERTIFICATE_BYTES = 8 * 1024;

/** What an ordinary package has beside its three keys and two signatures: identity, capabilities, extensions, lifetimes. */
export const ORDINARY_KEY_PACKAGE_REST_BYTES = 1024;

/** One MiB: a hundred packages of 7 KiB in base64url. */
export const MAX_BODY_BYTES = 1024 * 1024;

/**
 * No body is larger, whatever the settings: read, parsed and decoded, the worst one of this size takes some 14 MiB with
 * itself, and 7 ms [measured, Node 22].
 */
export const MOST_BODY_BYTES = 3 * 1024 * 1024;

/** A body without long lists: a few keys, a few numbers. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** A body of references or of users, each of them escaped in JSON as far as it can be, and white space. */
export const LIST_BODY_BYTES = 640 * 1024;

/** Values of a JSON body beside its long lists, and how deep they may be nested: the largest request has some 1,600. */
export const MAX_JSON_VALUES = 4_096;
export const MAX_JSON_DEPTH = 16;

/** One-time packages a client should keep in stock for each ciphersuite. */
export const STOCK_TARGET_PACKAGES = 100;

/** One-time packages a client may have in stock for each ciphersuite: twice the target, so that a refill never fails. */
export const STOCK_CAP_PACKAGES = 200;

/** A last resort that was never used is to be replaced after this long: its init key has been in the open for a month. */
export const LAST_RESORT_ROTATION_SECONDS = 30 * 24 * 3_600;

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

/** Packages that one user, with all devices together, claims from one client in a row: groups are made in series. */
export const PAIR_BUDGET_BURST_CLAIMS = 10;

/** Packages per hour that one user claims from one client after the burst: 11 in any hour, 57 in any day. */
export const PAIR_BUDGET_CLAIMS_PER_HOUR = 2;

/**
 * One-time packages that leave one client in any hour, whoever claims; after that only the last resort. A third of them
 * is kept for users who have not claimed from the client for a while.
 */
export const TARGET_BUDGET_CLAIMS_PER_HOUR = 60;

/** Claims in vain of one user on one client in any hour: each is a transaction of the pool that is asked. */
export const MISS_BUDGET_CLAIMS_PER_HOUR = 20;

/** Claims in vain that a client's owner is told of in any hour: the journal does not grow with a crowd. */
export const MISSES_IN_JOURNAL_PER_HOUR = 240;

/** Packages that one client stores in any day: first fills of all suites, and more replacements than any app needs. */
export const UPLOAD_BUDGET_PACKAGES_PER_DAY = 2_000;

/** The same for all clients of a user together. */
export const USER_UPLOAD_BUDGET_PACKAGES_PER_DAY = 10_000;

/** Registrations of a user, of any client, that change something, in any hour: each is written to D1 at once. */
export const REGISTRATION_BUDGET_PER_HOUR = 30;

/** Claims of one caller, in any hour, for users whom neither this isolate nor the directory knows: each may wake an object. */
export const UNKNOWN_USER_BUDGET_PER_HOUR = 200;

/** Two identifiers of 256 bytes, escaped in JSON and in base64url, and numbers. */
export const MAX_CURSOR_CHARACTERS = 4_200;

/** A browser may remember the answer to a preflight this long: one that is taken back is gone within ten minutes. */
export const CORS_MAX_AGE_SECONDS = 600;

/** Period of the platform's rate limit in wrangler.toml: 10 or 60. */
export const RATE_LIMIT_PERIOD_SECONDS = 60;

/** Users whom an isolate has met, and callers whose budgets it keeps: names of 256 bytes at most. */
export const MAX_USERS_REMEMBERED = 5_000;
export const MAX_CALLERS_REMEMBERED = 1_000;

/** A call of D1 is given up after this long: its caller hears `directory_unavailable` and may ask again. */
export const DIRECTORY_CALL_TIMEOUT_MS = 5_000;

/** A claim beyond the budget waits this long for the directory to say that it knows the user. */
export const DIRECTORY_LOOKUP_TIMEOUT_MS = 500;

/** Refused packages per minute for one client: an abuser could otherwise have any number of signatures checked. */
export const REFUSAL_BUDGET_PACKAGES_PER_MINUTE = 200;

/**
 * Packages of one client that are checked at the same time: two full uploads. More wait for them, since only what a check
 * has found counts against the refusal budget.
 */
export const CHECKED_AT_ONCE_PACKAGES = 200;

/** A check that was begun counts as under way this long at most: its Worker may have died. */
export const CHECK_TIMEOUT_MS = 30_000;

/** How long an upload waits for its client's earlier ones, and the first pause, which doubles: six looks at most. */
export const CHECK_WAIT_MS = 8_000;
export const CHECK_PAUSE_MS = 250;

/** Users that one claim may name. */
export const MAX_USERS_PER_CLAIM = 100;

/** Pools asked at the same time by one claim of many users. */
export const CLAIM_CONCURRENT_POOLS = 50;

/** Groups of ciphersuites of a bundle: what a client gives at once. */
export const MAX_BUNDLE_GROUPS = 4;

/** References of one call for routes, as many as one Welcome may well have, and users whose pools it asks. */
export const MAX_ROUTE_REFS = 100;
export const MAX_ROUTE_USERS = 20;

/** Routes that have ended and that one write deletes: more than it adds, so that they do not pile up. */
export const MAX_ENDED_ROUTES_PER_WRITE = 100;

/** Routes that one statement of D1 writes or deletes: some 300 KB of a bound text at most, which may have 2 MB. */
export const ROUTES_PER_STATEMENT = 500;

/**
 * Routes of a user that one attempt moves to another database, with two calls of D1 for each statement of them; the next
 * attempt goes on. One invocation of an object may make 1,000 calls.
 */
export const MAX_MOVED_ROUTES = 10_000;

/** Weeks of routes that one look at a database goes through. */
export const MAX_ROUTE_WEEKS = 520;

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

/**
 * Different sets of capabilities among the live packages of one client; a claim looks at each, so they are bounded. There
 * may be as many again of which all packages have expired and are yet to be deleted.
 */
export const MAX_QUEUES_PER_CLIENT = 16;

/** Packages, and their bytes, in one row of a pool: a claim writes back what stays of it. A row may have 2 MB. */
export const MAX_CHUNK_PACKAGES = 50;
export const MAX_CHUNK_BYTES = 64 * 1024;

/** Bytes of chunks that a busy pool keeps in memory: what is next in turn, so that a claim need not read it again. */
export const MAX_CACHED_CHUNK_BYTES = 256 * 1024;

/**
 * A pool is busy if it was claimed from within this time. A thousand pools that each kept a chunk made claims slower: the
 * collector of the isolate that they share had more to do than reading a chunk costs (measured, bench/README.md).
 */
export const BUSY_POOL_MS = 250;

/** Budgets that one client keeps at a time: one for each claimer that took from it within the hour, and a few of its own. */
export const MAX_BUDGETS_PER_CLIENT = 256;

/** Chunks of packages that one page of an export lists: 800 packages, some 200 KB of JSON. */
export const EXPORT_PAGE_CHUNKS = 16;

/** Names of erased users that one call takes out of a pool. */
export const MAX_USERS_PER_FORGETTING = 100;

/** Records that one page of a journal looks at: claims on a user's other clients are among them. */
export const MAX_JOURNAL_SCAN_ROWS = 2_000;

/** Users that an operator is shown as those who claimed most. */
export const TOP_CLAIMERS = 10;

/** Names of which an isolate, and each span of time, knows how often they occurred: whoever has half a percent is seen. */
export const ACTIVITY_NAMES = 200;

/** How often an isolate tells what it has counted: one call and three rows, however many requests that were. */
export const ACTIVITY_SEND_MS = 60_000;

/** The last hour is counted in spans of ten minutes, the last day in hours; nothing is shown that is older. */
export const ACTIVITY_HOUR = { seconds: 600, kept: 3_600 } as const;
export const ACTIVITY_DAY = { seconds: 3_600, kept: 86_400 } as const;

/** Claims, refusals and the lag of D1 over time are kept in rows of ten minutes: 288 of them, about 200 bytes each. */
export const SERIES_ROW_SECONDS = 600;
export const SERIES_KEPT_SECONDS = 48 * 3_600;

/** What operators see of that: few enough steps for a phone, each of them whole rows. */
export const SERIES_SPANS = {
  six_hours: { stepSeconds: 600, steps: 36 },
  day: { stepSeconds: 1_800, steps: 48 },
  two_days: { stepSeconds: 3_600, steps: 48 },
} as const;

/**
 * A write to D1 that comes so long after it was due is told to operators. News are due a second after a change at most,
 * so that there is nothing to tell, and nothing to pay for, while D1 answers.
 */
export const LATE_DELIVERY_MS = 10_000;

/** Users on each list of those who claim, are claimed from or are refused most. */
export const TOP_ROWS = 20;

/** Why an operator changes something, in characters: a sentence and the number of a ticket. */
export const MAX_REASON_CHARACTERS = 500;

/** Users that can be blocked at a time: each isolate keeps the list, half a megabyte of it. */
export const MAX_BLOCKED_CALLERS = 5_000;

/** How long an isolate goes by the orders of operators that it has read: blocks, and keys of issuers that are too old. */
export const ORDERS_CACHE_MS = 60_000;

/** When isolates in use have heard of an order, or of its end: twice the span, as a read may fail once. */
export const ORDERS_SETTLED_SECONDS = 120;

/** The object with operators' records is asked for one row, or for one page. */
export const OPERATOR_RECORDS_TIMEOUT_MS = 5_000;

/** By how much, and for how long, an operator may raise the budgets of one pool. */
export const MAX_BUDGET_FACTOR = 100;
export const MAX_BUDGET_RAISE_SECONDS = 30 * 24 * 3_600;

/** Users whose pools one dry run of a restore epoch asks: each is a call of an object. */
export const MAX_PREVIEW_USERS = 100;

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
 * That a client was ended is held against its older tokens for this long at least: tokens must not live longer. With
 * tokens of hours or days it is far more than needed.
 */
export const ENDED_TOKENS_RETENTION_SECONDS = 30 * 24 * 3_600;

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

/** `/readyz` says after this long that a database did not answer, and looks again this long after it looked. */
export const READINESS_TIMEOUT_MS = 2_000;
export const READINESS_CACHE_MS = 5_000;

/** What a caller is told to wait after a pool or the directory failed. */
export const UNAVAILABLE_RETRY_AFTER_SECONDS = 1;

/** Tokens have a few hundred bytes; eight KiB leaves room for generous claims and bounds the parsing. */
export const MAX_TOKEN_CHARACTERS = 8 * 1024;

/** Clocks of issuer and directory may differ by this much. */
export const TOKEN_CLOCK_SKEW_SECONDS = 5;

/**
 * How far the time in a proof of possession may be from ours: clocks of devices are off by minutes. Within it a proof can
 * be sent again, which registers the same key for the same client.
 */
export const REGISTRATION_PROOF_WINDOW_SECONDS = 300;

/**
 * How long ago the lifetime of a KeyPackage may have begun that proves possession instead. Implementations set it back by
 * an hour, for claimers whose clocks are behind (OpenMLS does), and clocks of devices may be behind themselves.
 */
export const REGISTRATION_PACKAGE_AGE_SECONDS = 7_200;

/**
 * The age of an issuer's keys: from the first on they are fetched again beside a request, from the second on the request
 * that fetches them waits for the answer, and from the third on they verify nothing. Between the second and the third
 * they serve only while the issuer cannot be reached, so an outage of its key endpoint is not an outage here for a day.
 */
export const JWKS_REFRESH_MS = 5 * 60_000;
export const JWKS_CACHE_MS = 10 * 60_000;
export const JWKS_STALE_MS = 24 * 3_600_000;

/**
 * Fetches of one issuer's keys, whatever asks for them: never two within the spacing, a few in a row for an issuer that
 * has just changed its keys, and one per interval in the long run, however many tokens with made-up key ids arrive.
 */
export const JWKS_FETCH_SPACING_MS = 5_000;
export const JWKS_FETCH_BURST = 4;
export const JWKS_FETCH_INTERVAL_MS = 30_000;

/** A fetch of keys is given up by then, body included; JWKS of large issuers have 20 KB. */
export const JWKS_FETCH_TIMEOUT_MS = 5_000;
export const MAX_JWKS_BYTES = 256 * 1024;

/** The shared copy of an issuer's keys is nearby: without an answer by then it counts as absent. */
export const JWKS_SHARED_TIMEOUT_MS = 1_500;

/**
 * Another request's fetch is taken to be lost after this long. How often those who wait for it look: in the memory of
 * the isolate, and in the shared copy, where each look counts as a subrequest.
 */
export const JWKS_FLIGHT_MS = 8_000;
export const JWKS_FLIGHT_LOOK_MS = 50;
export const JWKS_SHARED_LOOK_MS = 250;

/** The policy changes with a deployment: five minutes of caching are harmless. */
export const POLICY_CACHE_SECONDS = 300;

/** A receiver of events that has not answered by then counts as failed; Standard Webhooks asks for 15 to 30 s or less. */
export const EVENT_TIMEOUT_MS = 10_000;

/** An alarm begins no further event after this long, so that a slow receiver does not keep it: the rest is due at once. */
export const EVENT_RUN_MS = 30_000;

/**
 * First and longest pause after an event that was not taken, and how often it is tried: for one and a half days at least
 * and three at most, the jitter included. Attempts are counted and not days, as a clock may be ahead.
 */
export const EVENT_RETRY_MIN_MS = 30_000;
export const EVENT_RETRY_MAX_MS = 3_600_000;
export const EVENT_ATTEMPTS = 80;

/**
 * How often an event is tried that its receiver rejects by a status that does not pass by itself: for half an hour at
 * least and a bit over an hour at most, in which a receiver that was deployed with a fault can be mended. It holds up the
 * user's later events no longer than that.
 */
export const EVENT_REJECTED_ATTEMPTS = 8;

/** Events of one user that wait to be sent, in one row of some 40 KB at most if names are short; the oldest goes. */
export const MAX_PENDING_EVENTS = 128;

/** Of one client at most one event about packages that are about to expire is made in this time. */
export const EXPIRY_EVENT_SPACING_SECONDS = 24 * 3_600;

/** Secrets that sign at the same time: an old one and a new one, and one to spare. */
export const MAX_EVENT_SECRETS = 3;

/** Packages that expire within a week are shown to operators as expiring, unless they ask for another span. */
export const EXPIRING_WITHIN_SECONDS = 7 * 24 * 3_600;

/** Faults of a request body that one answer names. */
export const MAX_REPORTED_FAULTS = 10;

/** Of a text that was sent, in a refusal: enough to recognise it. */
export const MAX_SHOWN_CHARACTERS = 64;

/** A token that was verified is believed this long without another look, and at most until it expires. */
export const TOKEN_CACHE_MS = 60_000;

/** Verified tokens that an isolate remembers, in bytes, and what one costs beside its texts: about 3,000 usual ones. */
export const MAX_TOKEN_CACHE_BYTES = 4 * 1024 * 1024;
export const CACHED_TOKEN_OVERHEAD_BYTES = 512;

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
