/**
 * `npm run mutations -- [--only NAME] [--jobs N] [--json FILE]`: takes one safeguard after the other out of a copy of
 * the tree and shows that a test fails for each. First the tests run on the copy as it is and must pass. Each of the
 * jobs, one for each processor unless told otherwise, has a copy of its own.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readOptions } from "../tools/lib/args.ts";

const ROOT = resolve(import.meta.dirname, "..");
const COPIED = [
  "src",
  "test",
  "docs",
  "tools",
  "migrations",
  "schema.sql",
  "wrangler.toml",
  "vitest.config.ts",
  "package.json",
  "package-lock.json",
  ".npmrc",
  "Dockerfile",
  "LICENSE",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "README.md",
  "SECURITY.md",
  // What the docs link to.
  "bench",
  "chaos",
];
const COPIED_CONFIGS = [
  "tsconfig.json",
  "tsconfig.base.json",
  "tsconfig.mls.json",
  "tsconfig.build.json",
  "worker-configuration.d.ts",
];
const RUN_TIMEOUT_MS = 5 * 60_000;
/** All of their tests on the tree as it is. */
const UNTOUCHED_TIMEOUT_MS = 60 * 60_000;

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
    safeguard: "no change by an operator without its record",
    file: "src/http/audited.ts",
    from: "  if (!begun.ok) return begun;\n",
    to: "  if (!begun.ok) return make();\n",
    tests: ["test/workers/http/audit-trail.test.ts"],
  },
  {
    safeguard: "names of erased users leave the journals of others",
    file: "src/pool/operations/forget-claimers.ts",
    from: "if (claims > 0) forgetClaimersOfRecords(sql, users);",
    to: "",
    tests: ["test/workers/http/erasure.test.ts"],
  },
  {
    safeguard: "the description has no schema that nothing refers to",
    file: "src/http/openapi/describe.ts",
    from: "filter(([name]) => used.has(name))",
    to: "filter(() => true)",
    tests: ["test/workers/http/description.test.ts"],
  },
  {
    safeguard: "maps of the package name sources that are in it",
    file: "tools/package.ts",
    from: 'if (file.endsWith(".map")) pointAtSources(file);',
    to: 'if (file.endsWith(".map")) continue;',
    tests: ["test/node/tools/package.test.ts"],
  },
  {
    safeguard: "a schema that the client's types cannot say is refused",
    file: "tools/lib/typescript-of-schema.ts",
    from: "if (primitive === undefined) throw",
    to: 'if (primitive === undefined) return "any"; else if (primitive === "") throw',
    tests: ["test/node/client/wire-types.test.ts"],
  },
  {
    safeguard: "key file closed to others",
    file: "src/cli/key-file.ts",
    from: 'openSync(part, "wx", 0o600)',
    to: 'openSync(part, "wx", 0o644)',
    tests: ["test/node/cli/generate.test.ts"],
  },
  {
    safeguard: "key file open to others is refused",
    file: "src/cli/key-file.ts",
    from: "(statSync(file).mode & OTHERS) !== 0",
    to: "false",
    tests: ["test/node/cli/generate.test.ts"],
  },
  {
    safeguard: "one writer of a key file",
    file: "src/cli/key-file.ts",
    from: 'openSync(part, "wx", 0o600)',
    to: 'openSync(part, "w", 0o600)',
    tests: ["test/node/cli/generate.test.ts"],
  },
  {
    safeguard: "no token over plain http",
    file: "src/cli/connection.ts",
    from: 'url.protocol === "http:" && !isLoopback(url)',
    to: "false",
    tests: ["test/node/cli/remote.test.ts"],
  },
  {
    safeguard: "no token after a redirect",
    file: "src/cli/directory-client.ts",
    from: 'redirect: "error"',
    to: 'redirect: "follow"',
    tests: ["test/node/cli/remote.test.ts"],
  },
  {
    safeguard: "tokens of the local key on loopback only",
    file: "src/cli/connection.ts",
    from: "isLoopback(new URL(address)) ? localIssuer(stateOf(given)) : undefined",
    to: "localIssuer(stateOf(given))",
    tests: ["test/node/cli/remote.test.ts"],
  },
  {
    safeguard: "control characters of others on a terminal",
    file: "src/inspect/text.ts",
    from: "/[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]/gu",
    to: "/[\\p{Zl}\\p{Zp}]/gu",
    tests: ["test/node/cli/inspect.test.ts", "test/node/cli/remote.test.ts"],
  },
  {
    safeguard: "answers for the input before a failure",
    file: "src/cli/commands/validate.ts",
    from: "    failure = { cause };",
    to: "    throw cause;",
    tests: ["test/node/cli/kpd.test.ts"],
  },
  {
    safeguard: "one start to a state folder",
    file: "tools/start.ts",
    from: "if (!lockFolder(state, STATE_WAIT_MS)) throw new Error(inUse(state));",
    to: "",
    tests: ["test/node/e2e/lifecycle.test.ts"],
  },
  {
    safeguard: "what a backup has in stock is void",
    file: "tools/serve.ts",
    from: "Math.max(read.restoreEpoch, readRestoredAt(state))",
    to: "read.restoreEpoch",
    tests: ["test/node/e2e/self-hosted.test.ts"],
  },
  {
    safeguard: "an end that answers what is under way",
    file: "tools/lib/serve-worker.ts",
    from: "  await drain();",
    to: "",
    tests: ["test/node/e2e/self-hosted.test.ts"],
  },
  {
    safeguard: "events in their order",
    file: "src/pool/events/event-relay.ts",
    from: "      if (failed) break;",
    to: "      if (failed) continue;",
    tests: ["test/workers/events/delivery.test.ts"],
  },
  {
    safeguard: "pauses of a receiver that is down",
    file: "src/pool/events/event-log.ts",
    from: "const dueMs = row.dueMs ?? (",
    to: "const dueMs = (",
    tests: ["test/workers/events/delivery.test.ts"],
  },
  {
    safeguard: "an expiry is told once",
    file: "src/pool/events/event-log.ts",
    from: "Math.max(now, toldUntil[client.clientId] ?? 0)",
    to: "now",
    tests: ["test/workers/events/events.test.ts"],
  },
  {
    safeguard: "names go to no other address",
    file: "src/pool/events/delivery.ts",
    from: 'redirect: "manual"',
    to: 'redirect: "follow"',
    tests: ["test/workers/events/delivery.test.ts"],
  },
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
    safeguard: "policy constraints",
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
    file: "src/mls/x509/certificate.ts",
    from: "if (twice) return",
    to: "if (twice && library === undefined) return",
    tests: ["test/node/mls/x509-chain.test.ts"],
  },
  {
    safeguard: "name constraints of authorities",
    file: "src/mls/x509/x509-chain.ts",
    from: "      namesError(issuer, path) ??\n",
    to: "",
    tests: ["test/node/mls/x509-openssl.test.ts"],
  },
  {
    safeguard: "names that constraints cannot compare are not permitted",
    file: "src/mls/x509/name-constraints.ts",
    from: "isWithin(name, subtree) === true)",
    to: "isWithin(name, subtree) !== false)",
    tests: ["test/node/mls/x509-openssl.test.ts"],
  },
  {
    safeguard: "certificates for another purpose",
    file: "src/mls/x509/x509-chain.ts",
    from: "purposes === undefined || ",
    to: "true || ",
    tests: ["test/node/mls/x509-openssl.test.ts"],
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
    from: "if (known) return codeOf(this.#sql, this.#client, known, keyPackage.ref, this.#now);",
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
    file: "src/pool/operations/known-packages.ts",
    from: "const isElsewhere = clientId !== client.clientId;",
    to: "const isElsewhere = false;",
    tests: ["test/workers/pool/uniqueness.test.ts"],
  },
  {
    safeguard: "one client for each signature key",
    file: "src/pool/operations/register.ts",
    from: "return keys.find((key) => taken.some((other) => equalBytes(other.publicKey, key.publicKey)));",
    to: "void keys; void taken; return undefined;",
    tests: ["test/workers/pool/publisher.test.ts", "test/workers/pool/model.test.ts"],
  },
  {
    safeguard: "proof of possession",
    file: "src/http/resources/clients/possession.ts",
    from: "if (await anyOf(audiences, isProven)) continue;",
    to: "void audiences; void isProven; continue;",
    tests: ["test/workers/http/registration.test.ts"],
  },
  {
    safeguard: "a bundle is given whole or not at all",
    file: "src/pool/operations/claim-decision.ts",
    from: "if (!choice) return undefined;",
    to: "if (!choice) continue;",
    tests: ["test/workers/pool/bundle.test.ts"],
  },
  {
    safeguard: "each package of a bundle in the budgets",
    file: "src/pool/operations/claim.ts",
    from: "groupsOf(criteria).length",
    to: "groupsOf(criteria).slice(0, 1).length",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "the others of a bundle in a repeated answer",
    file: "src/pool/tables/claims.ts",
    from: "others: claim.others.map(storedPackage)",
    to: "others: claim.others.slice(1).map(storedPackage)",
    tests: ["test/workers/pool/bundle.test.ts"],
  },
  {
    safeguard: "routes only under an idempotency key",
    file: "src/http/resources/routes/keep-routes.ts",
    from: "if (idempotencyKey !== undefined) return ok(undefined);",
    to: "if (idempotencyKey !== null) return ok(undefined);",
    tests: ["test/workers/http/details.test.ts"],
  },
  {
    safeguard: "routes that go with the user who is erased",
    file: "src/directory/projection.ts",
    from: "db.batch([clients, forgetRoutes(db, user)])",
    to: "db.batch([clients, forgetRoutes(db, user.slice(1))])",
    tests: ["test/workers/http/routes.test.ts"],
  },
  {
    safeguard: "routes that end with their packages",
    file: "src/directory/routes.ts",
    from: " AND not_after > ?4",
    to: " AND ?4 = ?4",
    tests: ["test/workers/http/routes.test.ts"],
  },
  {
    safeguard: "the name in a certificate",
    file: "src/admission/certificates.ts",
    from: "alternativeNames.some((name) => name.type === type && name.value === value)",
    to: "alternativeNames.some((name) => name.type === type || name.value === value)",
    tests: ["test/workers/full/x509.test.ts"],
  },
  {
    safeguard: "stock that ends with its certificate",
    file: "src/admission/admit.ts",
    from: "certificateEnd ?? Number.MAX_SAFE_INTEGER)",
    to: "Number.MAX_SAFE_INTEGER + 0 * (certificateEnd ?? 0))",
    tests: ["test/workers/full/x509.test.ts"],
  },
  {
    safeguard: "coefficients of ML-KEM keys below q",
    file: "src/mls/keys/ml-kem-keys.ts",
    from: 'if (first >= Q || second >= Q) return "coefficient out of range";',
    to: "void first; void second; void Q;",
    tests: ["test/node/mls/suite-profiles.test.ts"],
  },
  {
    safeguard: "no suite whose signatures this build cannot check",
    file: "src/config/deployment.ts",
    from: "build.mlDsa || !isMlDsa(signatureScheme);",
    to: "build.mlDsa || !isMlDsa(signatureScheme) || true;",
    tests: ["test/node/config/deployment.test.ts"],
  },
  {
    safeguard: "what a proof of possession is for",
    file: "src/admission/registration-proof.ts",
    from: `    .opaque(text.encode(proof.client))
`,
    to: "",
    tests: ["test/workers/http/registration.test.ts"],
  },
  {
    safeguard: "the time of a proof of possession",
    file: "src/http/resources/clients/possession.ts",
    from: "Math.abs(now - signedAt) > REGISTRATION_PROOF_WINDOW_SECONDS",
    to: "signedAt < now - REGISTRATION_PROOF_WINDOW_SECONDS && signedAt < 0",
    tests: ["test/workers/http/registration.test.ts"],
  },
  {
    safeguard: "tokens issued before the end of a client",
    file: "src/pool/operations/register.ts",
    from: "endedAt !== undefined && !isIssuedAfter(endedAt, call.tokenIssuedAt)",
    to: "endedAt !== undefined && endedAt < 0 && isIssuedAfter(endedAt, call.tokenIssuedAt)",
    tests: ["test/workers/pool/ended-tokens.test.ts"],
  },
  {
    safeguard: "the token's time on its way to the pool",
    file: "src/http/resources/clients/operations.ts",
    from: 'tokenIssuedAt: c.get("principal").issuedAt',
    to: "tokenIssuedAt: Number.MAX_SAFE_INTEGER",
    tests: ["test/workers/http/ended-clients.test.ts"],
  },
  {
    safeguard: "siblings end clients of their own user only",
    file: "src/http/route.ts",
    from: "principal.user !== user || isOthers",
    to: "isOthers",
    tests: ["test/workers/http/authorization.test.ts"],
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
    from: "const nextExpiry = remove(sql, chunk, (index) => index === position);",
    to: "const nextExpiry = sql && position < 0 ? undefined : chunk.storedAt;",
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
    from: "return chunk.packages.slice(start, start + entry.length);",
    to: "return chunk.packages.slice(0 * start, entry.length);",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "noting that a package has left",
    file: "src/pool/tables/chunk-entries.ts",
    from: "this.#view.setUint8(at + 2, 1);",
    to: "",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "overwriting the bytes of a package that left",
    file: "src/pool/tables/chunks.ts",
    from: "(start, end) => packages.fill(0, start, end)",
    to: "() => packages",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "overwriting all bytes of a package that left",
    file: "src/pool/tables/chunks.ts",
    from: "packages.fill(0, start, end)",
    to: "packages.fill(0, start, (start + end) / 2)",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "overwriting the bytes of no other package: where they begin",
    file: "src/pool/tables/chunks.ts",
    from: "packages.fill(0, start, end)",
    to: "packages.fill(0, 0 * start, end)",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "overwriting the bytes of no other package: where they end",
    file: "src/pool/tables/chunks.ts",
    from: "(start, end) => packages.fill(0, start, end)",
    to: "(start) => packages.fill(0, start)",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "giving nothing that has left",
    file: "src/pool/tables/chunk-entries.ts",
    from: "if (!this.#hasLeft(at) && isWanted(",
    to: "if (isWanted(",
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
    from: "(entry.hasLeft ? [] : [{ queueId: queueIdOf(row.chunk_id), entry }])",
    to: "[{ queueId: queueIdOf(row.chunk_id), entry }]",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "counting nothing that has left",
    file: "src/pool/tables/chunks.ts",
    from: "if (!hasLeft && notAfter > now) add(",
    to: "if ((hasLeft || true) && notAfter > now) add(",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the row goes with its last package",
    file: "src/pool/tables/chunks.ts",
    from: `    sql.exec("DELETE FROM chunks WHERE chunk_id = ?", id);
`,
    to: "",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the row stays until its last package goes",
    file: "src/pool/tables/chunks.ts",
    from: "if (summary.live === 0) {",
    to: "if (summary.live < entries.all().length) {",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "what a chunk says of itself after a package left",
    file: "src/pool/tables/chunks.ts",
    from: `  entries.markLeft(leaves, (start, end) => packages.fill(0, start, end));
  const summary = entries.summary();`,
    to: `  const summary = entries.summary();
  entries.markLeft(leaves, (start, end) => packages.fill(0, start, end));`,
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "what a chunk says of those that are live only",
    file: "src/pool/tables/chunk-entries.ts",
    from: `      if (this.#hasLeft(at)) continue;
      live++;`,
    to: `      if (!this.#hasLeft(at)) live++;`,
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "keeping no chunk in memory that is no longer in storage",
    file: "src/pool/tables/chunks.ts",
    from: "if (nextExpiry === undefined) heads?.drop(chunk);",
    to: "void heads;",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "keeping no more chunks in memory than their bound",
    file: "src/pool/tables/chunks.ts",
    from: "if (head && this.#bytes + bytes <= MAX_CACHED_CHUNK_BYTES) {",
    to: "if (head && MAX_CACHED_CHUNK_BYTES > 0) {",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "starting with no chunks in memory after another call has changed them",
    file: "src/pool/pool.ts",
    from: `    this.#cache = undefined;
    return this.#transact(body);`,
    to: "    return this.#transact(body);",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "knowing no next expiry that has been claimed",
    file: "src/pool/operations/claim.ts",
    from: "found.entry.notAfter > nextExpiry || nextInChunk === nextExpiry ? nextExpiry : undefined",
    to: "found.entry.notAfter > 0 || nextInChunk === nextExpiry ? nextExpiry : undefined",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the earlier of two next expiries",
    file: "src/pool/tables/clients.ts",
    from: "Math.min(nextExpiry, earliest)",
    to: "Math.max(nextExpiry, earliest)",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "the budget of a user with all devices",
    file: "src/pool/operations/claim-budgets.ts",
    from: "return this.#spend(this.#spend(budgets, this.#oneTimeBucket(budgets).bucket), this.#pair);",
    to: "return this.#spend(budgets, this.#oneTimeBucket(budgets).bucket);",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "the budget of what leaves a client",
    file: "src/pool/operations/claim-budgets.ts",
    from: "return this.#spend(this.#spend(budgets, this.#oneTimeBucket(budgets).bucket), this.#pair);",
    to: "return this.#spend(budgets, this.#pair);",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "a share for users who have not asked for a while",
    file: "src/pool/operations/claim-budgets.ts",
    from: "if (open.waitMs === 0 || !this.#reserve || !this.#isFresh(budgets)) return open;",
    to: "if (open.waitMs >= 0) return open;",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "that share for nobody else",
    file: "src/pool/operations/claim-budgets.ts",
    from: "|| !this.#isFresh(budgets)) return open;",
    to: ") return open;",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "counting claims in vain",
    file: "src/pool/operations/claim-budgets.ts",
    from: "const counted = this.#spend(budgets, this.#misses);",
    to: "const counted = budgets;",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "a bucket that holds in any window",
    file: "src/shared/leaky-bucket.ts",
    from: "return burstThen(burst, count - burst + 1, windowMs);",
    to: "return burstThen(burst, count, windowMs);",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "no wait for what only a wrong clock can have written",
    file: "src/shared/leaky-bucket.ts",
    from: "rate.burst * rate.intervalMs + TOLERATED_SKEW_MS ? 0 : arrivalMs",
    to: "rate.burst * rate.intervalMs + TOLERATED_SKEW_MS ? arrivalMs : arrivalMs",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "the budget of stored packages",
    file: "src/pool/pool.ts",
    from: "spent(spent(client.budgets, refusals, call.refused), uploads, stored)",
    to: "spent(client.budgets, refusals, call.refused + 0 * stored)",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "the budget of registrations",
    file: "src/pool/pool.ts",
    from: "if (waitMs > 0 && changesRegistration(this.#sql, call)) {",
    to: "if (waitMs < 0 && changesRegistration(this.#sql, call)) {",
    tests: ["test/workers/budgets/budgets.test.ts"],
  },
  {
    safeguard: "no check of what is known by its reference",
    file: "src/http/resources/key-packages/batch.ts",
    from: "const code = isPrepared(item) ? known[place++] : undefined;",
    to: "const code = isPrepared(item) && place < 0 ? known[place++] : undefined;",
    tests: ["test/workers/budgets/http.test.ts"],
  },
  {
    safeguard: "no check of what there is no room for",
    file: "src/pool/operations/known-packages.ts",
    from: 'if ((inStock.get(ciphersuite) ?? 0) >= capPackages) return "stock_full";',
    to: 'if ((inStock.get(ciphersuite) ?? 0) >= 2 * capPackages) return "stock_full";',
    tests: ["test/workers/budgets/http.test.ts"],
  },
  {
    safeguard: "the budget for users who do not exist",
    file: "src/http/upstream/unknown-users.ts",
    from: "if (wait > 0) return { waitMs: wait, answered };",
    to: "",
    tests: ["test/node/http/unknown-users.test.ts", "test/workers/budgets/http.test.ts"],
  },
  {
    safeguard: "counting lists before their elements are looked at",
    file: "src/http/wire/read-json.ts",
    from: "    if (count > max) return refuse(code,",
    to: "    if (count < 0) return refuse(code,",
    tests: ["test/workers/http/abuse.test.ts"],
  },
  {
    safeguard: "a bound on the values of a body",
    file: "src/http/wire/read-json.ts",
    from: 'if (values > maxValues) return refuse("too_many_values"',
    to: 'if (values < 0) return refuse("too_many_values"',
    tests: ["test/node/http/body-memory.test.ts"],
  },
  {
    safeguard: "a bound on the depth of a body",
    file: "src/http/wire/read-json.ts",
    from: "if (depth > MAX_JSON_DEPTH) return",
    to: "if (depth < 0) return",
    tests: ["test/node/http/scan-json.test.ts", "test/node/http/body-memory.test.ts"],
  },
  {
    safeguard: "a bound on what a body of this operation may need",
    file: "src/http/route.ts",
    from: "Math.min(settings.maxBodyBytes, body?.maxBytes?.(settings) ?? SMALL_BODY_BYTES)",
    to: "settings.maxBodyBytes",
    tests: ["test/workers/http/abuse.test.ts"],
  },
  {
    safeguard: "a bound on capabilities",
    file: "src/admission/cheap-checks.ts",
    from: "if (count > MAX_CAPABILITIES_PER_KIND) {",
    to: "if (count > 100 * MAX_CAPABILITIES_PER_KIND) {",
    tests: ["test/node/admission/policy.test.ts"],
  },
  {
    safeguard: "a bound on the time of the directory",
    file: "src/http/upstream/directory.ts",
    from: 'await withTimeout(DIRECTORY_CALL_TIMEOUT_MS, read(), () => new Error("no answer in time"))',
    to: "await read()",
    tests: ["test/workers/http/faults.test.ts"],
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
    from: "chunk_id < ? ORDER BY chunk_id LIMIT 1`",
    to: "chunk_id < ? ORDER BY chunk_id DESC LIMIT 1`",
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
    from: "notAfter >= aliveUntil && notBefore <= now",
    to: "notBefore <= now",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "not_before",
    file: "src/pool/tables/chunks.ts",
    from: "notAfter >= aliveUntil && notBefore <= now",
    to: "notAfter >= aliveUntil",
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
    from: "withLive(client.queues, queue.queueId, -1, (",
    to: "withLive(client.queues, queue.queueId, 0, (",
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
    safeguard: "the restore epoch outlives D1",
    file: "src/http/upstream/restore-epoch-places.ts",
    from: "return [...databases, keeper];",
    to: "void keeper; return databases;",
    tests: ["test/workers/directory/restore-epoch.test.ts"],
  },
  {
    safeguard: "a pool tells of an epoch that was lost",
    file: "src/http/upstream/pool-client.ts",
    from: "if (restoreEpoch !== undefined) rememberRestoreEpoch(restoreEpoch);",
    to: "void restoreEpoch; void rememberRestoreEpoch;",
    tests: ["test/workers/http/restore-epoch.test.ts"],
  },
  {
    safeguard: "two looks at the clock",
    file: "src/pool/looks.ts",
    from: "canLook(lookedAt, now) ? lookedAt : 0",
    to: "now + lookedAt * 0",
    tests: ["test/workers/pool/clocks.test.ts"],
  },
  {
    safeguard: "the earlier look counts",
    file: "src/pool/looks.ts",
    from: "canLook(lookedAt, now) ? lookedAt : 0",
    to: "canLook(lookedAt, now) ? now : 0",
    tests: ["test/workers/pool/clocks.test.ts"],
  },
  {
    safeguard: "taking a look back when the clock goes back",
    file: "src/pool/pool.ts",
    from: "if (!wasAhead(this.#lookedAt, now)) return;",
    to: "if (!wasAhead(this.#lookedAt, now + this.#lookedAt)) return;",
    tests: ["test/workers/pool/clocks.test.ts"],
  },
  {
    safeguard: "an alarm that fails backs off",
    file: "src/pool/pool.ts",
    from: "this.#alarm.hold(Date.now() + pauseMs);",
    to: "this.#alarm.request(Date.now() + pauseMs);",
    tests: ["test/workers/pool/rollback.test.ts"],
  },
  {
    safeguard: "a newer schema serves nothing",
    file: "src/pool/pool.ts",
    from: "if (this.#newerSchema) throw this.#newerSchema;",
    to: "",
    tests: ["test/workers/http/newer-schema.test.ts"],
  },
  {
    safeguard: "the time of storing",
    file: "src/pool/operations/void-before-epoch.ts",
    from: "storedAt < epoch || ",
    to: "storedAt >= 0 || ",
    tests: ["test/workers/pool/chunks.test.ts"],
  },
  {
    safeguard: "restore epoch",
    file: "src/pool/operations/void-before-epoch.ts",
    from: "storedAt < epoch || notBefore < earliest",
    to: "false && storedAt < epoch && notBefore < earliest",
    tests: ["test/workers/pool/epoch.test.ts"],
  },
  {
    safeguard: "last resorts end with a restore",
    file: "src/pool/operations/void-before-epoch.ts",
    from: "({ notBefore }, { storedAt }) => storedAt < epoch || notBefore < earliest",
    to: `({ notBefore }, { storedAt, queueId }) =>
        (storedAt < epoch || notBefore < earliest) &&
        !client.queues.some((queue) => queue.lastResort && queue.queueId === queueId)`,
    tests: ["test/workers/pool/epoch.test.ts"],
  },
  {
    safeguard: "the time of making",
    file: "src/pool/operations/void-before-epoch.ts",
    from: " || notBefore < earliest",
    to: " || earliest < 0",
    tests: ["test/workers/pool/epoch.test.ts"],
  },
  {
    safeguard: "refusing what was made before a restore",
    file: "src/pool/operations/publish.ts",
    from: "candidate.keyPackage.notBefore < earliestNotBefore",
    to: "earliestNotBefore < 0",
    tests: ["test/workers/pool/epoch.test.ts"],
  },
  {
    safeguard: "not calling removed what may have been claimed before a restore",
    file: "src/pool/operations/reconcile.ts",
    from: 'known.notAfter <= forgottenUntil ? "unknown_since_restore" : "removed"',
    to: '"removed"',
    tests: ["test/workers/pool/epoch.test.ts"],
  },
  {
    safeguard: "one key of a scheme in a registration by packages",
    file: "src/http/resources/clients/registered-keys.ts",
    from: "if (other && !equalBytes(other.publicKey, publicKey)) {",
    to: "if (other && !publicKey) {",
    tests: ["test/workers/http/registration.test.ts"],
  },
  {
    safeguard: "the place in the docs that a problem's type names",
    file: "src/http/refusals/problem-codes.ts",
    from: "/docs#",
    to: "/docs/",
    tests: ["test/workers/http/details.test.ts"],
  },
  {
    safeguard: "not opening with a key that was wiped",
    file: "src/mls/hpke/hpke.ts",
    from: "privateKey.some((byte) => byte !== 0) && ",
    to: "",
    tests: ["test/node/mls/hpke.test.ts"],
  },
  {
    safeguard: "keeping the keys of a package that may have been claimed before a restore",
    file: "src/client/replenisher/replenisher.ts",
    from: '  before_restore_epoch: "gone",\n',
    to: "",
    tests: ["test/node/client/replenisher.test.ts"],
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
    from: ".filter((part) => client === undefined || part.client === client)",
    to: ".filter((part) => part.client !== undefined)",
    tests: ["test/workers/pool/claim-records.test.ts"],
  },
  {
    safeguard: "bound on missed claims",
    file: "src/pool/operations/claim-budgets.ts",
    from: "const isTold = this.#wait(budgets, JOURNAL) === 0;",
    to: "const isTold = true;",
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
    from: "isHeld ? this.#heldUntilMs : 0, nowMs + MIN_ALARM_AHEAD_MS)",
    to: "isHeld ? this.#heldUntilMs : 0)",
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
    from: 'if (news.some(({ type }) => type !== "last_resort.used")) this.#announce',
    to: "if (news.length >= 0) this.#announce",
    tests: ["test/workers/pool/alarm-scheduler.test.ts"],
  },
  {
    safeguard: "token check",
    file: "src/http/auth/verify-token.ts",
    from: `const { payload } = await jwtVerify(token, key.value, {`,
    to: `const believed = readPrincipal(claimed, settings);
    if (believed.ok) return ok({ principal: believed.value, expiresAt: claimed.exp ?? 0 });
    const { payload } = await jwtVerify(token, key.value, {`,
    tests: ["test/workers/http/tokens.test.ts", "test/workers/http/abuse.test.ts"],
  },
  {
    safeguard: "matching the issuer",
    file: "src/http/auth/verify-token.ts",
    from: "issuers.byName.get(iss)",
    to: "[...issuers.byName.values()][0]",
    tests: ["test/workers/http/tokens.test.ts"],
  },
  {
    safeguard: "type of a token",
    file: "src/http/auth/verify-token.ts",
    from: `if (typeFault !== undefined) return failure("wrong_type", typeFault);`,
    to: "void typeFault;",
    tests: ["test/workers/http/tokens.test.ts"],
  },
  {
    safeguard: "no fetch of keys for a token that is refused anyway",
    file: "src/http/auth/verify-token.ts",
    from: "const isPlausible = wouldBeAccepted(header, claimed, settings, now);",
    to: "const isPlausible = wouldBeAccepted(header, claimed, settings, now) || true;",
    tests: ["test/workers/http/authentication-failures.test.ts"],
  },
  {
    safeguard: "bytes of verified tokens",
    file: "src/http/auth/token-cache.ts",
    from: "if (this.#bytes + bytes <= MAX_TOKEN_CACHE_BYTES) break;",
    to: "if (this.#byDigest.size <= 20_000) break;",
    tests: ["test/workers/http/token-cache.test.ts"],
  },
  {
    safeguard: "spacing of fetches of an issuer's keys",
    file: "src/http/auth/remote-keys.ts",
    from: "if (this.#isRenewing(nowMs) || !mayFetch(this.#record.fetches, nowMs)) return undefined;",
    to: "if (this.#isRenewing(nowMs)) return undefined;",
    tests: ["test/workers/http/issuer-keys.test.ts", "test/workers/http/authentication-failures.test.ts"],
  },
  {
    safeguard: "spacing of fetches over all isolates",
    file: "src/http/auth/remote-keys.ts",
    from: "if (theirs && !mayFetch(theirs.fetches, nowMs)) return;",
    to: "",
    tests: ["test/workers/http/issuer-keys.test.ts"],
  },
  {
    safeguard: "fetches in the long run",
    file: "src/http/auth/fetch-budget.ts",
    from: "return Math.max(lastMs + JWKS_FETCH_SPACING_MS, drainedMs - (JWKS_FETCH_BURST - 1) * JWKS_FETCH_INTERVAL_MS);",
    to: "return lastMs + JWKS_FETCH_SPACING_MS + 0 * drainedMs;",
    tests: ["test/workers/http/issuer-keys.test.ts"],
  },
  {
    safeguard: "end of an issuer's keys",
    file: "src/http/auth/remote-keys.ts",
    from: "this.#keys && this.#age(nowMs) < JWKS_STALE_MS ?",
    to: "this.#keys ?",
    tests: ["test/workers/http/issuer-keys.test.ts"],
  },
  {
    safeguard: "keys that serve while their issuer is down",
    file: "src/http/auth/remote-keys.ts",
    from: "this.#keys && this.#age(nowMs) < JWKS_STALE_MS ?",
    to: "this.#keys && this.#age(nowMs) < JWKS_CACHE_MS ?",
    tests: ["test/workers/http/issuer-keys.test.ts"],
  },
  {
    safeguard: "the look for the needed migration",
    file: "src/directory/readiness.ts",
    from: ".bind(NEEDED_MIGRATION).first()) !== null",
    to: ".bind(NEEDED_MIGRATION).first()) !== undefined",
    tests: ["test/workers/http/readiness.test.ts"],
  },
  {
    safeguard: "one look at the databases per span, however many ask",
    file: "src/http/resources/service/readiness.ts",
    from: "nowMs - looked.sinceMs < READINESS_CACHE_MS",
    to: "nowMs < looked.sinceMs",
    tests: ["test/workers/http/readiness.test.ts"],
  },
  {
    safeguard: "what a database said in its failure stays inside",
    file: "src/http/resources/service/readiness.ts",
    from: 'detail: "the database did not answer"',
    to: "detail: String(error)",
    tests: ["test/workers/http/readiness.test.ts"],
  },
  {
    safeguard: "an alarm that failed is counted",
    file: "src/pool/pool.ts",
    from: '      writePoint(this.#metrics, "alarm", { outcome: "failed", count: 1 });\n',
    to: "",
    tests: ["test/workers/pool/metrics.test.ts"],
  },
  {
    safeguard: "a write to the directory is counted as what it became",
    file: "src/pool/outbox/relay.ts",
    from: 'error === undefined ? "delivered" : "refused"',
    to: '"delivered"',
    tests: ["test/workers/pool/metrics.test.ts"],
  },
  {
    safeguard: "an erasure waits for the batch that is under way",
    file: "src/pool/pool.ts",
    from: "    await Promise.all([this.#relay.idle(), this.#events?.idle()]);\n",
    to: "",
    tests: ["test/workers/http/erasure.test.ts"],
  },
  {
    safeguard: "an erasure takes the rows of the directory",
    file: "src/pool/pool.ts",
    from: "(await this.#relay.eraseUser(user))",
    to: "user.length > 0",
    tests: ["test/workers/http/erasure.test.ts"],
  },
  {
    safeguard: "a package proves possession only where identities name the client",
    file: "src/http/resources/clients/packages-as-proof.ts",
    from: '!credentialIdentity.includes("{user}") || !credentialIdentity.includes("{client}")',
    to: '!credentialIdentity.includes("{user}") && credentialIdentity === "none"',
    tests: ["test/workers/http/registration.test.ts"],
  },
  {
    safeguard: "the age of a package that proves possession",
    file: "src/http/resources/clients/packages-as-proof.ts",
    from: "if (age <= REGISTRATION_PACKAGE_AGE_SECONDS) continue;",
    to: "if (age >= 0) continue;",
    tests: ["test/workers/http/registration.test.ts"],
  },
  {
    safeguard: "no upload without private keys",
    file: "src/client/replenisher/replenisher.ts",
    from: "!decoded || !(await this.held.privateKeys(ref))",
    to: "!decoded",
    tests: ["test/node/client/replenisher.test.ts"],
  },
  {
    safeguard: "private keys are stored before the upload",
    file: "src/client/replenisher/replenisher.ts",
    from: "      await this.held.add(slice);\n",
    to: "      void this.held.add(slice).catch(() => undefined);\n",
    tests: ["test/node/client/replenisher.test.ts"],
  },
  {
    safeguard: "one tab at a time",
    file: "src/client/lock.ts",
    from: "navigator?.locks ? webLock(navigator.locks) : memoryLock",
    to: "navigator?.locks && !navigator ? webLock(navigator.locks) : memoryLock",
    tests: ["test/browser/replenisher.test.ts"],
  },
  {
    safeguard: "writes that are on the disk when they resolve",
    file: "src/client/storage/indexed-db.ts",
    from: '"readwrite", { durability: "strict" }',
    to: '"readwrite"',
    tests: ["test/browser/indexed-db.test.ts"],
  },
  {
    safeguard: "the policy that keeps what is inspected in the page",
    file: "src/web/public/_headers",
    from: "  Content-Security-Policy: connect-src 'none'",
    to: "  X-Content-Type-Options: nosniff",
    tests: ["test/node/web/pages.test.ts"],
  },
  {
    safeguard: "markup of a Markdown file shown as text",
    file: "tools/lib/pages/markdown.ts",
    from: "return escapeHtml(raw);",
    to: "return raw;",
    tests: ["test/node/web/docs.test.ts"],
  },
  {
    safeguard: "a word that has to be typed before a client is revoked",
    file: "src/web/console/pieces.ts",
    from: 'go.disabled = typed.value !== word || reason.value.trim() === "";',
    to: 'go.disabled = reason.value.trim() === "";',
    tests: ["test/browser/console.test.ts"],
  },
];

/** Of tests that ran; or why they did not, which proves nothing. */
type Result = { readonly failed: readonly string[]; readonly passed: number; readonly notRun?: string };
type Row = { readonly safeguard: string; readonly file: string; readonly failing_tests: readonly string[] };

const USAGE = "npm run mutations -- [--only NAME] [--jobs N] [--json FILE]";
const { chosen, jobs, json } = readOptions(USAGE, () => {
  const { values } = parseArgs({
    options: { only: { type: "string" }, jobs: { type: "string" }, json: { type: "string" } },
  });
  const chosen = MUTATIONS.filter(({ safeguard }) => values.only === undefined || safeguard === values.only);
  if (chosen.length === 0) throw new Error(`--only takes one of: ${MUTATIONS.map((one) => one.safeguard).join(", ")}`);
  const jobs = Number(values.jobs ?? availableParallelism());
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs takes a number from 1 on, not ${values.jobs}`);
  return { chosen, jobs: Math.min(jobs, chosen.length), json: values.json };
});

const trees = Array.from({ length: jobs }, () => mkdtempSync(join(tmpdir(), "kpd-mutations-")));
try {
  process.exitCode = (await survivors()) > 0 ? 1 : 0;
} finally {
  for (const tree of trees) rmSync(tree, { recursive: true, force: true });
}

/** Runs everything and prints a line for each safeguard; returns how many no test misses. */
async function survivors(): Promise<number> {
  for (const tree of trees) copyInto(tree);
  const [first = ""] = trees;
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const untouched = await runTests(first, { files, timeoutMs: UNTOUCHED_TIMEOUT_MS });
  if (untouched.failed.length > 0 || untouched.passed === 0) {
    const why = untouched.notRun ?? untouched.failed.join("; ");
    throw new Error(`the tests must pass before anything is taken out: ${why}`);
  }
  console.log(`untouched: ${untouched.passed} tests pass`);

  const waiting = [...chosen];
  const rows: Row[] = [];
  await Promise.all(
    trees.map(async (tree) => {
      for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
        const { failed, notRun = "no test fails" } = await without(tree, mutation);
        const caught = failed.length > 0;
        console.log(`${caught ? "caught " : "MISSED "} without ${mutation.safeguard}: ${caught ? failed[0] : notRun}`);
        rows.push({ safeguard: mutation.safeguard, file: mutation.file, failing_tests: failed });
      }
    }),
  );
  if (json) writeFileSync(json, JSON.stringify(rows, null, 2));
  const missed = rows.filter((row) => row.failing_tests.length === 0).length;
  console.log(`${rows.length - missed} caught, ${missed} missed`);
  return missed;
}

function copyInto(tree: string): void {
  for (const name of [...COPIED, ...COPIED_CONFIGS]) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
}

async function without(tree: string, { safeguard, file, from, to, tests }: Mutation): Promise<Result> {
  const path = join(tree, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${safeguard}: its text must occur once in ${file}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    // One test that fails is enough.
    return await runTests(tree, { files: tests, timeoutMs: RUN_TIMEOUT_MS, bail: 1 });
  } finally {
    writeFileSync(path, text);
  }
}

type Report = {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
};

type Run = { readonly files: readonly string[]; readonly timeoutMs: number; readonly bail?: number };

/** Runs test files of a copy. */
async function runTests(tree: string, { files, timeoutMs, bail = 0 }: Run): Promise<Result> {
  const report = join(tree, "report.json");
  rmSync(report, { force: true });
  const output = await outputOf(tree, timeoutMs, [
    "node_modules/vitest/vitest.mjs",
    "run",
    `--bail=${bail}`,
    "--reporter=json",
    `--outputFile=${report}`,
    ...files,
  ]);
  if (!existsSync(report)) return { failed: [], passed: 0, notRun: `the tests did not run:\n${output}` };
  const results = (JSON.parse(readFileSync(report, "utf8")) as Report).testResults.flatMap(
    (file) => file.assertionResults,
  );
  if (results.length === 0) return { failed: [], passed: 0, notRun: `no test was found:\n${output}` };
  return {
    failed: results.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
    passed: results.filter(({ status }) => status === "passed").length,
  };
}

/** What Node printed, whether or not it failed. */
function outputOf(tree: string, timeoutMs: number, args: readonly string[]): Promise<string> {
  return new Promise((resolveOutput, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: tree,
      timeout: timeoutMs,
      env: { ...process.env, VITE_MODEL_RUNS: "60", VITE_MODEL_SEED: "1" },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.on("error", reject).on("close", () => resolveOutput(output));
  });
}
