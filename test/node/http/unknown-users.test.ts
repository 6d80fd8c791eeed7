/** The budget for claims on users who may not exist, over an hour of a clock that the test moves. */
import { expect, it } from "vitest";
import { UnknownUsers } from "../../../src/http/upstream/unknown-users.ts";

const MINUTE_MS = 60_000;
/** Asks for a new user; whether that was allowed. */
function ask(users: UnknownUsers, caller: string, user: string, nowMs: number, exists = false): boolean {
  const leave = users.leaveToAsk(caller, user, 20, nowMs);
  if (leave.waitMs === 0) leave.answered(!exists);
  return leave.waitMs === 0;
}

it("lets a caller ask for so many in any hour, each caller for itself", () => {
  const users = new UnknownUsers();
  let allowed = 0;
  for (let minute = 0; minute < 60; minute++) {
    for (let index = 0; index < 5; index++) {
      if (ask(users, "bob", `nobody-${minute}-${index}`, minute * MINUTE_MS)) allowed += 1;
    }
  }
  expect(allowed).toBe(20);
  expect(ask(users, "carol", "nobody", 59 * MINUTE_MS)).toBe(true);
});

it("counts calls that are under way, and gives back what users who exist have cost", () => {
  const users = new UnknownUsers();
  const asked = Array.from({ length: 30 }, (_, index) => users.leaveToAsk("bob", `user-${index}`, 20, 0));
  const allowed = asked.filter(({ waitMs }) => waitMs === 0);
  expect(allowed).toHaveLength(10);
  for (const leave of allowed) leave.answered(false);
  for (let index = 0; index < 10; index++) expect(ask(users, "bob", `other-${index}`, 0, true)).toBe(true);
  for (let index = 0; index < 10; index++) expect(ask(users, "bob", `nobody-${index}`, 0)).toBe(true);
  expect(ask(users, "bob", "nobody-10", 0)).toBe(false);
});

it("costs nothing for users it has met, nor for one who was found to exist beyond the budget", () => {
  const users = new UnknownUsers();
  ask(users, "bob", "alice", 0, true);
  for (let index = 0; index < 11; index++) ask(users, "bob", `nobody-${index}`, 0);
  expect(ask(users, "bob", "alice", 0, true)).toBe(true);
  const beyond = users.leaveToAsk("bob", "dora", 20, 0);
  expect(beyond.waitMs).toBeGreaterThan(0);
  beyond.answered(false);
  expect(ask(users, "bob", "dora", 0, true)).toBe(true);
  // Somebody who was erased is unknown again.
  expect(ask(users, "bob", "dora", 0)).toBe(true);
  expect(ask(users, "bob", "dora", 0)).toBe(false);
});

it("is off without a number", () => {
  const users = new UnknownUsers();
  for (let index = 0; index < 100; index++) {
    expect(users.leaveToAsk("bob", `nobody-${index}`, undefined, 0).waitMs).toBe(0);
  }
});
