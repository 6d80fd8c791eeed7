/** After the outbox has run the directory says of each client what its pool says. */
import type { Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

export function directoryAgrees({ history }: Timeline): Violation[] {
  return history.final.clients
    .filter(
      ({ directory, available, lastResort }) =>
        directory?.available !== available || directory.lastResort !== lastResort,
    )
    .map(({ user, client, directory, available, lastResort }) => ({
      rule: "directory-agrees",
      what: `${user}/${client} is ${JSON.stringify(directory ?? null)} in D1 and ${JSON.stringify({ available, lastResort })} in its pool`,
    }));
}
