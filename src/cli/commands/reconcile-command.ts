import { createHash } from "node:crypto";
import { MAX_HELD_REFS_PER_REQUEST } from "../../config/limits.ts";
import { type Command, EXIT_OK, EXIT_REFUSED, JSON_OPTION, UsageError } from "../command.ts";
import { readKeyFile } from "../key-file.ts";
import { RECONCILED } from "../remote/answers.ts";
import { connectPublisher, PUBLISHER_OPTIONS } from "../remote/connection.ts";
import { pathOf } from "../remote/directory-client.ts";
import { table } from "../terminal.ts";

/** What the directory knows of a package that is only here, in words. */
const REASONS: Readonly<Record<string, string>> = {
  claimed: "claimed; a Welcome to it may come",
  removed: "removed from the directory",
  expired: "expired",
  never_seen: "never sent",
  unknown_since_restore: "unknown since the directory was restored; it may have been claimed",
};

export const reconcile: Command = {
  name: "reconcile",
  summary: "Compare the packages of a key file with those that the directory would hand out",
  options: {
    ...PUBLISHER_OPTIONS,
    keys: { value: "FILE", help: "key file of kpd generate" },
    prune: { help: "have the directory remove packages that the key file does not open" },
    ...JSON_OPTION,
  },
  examples: [
    "reconcile --user carol --client phone --keys carol-phone.json",
    "reconcile --user carol --client phone --keys carol-phone.json --prune",
  ],

  async run(given, io) {
    const file = given.required("keys");
    const now = io.now();
    const held = readKeyFile(file).key_packages.filter(({ not_after }) => not_after > now);
    const refs = [...new Set(held.map(({ key_package_ref }) => key_package_ref))];
    if (refs.length > MAX_HELD_REFS_PER_REQUEST) {
      throw new UsageError(`${file} has ${refs.length} packages; at most ${MAX_HELD_REFS_PER_REQUEST} can be compared`);
    }
    const { user, client, directory } = await connectPublisher(given, io);
    const body = { digest: digestOf(refs), refs, ...(given.flag("prune") ? { prune: true } : {}) };
    const path = pathOf("users", user, "clients", client, "reconcile");
    const answer = (await directory.call("POST", path, RECONCILED, { body })).body;
    const here = new Set(refs);
    const unknownHere = answer.server_refs.filter((ref) => !here.has(ref));
    if (given.flag("json")) {
      io.out(`${JSON.stringify({ ...answer, unknown_here: unknownHere })}\n`);
    } else if (answer.same) {
      io.out(`the same ${refs.length} packages here and at the directory\n`);
    } else {
      const rows = [
        ...answer.missing_at_server.map(({ key_package_ref, reason }) => [
          key_package_ref,
          `only here: ${REASONS[reason] ?? reason}`,
        ]),
        ...unknownHere.map((ref) => [ref, "only at the directory: this key file does not open it"]),
      ];
      io.out(`${table(io, ["KEY PACKAGE REF", "WHERE"], rows)}\n${answer.pruned} removed at the directory\n`);
    }
    return answer.same ? EXIT_OK : EXIT_REFUSED;
  },
};

/** SHA-256 over the references in bytewise order. */
function digestOf(refs: readonly string[]): string {
  const hash = createHash("sha256");
  const bytes = refs.map((ref) => Buffer.from(ref, "base64url"));
  for (const ref of bytes.sort(Buffer.compare)) hash.update(ref);
  return hash.digest("base64url");
}
