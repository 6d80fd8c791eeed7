/** Names of users and clients as the console shows them. They are others' text: no character of one turns or hides in what is around it. */
import { printable } from "../../inspect/text.ts";
import { counted as countedAs } from "../../mls/codec/counted.ts";
import { type Child, h } from "../dom.ts";
import { hashOf } from "./user-address.ts";

/** At the ends, more than one, or others than the space bar gives: what tells two names apart and is not seen. */
const EASILY_MISSED = /(^\p{Zs}+|\p{Zs}+$|\p{Zs}{2,}|[^\P{Zs} ])/u;

export const nameOf = (name: string): HTMLElement =>
  h(
    "bdi",
    { class: "name" },
    ...printable(name)
      .split(EASILY_MISSED)
      .map((part, index) => (index % 2 === 0 ? part : h("span", { class: "blank" }, part))),
  );

/** Leads to the page of the user. */
export const userLink = (user: string): HTMLElement => h("a", { href: hashOf(user) }, nameOf(user));

/** A sentence with names in it. A number comes with what it counts: `[2, "package"]`. */
export const say = (
  parts: TemplateStringsArray,
  ...values: readonly (string | readonly [count: number, of: string])[]
): readonly Child[] =>
  parts.flatMap((part, index) => {
    const value = values[index];
    if (value === undefined) return [part];
    return [part, typeof value === "string" ? nameOf(value) : counted(...value)];
  });

export const counted = (count: number, of: string): string =>
  countedAs(count, of, (number) => number.toLocaleString("en"));
