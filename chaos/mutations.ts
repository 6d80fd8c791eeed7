/**
 * `npm run mutations -- [--only NAME] [--json FILE]`: takes one safeguard after the other out of a copy of the tree
 * and shows that a test fails for each. First the tests run on the copy as it is and must pass.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readOptions } from "../tools/lib/args.ts";

const ROOT = resolve(import.meta.dirname, "..");
const COPIED = [
  "src",
  "test",
  "tools",
  "migrations",
  "schema.sql",
  "wrangler.toml",
  "vitest.config.ts",
  "package.json",
];
const COPIED_CONFIGS = ["tsconfig.json", "tsconfig.base.json", "tsconfig.mls.json", "worker-configuration.d.ts"];
const RUN_TIMEOUT_MS = 5 * 60_000;

type Mutation = {
  readonly safeguard: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
  /** The tests that should notice. */
  readonly tests: readonly string[];
};

const MUTATIONS: readonly Mutation[] = [
  {
    safeguard: "strict signatures at admission",
    file: "src/admission/admit.ts",
    from: `const SIGNATURE_POLICY: SignaturePolicy = "strict";`,
    to: `const SIGNATURE_POLICY: SignaturePolicy = "openmls";`,
    tests: ["test/node/admission/refusals.test.ts"],
  },
  {
    safeguard: "keeping points of mixed order out of a batch",
    file: "src/mls/crypto/ed25519/ed25519-batch.ts",
    from: "if (equation?.isOfPrimeOrder === true) equations.push(equation);",
    to: "if (equation !== undefined) equations.push(equation);",
    tests: ["test/node/crypto/ed25519-batch.test.ts"],
  },
  {
    safeguard: "prime order of R",
    file: "src/mls/crypto/ed25519/ed25519-batch.ts",
    from: `const isOfPrimeOrder = key.isOfPrimeOrder && order === "prime";`,
    to: "const { isOfPrimeOrder } = key;",
    tests: ["test/node/crypto/ed25519-batch.test.ts"],
  },
  {
    safeguard: "prime order of a key",
    file: "src/mls/crypto/ed25519/ed25519-batch.ts",
    from: `const isOfPrimeOrder = key.isOfPrimeOrder && order === "prime";`,
    to: `const isOfPrimeOrder = order === "prime";`,
    tests: ["test/node/crypto/ed25519-batch.test.ts"],
  },
  {
    safeguard: "both halves of the test for prime order",
    file: "src/mls/crypto/ed25519/prime-order.ts",
    from: "return areEqual(h, ONE);",
    to: "return !isZero(h);",
    tests: ["test/node/crypto/edwards25519.test.ts"],
  },
  {
    safeguard: "prime order of a single signature's points",
    file: "src/mls/crypto/noble.ts",
    from: "if (!holdsWithCofactor || hasPointsOfPrimeOrder(item)) return holdsWithCofactor;",
    to: "if (holdsWithCofactor || hasPointsOfPrimeOrder(item)) return holdsWithCofactor;",
    tests: ["test/node/crypto/provider.test.ts"],
  },
  {
    safeguard: "prime order of a key that the runtime verifies with",
    file: "src/mls/crypto/webcrypto.ts",
    from: `return point !== undefined && orderOf(point) === "prime";`,
    to: "return point !== undefined;",
    tests: ["test/node/crypto/provider.test.ts"],
  },
  {
    safeguard: "neutral R before the runtime's verdict",
    file: "src/mls/crypto/webcrypto.ts",
    from: "raw.length !== ED25519_SIGNATURE_BYTES || hasNeutralR(raw)",
    to: "raw.length !== ED25519_SIGNATURE_BYTES",
    tests: ["test/node/crypto/provider.test.ts"],
  },
  {
    safeguard: "prime order of an Ed448 key",
    file: "src/mls/crypto/ed448/ed448-strict.ts",
    from: "point.is0() || !point.isTorsionFree()",
    to: "point.is0()",
    tests: ["test/node/crypto/provider.test.ts"],
  },
  {
    safeguard: "equal and opposite points in sums of ECDSA",
    file: "src/mls/crypto/ecdsa/affine-sums.ts",
    from: "if (run % p !== 0n) {",
    to: "if (run !== p) {",
    tests: ["test/node/crypto/ecdsa-batch.test.ts"],
  },
  {
    safeguard: "name and policy constraints",
    file: "src/mls/x509/x509-chain.ts",
    from: "RESTRICTING_EXTENSIONS.includes(type) || ",
    to: "",
    tests: ["test/node/mls/x509-chain.test.ts"],
  },
  {
    safeguard: "extensions of issuers and of anchors that were not sent",
    file: "src/mls/x509/x509-chain.ts",
    from: "certificateError(issuer, at) ??",
    to: "validityError(issuer, at) ??",
    tests: ["test/node/mls/x509-chain.test.ts"],
  },
  {
    safeguard: "extensions that occur twice",
    file: "src/mls/x509/x509-chain.ts",
    from: "if (twice !== undefined) {",
    to: `if (twice === "") {`,
    tests: ["test/node/mls/x509-chain.test.ts"],
  },
  {
    safeguard: "bound on the signatures of a chain",
    file: "src/mls/x509/x509-chain.ts",
    from: "byIssuer.get(issuer) ?? (await",
    to: "(await",
    tests: ["test/node/mls/x509-chain.test.ts"],
  },
  {
    safeguard: "transaction",
    file: "src/pool/pool.ts",
    from: "const result = this.ctx.storage.transactionSync(body);",
    to: "const result = body();",
    tests: ["test/workers/pool/faults.test.ts"],
  },
  {
    safeguard: "dropping the cache after a rollback",
    file: "src/pool/pool.ts",
    from: `      this.#cache = undefined;
      this.#endedReplays = NO_REPLAYS_ENDED;`,
    to: "      this.#endedReplays = NO_REPLAYS_ENDED;",
    tests: ["test/workers/pool/rollback.test.ts"],
  },
  {
    safeguard: "dropping the cursor of old answers after a rollback",
    file: "src/pool/pool.ts",
    from: `      this.#endedReplays = NO_REPLAYS_ENDED;
      this.#alarm.discard();`,
    to: "      this.#alarm.discard();",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "dropping the cache after another call's change",
    file: "src/pool/pool.ts",
    from: `    this.#cache = undefined;
    return this.#transact(body);`,
    to: "    return this.#transact(body);",
    tests: ["test/workers/pool/rollback.test.ts"],
  },
  {
    safeguard: "bound on checks in flight",
    file: "src/pool/runtime/in-flight-limit.ts",
    from: "if (arrivalMs - nowMs > room * RATE.intervalMs) return false;",
    to: "void room;",
    tests: ["test/workers/http/abuse.test.ts"],
  },
  {
    safeguard: "remembering packages",
    file: "src/pool/tables/fingerprints.ts",
    from: `sql.exec("INSERT INTO fingerprints (client_id, ends_at, entries) VALUES (?, ?, ?)", clientId, endsAt, bytes);`,
    to: "void endsAt;",
    tests: ["test/workers/pool/publish.test.ts"],
  },
  {
    safeguard: "looking up references",
    file: "src/pool/operations/stock-draft.ts",
    from: "if (known) return this.#codeOf(known, ref);",
    to: "void known;",
    tests: ["test/workers/pool/uniqueness.test.ts"],
  },
  {
    safeguard: "looking up keys",
    file: "src/pool/operations/stock-draft.ts",
    from: "this.#known.keys.has(key) || this.#keys.has(key)",
    to: "this.#keys.has(key)",
    tests: ["test/workers/pool/uniqueness.test.ts"],
  },
  {
    safeguard: "keys of the same upload",
    file: "src/pool/operations/stock-draft.ts",
    from: "this.#known.keys.has(key) || this.#keys.has(key)",
    to: "this.#known.keys.has(key)",
    tests: ["test/workers/pool/uniqueness.test.ts"],
  },
  {
    safeguard: "uniqueness over all clients of the user",
    file: "src/pool/operations/stock-draft.ts",
    from: `    this.#known = knownAmong(
      sql,`,
    to: `    const ofOne = (query: string) => sql.exec(\`\${query} WHERE client_id = ?\`, client.clientId);
    this.#known = knownAmong(
      { exec: ofOne } as unknown as SqlStorage,`,
    tests: ["test/workers/pool/uniqueness.test.ts"],
  },
  {
    safeguard: "telling a sibling's live package from a claimed one",
    file: "src/pool/operations/stock-draft.ts",
    from: "const isElsewhere = clientId !== this.#client.clientId;",
    to: "const isElsewhere = false;",
    tests: ["test/workers/pool/uniqueness.test.ts"],
  },
  {
    safeguard: "noting what was removed",
    file: "src/pool/tables/fingerprints.ts",
    from: `      bytes[at + REMOVED_AT] = 1;
`,
    to: "",
    tests: ["test/workers/pool/publish.test.ts"],
  },
  {
    safeguard: "remembering an upload until its last package ends",
    file: "src/pool/tables/fingerprints.ts",
    from: "const endsAt = Math.max(",
    to: "const endsAt = Math.min(",
    tests: ["test/workers/pool/uniqueness.test.ts"],
  },
  {
    safeguard: "taking a package out of its chunk",
    file: "src/pool/tables/chunks.ts",
    from: `  remove(sql, chunk, (index) => index === position);
`,
    to: `  void [sql, chunk, position];
`,
    tests: ["test/workers/pool/claim.test.ts"],
  },
  {
    safeguard: "taking out the package that was found",
    file: "src/pool/tables/chunks.ts",
    from: "(index) => index === position",
    to: "(index) => index === 0 * position",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "giving the bytes of the package that was found",
    file: "src/pool/tables/chunks.ts",
    from: `  const start = startOf(chunk, position);
  return chunk`,
    to: `  const start = startOf(chunk, 0 * position);
  return chunk`,
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "noting that a package has left",
    file: "src/pool/tables/chunks.ts",
    from: "return { ...entry, hasLeft: true };",
    to: "return entry;",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "overwriting the bytes of a package that left",
    file: "src/pool/tables/chunks.ts",
    from: `    packages.fill(0, start, start + entry.length);
`,
    to: "",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "overwriting all bytes of a package that left",
    file: "src/pool/tables/chunks.ts",
    from: "packages.fill(0, start, start + entry.length);",
    to: "packages.fill(0, start, start + entry.length / 2);",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "overwriting the bytes of no other package: where they begin",
    file: "src/pool/tables/chunks.ts",
    from: "packages.fill(0, start, start + entry.length);",
    to: "packages.fill(0, 0 * start, entry.length);",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "overwriting the bytes of no other package: where they end",
    file: "src/pool/tables/chunks.ts",
    from: "packages.fill(0, start, start + entry.length);",
    to: "packages.fill(0, start);",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "giving nothing that has left",
    file: "src/pool/tables/chunks.ts",
    from: "(entry) => !entry.hasLeft && entry.notAfter",
    to: "(entry) => entry.notAfter",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "removing nothing that has left",
    file: "src/pool/tables/chunks.ts",
    from: "if (entry.hasLeft || !leaves(entry, place)) continue;",
    to: "if (!leaves(entry, place)) continue;",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "what is live is not what has left",
    file: "src/pool/tables/chunks.ts",
    from: "entry.hasLeft ? [] : [{ queueId: queueIdOf(row.chunk_id), entry }],",
    to: "[{ queueId: queueIdOf(row.chunk_id), entry }],",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "counting nothing that has left",
    file: "src/pool/tables/chunks.ts",
    from: "({ hasLeft, notAfter }) => !hasLeft && notAfter > now,",
    to: "({ notAfter }) => notAfter > now,",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the row goes with its last package",
    file: "src/pool/tables/chunks.ts",
    from: `    sql.exec("DELETE FROM chunks WHERE chunk_id = ?", chunk.id);
`,
    to: "",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the row stays until its last package goes",
    file: "src/pool/tables/chunks.ts",
    from: "if (entries.every(({ hasLeft }) => hasLeft)) {",
    to: "if (entries.some(({ hasLeft }) => hasLeft)) {",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "what a chunk says of itself after a package left",
    file: "src/pool/tables/chunks.ts",
    from: `    ...summaryOf(entries),
    encodeEntries(firstSequenceOf(chunk.id), entries),`,
    to: `    ...summaryOf(chunk.entries),
    encodeEntries(firstSequenceOf(chunk.id), entries),`,
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "what a chunk says of those that are live only",
    file: "src/pool/tables/chunks.ts",
    from: "const live = entries.filter(({ hasLeft }) => !hasLeft);",
    to: "const live = entries;",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the chunks of one queue",
    file: "src/pool/tables/chunks.ts",
    from: "const end = chunkId(clientId, queueId + 1, 0);",
    to: "const end = chunkId(clientId, queueId + 2, 0);",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "all chunks of one queue",
    file: "src/pool/tables/chunks.ts",
    from: "const end = chunkId(clientId, queueId + 1, 0);",
    to: "const end = chunkId(clientId, queueId, SEQUENCES - 1);",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "removing from one client only",
    file: "src/pool/tables/chunks.ts",
    from: `      chunkId(clientId + 1, 0, 0),
    )
    .toArray()
    .map(fromRow);`,
    to: `      chunkId(clientId + 1, 1, 0),
    )
    .toArray()
    .map(fromRow);`,
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "removing from all queues of a client",
    file: "src/pool/tables/chunks.ts",
    from: `      chunkId(clientId + 1, 0, 0),
    )
    .toArray()
    .map(fromRow);`,
    to: `      chunkId(clientId, QUEUES - 1, 0),
    )
    .toArray()
    .map(fromRow);`,
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the live packages of one client",
    file: "src/pool/tables/chunks.ts",
    from: `      chunkId(clientId + 1, 0, 0),
    )
    .toArray()
    .flatMap(`,
    to: `      chunkId(clientId + 1, 1, 0),
    )
    .toArray()
    .flatMap(`,
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the counts of one client",
    file: "src/pool/tables/chunks.ts",
    from: `      chunkId(clientId + 1, 0, 0),
      now,`,
    to: `      chunkId(clientId + 1, 1, 0),
      now,`,
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "room for every queue in a chunk's number",
    file: "src/pool/tables/chunks.ts",
    from: "const QUEUES = 128;",
    to: "const QUEUES = 64;",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "room for every package in a chunk's number",
    file: "src/pool/tables/chunks.ts",
    from: "const SEQUENCES = 2 ** 30;",
    to: "const SEQUENCES = 2 ** 20;",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "oldest first in a queue",
    file: "src/pool/tables/chunks.ts",
    from: "ORDER BY chunk_id LIMIT 1",
    to: "ORDER BY chunk_id DESC LIMIT 1",
    tests: ["test/workers/pool/claim.test.ts", "test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "oldest first across queues",
    file: "src/pool/operations/claim-decision.ts",
    from: "found.entry.sequence < best.found.entry.sequence",
    to: "found.entry.sequence > best.found.entry.sequence",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "not_after",
    file: "src/pool/tables/chunks.ts",
    from: " && entry.notAfter >= window.aliveUntil && entry.notBefore <= window.now",
    to: " && entry.notBefore <= window.now",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "not_before",
    file: "src/pool/tables/chunks.ts",
    from: " && entry.notAfter >= window.aliveUntil && entry.notBefore <= window.now",
    to: " && entry.notAfter >= window.aliveUntil",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "chunks of nothing that can be given are skipped",
    file: "src/pool/tables/chunks.ts",
    from: "from = chunk.id + 1;",
    to: "return undefined;",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "counting what a claim takes",
    file: "src/pool/operations/claim.ts",
    from: "withLive(client.queues, queue.queueId, -1)",
    to: "client.queues",
    tests: ["test/workers/pool/chunks.test.ts", "test/workers/pool/alarm.test.ts"],
  },
  {
    safeguard: "counting what a sweep or a removal takes",
    file: "src/pool/operations/stock.ts",
    from: "withLive(queues, queueId, -1)",
    to: "queues",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "counting what an upload replaces",
    file: "src/pool/operations/publish.ts",
    from: "withLive(queues, queueId, -1)",
    to: "queues",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the time of storing",
    file: "src/pool/operations/void-before-epoch.ts",
    from: "storedAt < epoch && ",
    to: "",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "restore epoch",
    file: "src/pool/operations/void-before-epoch.ts",
    from: "storedAt < epoch && !lastResorts.has(queueId)",
    to: "false && storedAt < epoch && !lastResorts.has(queueId)",
    tests: ["test/workers/pool/epoch.test.ts"],
  },
  {
    safeguard: "last resorts outlast a restore",
    file: "src/pool/operations/void-before-epoch.ts",
    from: " && !lastResorts.has(queueId)",
    to: "",
    tests: ["test/workers/pool/epoch.test.ts"],
  },
  {
    safeguard: "keeping the answer of a claim",
    file: "src/pool/pool.ts",
    from: 'const kept = replay && hasGiven ? { of: replay, expiresAt, replacesExpired: earlier === "expired" } : undefined;',
    to: "const kept = undefined; void expiresAt;",
    tests: ["test/workers/pool/claim.test.ts", "test/workers/pool/faults.test.ts"],
  },
  {
    safeguard: "refusing a key that was used for another request",
    file: "src/pool/tables/claims.ts",
    from: `if (!equalBytes(new Uint8Array(row.body_hash), replay.bodyHash)) return "mismatch";`,
    to: "",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "the age of an answer",
    file: "src/pool/tables/claims.ts",
    from: `if (row.expires_at <= now) return "expired";`,
    to: "void now;",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "dropping the bytes of old answers",
    file: "src/pool/tables/claims.ts",
    from: `if (expiresAt !== null) endReplay(sql, "claim_id = ?", claimId);`,
    to: "",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "ending the expired answer whose key is used again",
    file: "src/pool/tables/claims.ts",
    from: `if (idempotency && claim.replay?.replacesExpired) endReplay(sql, "idempotency = ?", idempotency);`,
    to: "",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "going on behind the old answers that were looked at",
    file: "src/pool/tables/claims.ts",
    from: `    after = claimId;
`,
    to: "",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "going on with old answers where there are more",
    file: "src/pool/tables/claims.ts",
    from: "nextAt: rows.length < limit ? now + Math.max(1, replaySeconds) : now }",
    to: "nextAt: now + Math.max(1, replaySeconds) }",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "looking again when the next answer ends",
    file: "src/pool/tables/claims.ts",
    from: "return { after, nextAt: expiresAt };",
    to: "return { after, nextAt: expiresAt + 1 };",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "stopping at an answer that can be repeated",
    file: "src/pool/tables/claims.ts",
    from: "if (expiresAt !== null && expiresAt > now) return",
    to: "if (expiresAt !== null && expiresAt > now + 1) return",
    tests: ["test/workers/pool/chunks.test.ts", "test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "no look at old answers before one has ended",
    file: "src/pool/tables/claims.ts",
    from: `  if (now < ended.nextAt) return ended;
`,
    to: "",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "journal numbers above all earlier ones",
    file: "src/pool/tables/claims.ts",
    from: "VALUES (MAX(?1, (SELECT",
    to: "VALUES (MAX(0 * ?1, (SELECT",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "each client's own part of a claim",
    file: "src/pool/tables/claims.ts",
    from: ".clients.find((one) => one.client === client)",
    to: ".clients.at(0)",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "bound on missed claims",
    file: "src/pool/operations/claim.ts",
    from: "if (bucketWaitMs(client.budgets, MISSED, nowMs) > 0) return undefined;",
    to: "",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "bound on the records of a page",
    file: "src/pool/tables/claims.ts",
    from: "rows.length === MAX_JOURNAL_SCAN_ROWS ? rows.at(-1)?.claim_id : undefined",
    to: "undefined",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "distrust of an alarm that is past",
    file: "src/pool/runtime/alarm-scheduler.ts",
    from: "setMs === undefined || setMs < nowMs - ALARM_LOST_MS",
    to: "setMs === undefined",
    tests: ["test/workers/pool/alarm-scheduler.test.ts"],
  },
  {
    safeguard: "no alarm too near",
    file: "src/pool/runtime/alarm-scheduler.ts",
    from: "Math.max(earliestMs, nowMs + MIN_ALARM_AHEAD_MS)",
    to: "earliestMs",
    tests: ["test/workers/pool/alarm-scheduler.test.ts"],
  },
  {
    safeguard: "keeping the alarm of an earlier instance",
    file: "src/pool/runtime/alarm-scheduler.ts",
    from: "Math.min(requestedMs, this.#nextDueMs() ?? requestedMs)",
    to: "requestedMs",
    tests: ["test/workers/pool/alarm-scheduler.test.ts"],
  },
  {
    safeguard: "no alarm for an ordinary claim",
    file: "src/pool/pool.ts",
    from: "if (crossedThreshold) this.#announce",
    to: "this.#announce",
    tests: ["test/workers/pool/alarm-scheduler.test.ts"],
  },
  {
    safeguard: "token check",
    file: "src/http/auth/verify-token.ts",
    from: `const { payload } = await jwtVerify(token, issuer.keys, {`,
    to: `const payload = JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
    if (payload) return toPrincipal(payload, issuer.clientClaim);
    await jwtVerify(token, issuer.keys, {`,
    tests: ["test/workers/http/tokens.test.ts", "test/workers/http/abuse.test.ts"],
  },
];

type Result = { readonly failed: readonly string[]; readonly passed: number };

const { chosen, json } = readOptions("npm run mutations -- [--only NAME] [--json FILE]", () => {
  const { values } = parseArgs({ options: { only: { type: "string" }, json: { type: "string" } } });
  const chosen = MUTATIONS.filter(({ safeguard }) => values.only === undefined || safeguard === values.only);
  if (chosen.length === 0) throw new Error(`--only takes one of: ${MUTATIONS.map((one) => one.safeguard).join(", ")}`);
  return { chosen, json: values.json };
});

const tree = mkdtempSync(join(tmpdir(), "kpd-mutations-"));
try {
  process.exitCode = survivors() > 0 ? 1 : 0;
} finally {
  rmSync(tree, { recursive: true, force: true });
}

/** Runs everything and prints a line for each safeguard; returns how many no test misses. */
function survivors(): number {
  for (const name of [...COPIED, ...COPIED_CONFIGS]) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  const untouched = runTests([...new Set(chosen.flatMap(({ tests }) => tests))]);
  if (untouched.failed.length > 0 || untouched.passed === 0) {
    throw new Error(`the tests must pass before anything is taken out: ${untouched.failed.join("; ")}`);
  }
  console.log(`untouched: ${untouched.passed} tests pass`);
  const rows = chosen.map((mutation) => {
    const { failed } = without(mutation);
    console.log(
      `${failed.length > 0 ? "caught " : "MISSED "} without ${mutation.safeguard}: ${failed[0] ?? "no test fails"}`,
    );
    return { safeguard: mutation.safeguard, file: mutation.file, failing_tests: failed };
  });
  if (json) writeFileSync(json, JSON.stringify(rows, null, 2));
  return rows.filter((row) => row.failing_tests.length === 0).length;
}

function without({ safeguard, file, from, to, tests }: Mutation): Result {
  const path = join(tree, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${safeguard}: its text must occur once in ${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    return runTests(tests);
  } finally {
    writeFileSync(path, text);
  }
}

type Report = {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
};

/** Runs test files of the copy. Throws if they did not run: a tree that does not load proves nothing. */
function runTests(files: readonly string[]): Result {
  const report = join(tree, "report.json");
  rmSync(report, { force: true });
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--project",
      "workers",
      "--project",
      "node",
      "--reporter=json",
      `--outputFile=${report}`,
      ...files,
    ],
    {
      cwd: tree,
      encoding: "utf8",
      timeout: RUN_TIMEOUT_MS,
      env: { ...process.env, VITE_MODEL_RUNS: "60", VITE_MODEL_SEED: "1" },
    },
  );
  if (!existsSync(report)) throw new Error(`the tests did not run:\n${stdout}${stderr}`);
  const results = (JSON.parse(readFileSync(report, "utf8")) as Report).testResults.flatMap(
    (file) => file.assertionResults,
  );
  if (results.length === 0) throw new Error(`no test was found:\n${stdout}${stderr}`);
  return {
    failed: results.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
    passed: results.filter(({ status }) => status === "passed").length,
  };
}
