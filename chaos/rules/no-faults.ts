/** Whatever was killed, an answer is never a fault: 503 says try again, any other 5xx is a mistake of ours. */
import type { Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

export function noFaults({ history }: Timeline): Violation[] {
  return history.operations
    .filter(({ status }) => status !== undefined && status >= 500 && status !== 503)
    .map(({ id, status }) => ({ rule: "no-faults", what: `${id} was answered with ${status}` }));
}
