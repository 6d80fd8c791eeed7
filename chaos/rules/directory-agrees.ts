/** After the outbox has run the directory says of each client what its pool says, for each ciphersuite. */
import type { SuiteStock, Violation } from "../history.ts";
import type { Timeline } from "../timeline.ts";

export function directoryAgrees({ history }: Timeline): Violation[] {
  return history.final.clients
    .filter(({ directory, stock }) => directory === undefined || textOf(directory) !== textOf(stock))
    .map(({ user, client, directory, stock }) => ({
      rule: "directory-agrees",
      what: `${user}/${client} is ${directory && textOf(directory)} in D1 and ${textOf(stock)} in its pool`,
    }));
}

/** Without the suites that have nothing: an inventory may name those, or none of them. */
const textOf = (stock: readonly SuiteStock[]): string =>
  stock
    .filter(({ available, lastResort }) => available > 0 || lastResort)
    .sort((a, b) => a.ciphersuite - b.ciphersuite)
    .map(
      ({ ciphersuite, available, lastResort }) =>
        `${ciphersuite}: ${available}${lastResort ? " and a last resort" : ""}`,
    )
    .join(", ");
