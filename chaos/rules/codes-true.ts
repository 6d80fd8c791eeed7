/**
 * What an upload is told of a package that is known already is true, and a client of the user never takes in what another
 * one has had: references and keys are unique for the user.
 */
import type { Publish, Resend, Violation } from "../history.ts";
import type { Story, Timeline } from "../timeline.ts";

/** What a client may hear of its sibling's packages. */
const KNOWN: ReadonlySet<string> = new Set([
  "signature_key_mismatch",
  "init_key_reused",
  "already_claimed",
  "already_removed",
  "before_restore_epoch",
]);

export function codesTrue({ history, stories }: Timeline): Violation[] {
  return history.operations.flatMap((operation): Violation[] => {
    if ((operation.kind !== "publish" && operation.kind !== "resend") || operation.status !== 200) return [];
    return operation.packages.flatMap(({ ref, lastResort, notAfter }, index): Violation[] => {
      const code = operation.codes[index] ?? "none";
      const story = stories.get(ref);
      // Of a package whose time is over nothing is promised, and a last resort is never used up.
      if (!story || notAfter * 1000 <= operation.endedMs) return [];
      const faults = [
        ...(operation.kind === "resend" && !KNOWN.has(code) ? ["which its sibling had stored"] : []),
        ...(lastResort ? [] : faultsOf(code, operation, story)),
      ];
      return faults.map((fault) => ({
        rule: "codes-true",
        what: `${operation.id} was told ${code} of ${ref}, ${fault}`,
      }));
    });
  });
}

function faultsOf(code: string, operation: Publish | Resend, story: Story): string[] {
  const isClaimed = story.claims.length > 0 || story.journaled;
  if (code === "already_claimed") return isClaimed ? [] : ["which nobody claimed"];
  if (code === "already_removed") return isClaimed ? ["which was claimed"] : [];
  // It never came as far as the pool, which would know.
  if (operation.kind === "resend" && code === "signature_key_mismatch") return [];
  // Whether it may be stored is the matter of stored-once.
  if (code === "stored") return [];
  // Of what was made before a restore it is not said whether it was claimed.
  if (code === "before_restore_epoch") return [];
  const earlier = story.claims.find(({ endedMs }) => endedMs < operation.sentMs);
  return earlier ? [`which ${earlier.id} had claimed`] : [];
}
