import { expect, it } from "vitest";
import { AnswerBudget } from "../../../src/http/resources/claims/answer-budget.ts";

/** What a promise has come to after everything that can run has run. */
async function stateOf(promise: Promise<boolean>): Promise<boolean | "waits"> {
  await new Promise((resolve) => setImmediate(resolve));
  return Promise.race([promise, Promise.resolve("waits" as const)]);
}

it("counts what is under way with the most that it could bring", async () => {
  const budget = new AnswerBudget(100);
  expect(await budget.reserve(60)).toBe(true);
  const second = budget.reserve(60);
  expect(await stateOf(second)).toBe("waits");
  budget.settle(60, 10);
  expect(await stateOf(second)).toBe(true);
});

it("refuses once the answer is too full for the reservation ever to fit", async () => {
  const budget = new AnswerBudget(100);
  await budget.reserve(60);
  budget.settle(60, 50);
  expect(await stateOf(budget.reserve(60))).toBe(false);
  expect(await stateOf(budget.reserve(50))).toBe(true);
});

it("lets those wait who might fit, and tells each of them when they do not", async () => {
  const budget = new AnswerBudget(100);
  await budget.reserve(100);
  const waiting = [budget.reserve(60), budget.reserve(60)];
  budget.settle(100, 30);
  expect(await Promise.all(waiting.map(stateOf))).toEqual([true, "waits"]);
  budget.settle(60, 60);
  expect(await Promise.all(waiting.map(stateOf))).toEqual([true, false]);
});

it("lets a reservation that is larger than the whole answer go first and alone", async () => {
  const budget = new AnswerBudget(100);
  expect(await stateOf(budget.reserve(500))).toBe(true);
  const next = budget.reserve(1);
  expect(await stateOf(next)).toBe("waits");
  budget.settle(500, 500);
  expect(await stateOf(next)).toBe(false);
});
