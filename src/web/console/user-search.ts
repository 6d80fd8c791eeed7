/** The box that opens a user by name, with names that begin like what was typed. */
import { printable } from "../../inspect/text.ts";
import { h } from "../dom.ts";
import type { Api } from "./api.ts";
import type { UserPage } from "./operator-api-types.ts";
import { hashOf } from "./user-address.ts";

const SUGGESTED = 8;
const PAUSE_MS = 200;

export function userSearch(api: Api, signOut: () => void): HTMLElement {
  const input = h("input", {
    id: "user",
    type: "search",
    list: "users",
    placeholder: "Name of a user",
    autocomplete: "off",
  });
  const list = h("datalist", { id: "users" });
  /** Whom a suggestion means. */
  let meant: ReadonlyMap<string, string> = new Map();
  /** Counts what was typed: suggestions for what is no longer there are dropped. */
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const suggest = async (prefix: string) => {
    const own = turn;
    const query = new URLSearchParams({ prefix, limit: String(SUGGESTED) });
    const found = await api.call<UserPage>("GET", `/v1/admin/users?${query}`);
    if (!found.ok || own !== turn) return;
    const { users } = found.value;
    meant = new Map(users.map((user) => [printable(user), user]));
    list.replaceChildren(...users.map((user) => h("option", { value: printable(user) })));
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    turn += 1;
    const prefix = input.value;
    if (prefix !== "") timer = setTimeout(() => void suggest(prefix), PAUSE_MS);
  });
  const form = h(
    "form",
    { class: "row", role: "search" },
    h("label", { for: "user" }, "User"),
    input,
    list,
    h("button", { type: "submit" }, "Open"),
    h("span", { class: "spacer" }),
    h("button", { type: "button", class: "quiet", onclick: signOut }, "Sign out"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // As it stands: a name may begin and end with a blank.
    if (input.value !== "") location.hash = hashOf(meant.get(input.value) ?? input.value);
  });
  return form;
}
