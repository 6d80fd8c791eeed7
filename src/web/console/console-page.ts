/** The console of operators: sign-in or a token, then the stock of all or one user. */
import "../style/base.css";
import "../style/console.css";
import { byId, h } from "../dom.ts";
import { startShell } from "../shell.ts";
import { type Api, apiWith } from "./api.ts";
import type { UserPage } from "./operator-api-types.ts";
import { failure, type Panel } from "./pieces.ts";
import { goToIssuer, returned, signInOf } from "./sign-in.ts";
import { activityView } from "./views/activity-view.ts";
import { epochView } from "./views/epoch-view.ts";
import { issuerKeysView } from "./views/issuer-keys-view.ts";
import { auditView, blockedView } from "./views/record-views.ts";
import { seriesView } from "./views/series-view.ts";
import { stockPanels } from "./views/stock-view.ts";
import { userView } from "./views/user-view.ts";

/** Of this tab alone, and gone with it. */
const TOKEN = "operator-token";

const place = byId("console");
const signIn = signInOf(place);

async function start(): Promise<void> {
  if (signIn !== undefined) {
    const answer = await returned(signIn);
    if (answer.kind === "token") return tryToken(answer.token);
    if (answer.kind === "failed") return askForToken(signInFailed(answer.code, answer.detail));
  }
  const stored = sessionStorage.getItem(TOKEN);
  if (stored === null) askForToken();
  else open(stored);
}

/** The code is the issuer's, and so no problem of the directory. */
const signInFailed = (code: string, detail: string): HTMLElement =>
  h(
    "div",
    { class: "verdict bad", role: "alert" },
    h("strong", {}, "You are not signed in: "),
    h("code", {}, code),
    detail !== "" && ` · ${detail}`,
  );

function askForToken(problem?: HTMLElement): void {
  const input = h("input", { id: "token", type: "password", autocomplete: "off", spellcheck: "false" });
  const form = h(
    "form",
    { class: "stack" },
    h("label", { for: "token" }, "A token with the scope ", h("code", {}, "directory:admin")),
    input,
    h("div", { class: "row" }, h("button", { type: "submit", class: signIn ? "" : "primary" }, "Open the console")),
    signIn === undefined && problem,
    h(
      "p",
      { class: "note" },
      "It is kept in this tab until the tab is closed, and sent to this directory alone. A directory that npm start has started prints one.",
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // Pasted with the whole header, too: that is what a curl line has.
    const token = input.value.trim().replace(/^(?:Authorization:\s*)?Bearer\s+/i, "");
    if (token !== "") void tryToken(token);
  });
  place.replaceChildren(
    h(
      "div",
      { class: "panel stack sign-in" },
      ...(signIn === undefined
        ? [form]
        : [
            h(
              "div",
              { class: "row" },
              h(
                "button",
                { type: "button", class: "primary", id: "issuer", onclick: () => void goToIssuer(signIn) },
                `Sign in at ${new URL(signIn.authorizeUrl).host}`,
              ),
            ),
            problem,
            h("details", {}, h("summary", {}, "Use a token instead"), form),
          ]),
    ),
  );
  if (signIn === undefined) input.focus();
  else byId("issuer").focus();
}

/** A token that is no operator's is said at once, and not by every view. */
async function tryToken(token: string): Promise<void> {
  const tried = await apiWith(token).call<UserPage>("GET", "/v1/admin/users?limit=1");
  if (!tried.ok) {
    askForToken(failure(tried.refusal));
    return;
  }
  sessionStorage.setItem(TOKEN, token);
  open(token);
}

function open(token: string): void {
  const api = expiring(apiWith(token));
  const view = h("div", { class: "view" });
  const show = () => {
    const user = new URLSearchParams(location.hash.slice(1)).get("user");
    view.replaceChildren(
      user === null
        ? wholeDirectory(api)
        : userView(api, user, () => {
            location.hash = "";
          }),
    );
  };
  window.addEventListener("hashchange", show);
  place.replaceChildren(toolbar(api), view);
  show();
}

function wholeDirectory(api: Api): HTMLElement {
  const { overview, clients } = stockPanels(api, openUser);
  const parts: readonly (readonly [name: string, panel: Panel])[] = [
    ["Stock", overview],
    ["Over time", seriesView(api)],
    ["Clients", clients],
    ["Who did most", activityView(api, openUser)],
    ["Blocked", blockedView(api)],
    ["Issuers", issuerKeysView(api)],
    ["Restore epoch", epochView(api)],
    ["Audit", { element: auditView(api), ready: Promise.resolve() }],
  ];
  const shown = parts.map(([name, { element, ready }]) => ({ element, ready, button: leadTo(name, element) }));
  void showInTurn(shown);
  return h(
    "div",
    { class: "stack" },
    h("nav", { class: "row contents", "aria-label": "On this page" }, ...shown.map(({ button }) => button)),
    ...shown.map(({ element }) => element),
  );
}

type Part = Panel & { readonly button: HTMLButtonElement };

/** A directory that leaves one question without an answer does not hide the answers to the others for longer. */
const PATIENCE_MS = 10_000;

/** All are asked for at once; each is shown when those above it are whole, so that nothing moves what is below it. */
async function showInTurn(parts: readonly Part[]): Promise<void> {
  const show = ({ element, button }: Part, isShown: boolean) => {
    element.hidden = !isShown;
    button.disabled = !isShown;
  };
  for (const part of parts) show(part, false);
  const patience = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS));
  for (const part of parts) {
    show(part, true);
    await Promise.race([part.ready, patience]);
  }
}

/** No link: the fragment of this page is the user who is looked at. */
const leadTo = (name: string, part: HTMLElement): HTMLButtonElement =>
  h(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: () => {
        part.tabIndex = -1;
        part.focus({ preventScroll: true });
        part.scrollIntoView();
      },
    },
    name,
  );

const openUser = (user: string): void => {
  location.hash = new URLSearchParams({ user }).toString();
};

/** Signs out where the token is no longer taken. */
const expiring = (api: Api): Api => ({
  call: async (method, where, extras) => {
    const answer = await api.call<never>(method, where, extras);
    if (!answer.ok && answer.refusal.status === 401) {
      sessionStorage.removeItem(TOKEN);
      askForToken(failure(answer.refusal));
    }
    return answer;
  },
});

const SUGGESTED = 8;
const PAUSE_MS = 200;

function toolbar(api: Api): HTMLElement {
  const input = h("input", {
    id: "user",
    type: "search",
    list: "users",
    placeholder: "Name of a user",
    autocomplete: "off",
  });
  const list = h("datalist", { id: "users" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    const prefix = input.value.trim();
    if (prefix === "") return;
    timer = setTimeout(() => void suggest(prefix), PAUSE_MS);
  });
  const suggest = async (prefix: string) => {
    const found = await api.call<UserPage>(
      "GET",
      `/v1/admin/users?${new URLSearchParams({ prefix, limit: String(SUGGESTED) })}`,
    );
    if (found.ok) list.replaceChildren(...found.value.users.map((user) => h("option", { value: user })));
  };
  const form = h(
    "form",
    { class: "row", role: "search" },
    h("label", { for: "user" }, "User"),
    input,
    list,
    h("button", { type: "submit" }, "Open"),
    h("span", { class: "spacer" }),
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        onclick: () => {
          sessionStorage.removeItem(TOKEN);
          location.hash = "";
          location.reload();
        },
      },
      "Sign out",
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim() !== "") openUser(input.value.trim());
  });
  return form;
}

startShell();
// At the end: what it calls is defined by now.
void start();
