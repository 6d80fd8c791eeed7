/** The console of operators: sign-in or a token, then the stock of all or one user. */
import "../style/base.css";
import "../style/console.css";
import { printable } from "../../inspect/text.ts";
import { byId, h } from "../dom.ts";
import { focusOn } from "../keep-focus.ts";
import { startShell } from "../shell.ts";
import { type Api, apiWith, untilLeft } from "./api.ts";
import { onceAtATime, type Subject } from "./changes.ts";
import type { UserPage } from "./operator-api-types.ts";
import { forgetOutcomes, unsettledOutcomes } from "./outcomes.ts";
import { failure, type Panel } from "./pieces.ts";
import { forgetPools } from "./pool-names.ts";
import { withdrawQuestion } from "./question.ts";
import { counted } from "./shown-name.ts";
import { goToIssuer, returned, signInOf } from "./sign-in.ts";
import { hashOf, userIn } from "./user-address.ts";
import { userSearch } from "./user-search.ts";
import { activityView } from "./views/activity-view.ts";
import { epochView } from "./views/epoch-view.ts";
import { issuerKeysView } from "./views/issuer-keys-view.ts";
import { auditView, blockedView } from "./views/record-views.ts";
import { seriesView } from "./views/series-view.ts";
import { type Choice, firstChoice, stockPanels } from "./views/stock-view.ts";
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
    h("code", {}, printable(code)),
    detail !== "" && ` · ${printable(detail)}`,
  );

function askForToken(problem?: HTMLElement): void {
  const input = h("input", { id: "token", type: "password", autocomplete: "off", spellcheck: "false" });
  const submit = h("button", { type: "submit", class: signIn ? "" : "primary" }, "Open the console");
  const once = onceAtATime(submit, "sign in");
  const form = h(
    "form",
    { class: "stack" },
    h("label", { for: "token" }, "A token with the scope ", h("code", {}, "directory:admin")),
    input,
    h("div", { class: "row" }, submit),
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
    if (token !== "") void once(() => tryToken(token));
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
  open(token).focus();
}

const title = document.title;

/** What is shown, and what has the focus once an operator has gone there. */
type Shown = {
  readonly element: HTMLElement;
  readonly heading: HTMLElement;
  /** Something was changed, which it may show. */
  readonly changed: (subject: Subject) => void;
};

/** There is one session at a time. */
let session: AbortController | undefined;
let shown: Shown | undefined;

const changed = (subject: Subject): void => shown?.changed(subject);

/** `focus`: puts the focus on what is shown, whose sign-in took it away. */
function open(token: string): { readonly focus: () => void } {
  session?.abort();
  const own = new AbortController();
  session = own;
  const api = expiring(apiWith(token), own);
  const choice = firstChoice();
  const view = h("div", { class: "view" });
  let leaving = new AbortController();
  const show = () => {
    const user = userIn(location.hash);
    leaving.abort();
    leaving = new AbortController();
    const reading = untilLeft(api, leaving.signal);
    document.title = user === undefined ? title : `${printable(user)} – ${title}`;
    shown = user === undefined ? wholeDirectory(reading, choice) : oneUser(reading, user);
    view.replaceChildren(shown.element);
  };
  const focus = () => {
    if (shown !== undefined) focusOn(shown.heading, { preventScroll: true });
    scrollTo(0, 0);
  };
  const move = ({ oldURL }: HashChangeEvent) => {
    withdrawQuestion();
    show();
    focus();
    const before = userIn(new URL(oldURL).hash);
    if (before !== undefined && userIn(location.hash) === undefined) choice.cameFrom = before;
  };
  window.addEventListener("hashchange", move, { signal: own.signal });
  // What is restored by the browser is restored before there is anything to see.
  history.scrollRestoration = "manual";
  own.signal.addEventListener("abort", () => {
    leaving.abort();
    shown = undefined;
    withdrawQuestion();
    forgetOutcomes();
    forgetPools();
    document.title = title;
  });
  place.replaceChildren(userSearch(api, signOut), view);
  show();
  return { focus };
}

function toAll(): void {
  location.hash = "";
}

function signOut(): void {
  const question = "A change is under way, or a receipt is not saved. Sign out all the same?";
  if (unsettledOutcomes() > 0 && !confirm(question)) return;
  session?.abort();
  sessionStorage.removeItem(TOKEN);
  location.hash = "";
  location.reload();
}

function oneUser(api: Api, user: string): Shown {
  const { element, heading, reload } = userView(api, user, toAll, changed);
  const isAbout = (subject: Subject) => subject === "epoch" || (subject !== "keys" && subject.user === user);
  return { element, heading, changed: (subject) => void (isAbout(subject) && reload()) };
}

function wholeDirectory(api: Api, choice: Choice): Shown {
  const { overview, clients } = stockPanels(api, choice);
  const audit = auditView(api);
  const blocked = blockedView(api);
  const keys = issuerKeysView(api, changed);
  const epoch = epochView(api, changed);
  const parts: readonly (readonly [name: string, panel: Panel])[] = [
    ["Stock", overview],
    ["Over time", seriesView(api)],
    ["Clients", clients],
    ["Who did most", activityView(api)],
    ["Blocked", blocked],
    ["Issuers", keys],
    ["Restore epoch", epoch],
    ["Audit", { element: audit.element, ready: Promise.resolve() }],
  ];
  const shown = parts.map(([name, { element, ready }]) => ({ element, ready, button: leadTo(name, element) }));
  const element = h(
    "div",
    { class: "stack" },
    h("nav", { class: "row contents", "aria-label": "On this page" }, ...shown.map(({ button }) => button)),
    ...shown.map(({ element }) => element),
  );
  const heading = document.querySelector<HTMLElement>("main h1") ?? place;
  void showInTurn(shown).then(() => backTo(choice, element, heading));
  return {
    element,
    heading,
    changed: (subject) => {
      audit.refresh();
      void (subject === "keys" ? keys : subject === "epoch" ? epoch : blocked).reload();
    },
  };
}

/** Whoever comes back from a user is led to where the user was opened, unless the page was used meanwhile. */
function backTo(choice: Choice, element: HTMLElement, heading: HTMLElement): void {
  const { cameFrom } = choice;
  if (cameFrom === undefined || !element.isConnected) return;
  choice.cameFrom = undefined;
  if (document.activeElement !== heading || scrollY > 0) return;
  const link = [...element.querySelectorAll("a")].find((one) => one.getAttribute("href") === hashOf(cameFrom));
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: "center" });
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
        focusOn(part, { preventScroll: true });
        part.scrollIntoView();
      },
    },
    name,
  );

/** Signs out where the token is no longer taken; once, however many calls hear so, and never whoever has signed in since. */
const expiring = (api: Api, session: AbortController): Api => ({
  call: async (method, where, extras) => {
    const answer = await api.call<never>(method, where, extras);
    if (!answer.ok && answer.refusal.status === 401 && !session.signal.aborted) {
      // What this call was to change is told by its refusal.
      const lost = unsettledOutcomes() - (method === "GET" ? 0 : 1);
      session.abort();
      sessionStorage.removeItem(TOKEN);
      askForToken(h("div", { class: "stack" }, failure(answer.refusal), lost > 0 && lostWith(lost)));
    }
    return answer;
  },
});

const lostWith = (changes: number): HTMLElement =>
  h(
    "p",
    { class: "note" },
    `What came of ${counted(changes, "change")} is gone with the session, unread or not saved. The record of what operators did has each change.`,
  );

startShell();
// At the end: what it calls is defined by now.
void start();
