/**
 * Users by the ids of their pools, by which logs, blocks and the record name them. An id does not tell the name; what
 * this page has seen of both it remembers, until the session ends.
 */
import { copyButton, h } from "../dom.ts";
import { userLink } from "./shown-name.ts";

const SHOWN_DIGITS = 12;

const users = new Map<string, string>();

export function rememberPool(pool: string, user: string): void {
  users.set(pool, user);
}

export const forgetPools = (): void => users.clear();

/** The user if the page knows it, else the beginning of the id, which copies the whole. */
export function ofPool(pool: string): HTMLElement {
  const user = users.get(pool);
  if (user !== undefined) return userLink(user);
  return copyButton(`${pool.slice(0, SHOWN_DIGITS)}…`, () => pool, {
    class: "link pool",
    title: `Copy the id of the pool: ${pool}`,
  });
}

export const wholePoolId = (pool: string): HTMLElement =>
  h(
    "p",
    { class: "row note" },
    "Pool ",
    h("code", { class: "whole" }, pool),
    copyButton("Copy id", () => pool),
  );
