/** What an operator can do to a user as a whole. Some of it is about any name, whether or not there are clients. */
import { type Child, copyButton, h, save } from "../../dom.ts";
import { type Api, path } from "../api.ts";
import { change, changeButton } from "../changes.ts";
import type { BlockedUser, ErasedUser, Resync, RevokedUser, UnblockedUser, UserExport } from "../operator-api-types.ts";
import { when } from "../pieces.ts";
import { counted, say } from "../shown-name.ts";
import type { Act } from "./budgets-view.ts";
import type { Standing } from "./standing.ts";
import { allPages, fileName } from "./user-export.ts";

/** `isInPool`: whether there is a pool of this user that has anything in it. */
export type About = { readonly user: string; readonly isInPool: boolean; readonly standing: Standing | undefined };

export function actionsPanel(api: Api, { user, isInPool, standing }: About, act: Act): HTMLElement {
  const isBlocked = standing?.block !== undefined;
  const isUnknown = standing === undefined;
  return h(
    "section",
    { class: "panel stack" },
    h("h3", {}, "Actions"),
    h(
      "div",
      { class: "row" },
      copyButton("Copy name", () => user),
      changeButton("Export as JSON", "export", () => exported(api, user)),
      isInPool && changeButton("Write to the directory again", "resync", () => resync(api, user, act)),
      h("span", { class: "spacer" }),
      (isBlocked || isUnknown) &&
        changeButton("Lift a block", isUnknown ? "lift" : "block", () => unblock(api, user, act)),
      !isBlocked && changeButton("Block", "block", () => block(api, user, act), "danger"),
      isInPool && changeButton("Revoke all clients", "revoke all", () => revokeAll(api, user, act), "danger"),
      changeButton("Erase", "erase", () => erase(api, user, act), "danger"),
    ),
  );
}

const exported = (api: Api, user: string) =>
  change<readonly UserExport[]>({
    doing: say`Exporting ${user}`,
    call: (_, progress) => allPages(api, user, (pages) => progress(`${counted(pages, "page")} so far…`)),
    done: (pages) => {
      const name = fileName("export", user, pages[0]?.exported_at ?? 0);
      save(name, JSON.stringify(pages, null, 2), "application/json");
      return [...say`The export of ${user} is saved: `, h("code", {}, name)];
    },
  });

const resync = (api: Api, user: string, act: Act) =>
  act<Resync>({
    doing: say`Writing the rows of ${user} to the directory`,
    call: () => api.call("POST", path`/v1/admin/users/${user}/resync`),
    done: ({ status }) =>
      status === "delivered"
        ? say`The directory has the rows of ${user}.`
        : say`Queued: the directory will have the rows of ${user} as soon as it answers.`,
  });

const revokeAll = (api: Api, user: string, act: Act) =>
  act<RevokedUser>({
    question: {
      title: say`Revoke every client of ${user}?`,
      text: ["All packages are removed, and older tokens of the user register no client. This cannot be undone."],
      word: user,
      action: "Revoke all clients",
    },
    doing: say`Revoking every client of ${user}`,
    call: (reason) => api.call("DELETE", path`/v1/admin/users/${user}`, { reason }),
    done: ({ clients, purged }) => say`Revoked: ${[clients, "client"]} of ${user}, and ${[purged, "package"]} removed.`,
  });

const erase = (api: Api, user: string, act: Act) =>
  act<ErasedUser>({
    question: {
      title: say`Erase ${user}?`,
      text: [
        "All that is kept in the user’s own pool and rows is deleted, fingerprints included. This cannot be undone. It is one step of four: the name stays in the journals and budgets of those whom the user has claimed from, until it is taken out of them too. ",
        runbook("The steps, and their order"),
      ],
      word: user,
      action: "Erase the user",
    },
    doing: say`Erasing ${user}`,
    call: (reason) => api.call("DELETE", path`/v1/admin/users/${user}/data`, { reason }),
    done: (answer) => erased(user, answer),
    // The answer is to be filed.
    receipt: (answer) => ({
      name: fileName("erasure", user, answer.erased_at),
      content: JSON.stringify(answer, null, 2),
    }),
  });

const erased = (user: string, answer: ErasedUser): readonly Child[] => [
  ...(answer.existed
    ? [...say`${user} is erased`, `, at ${when(answer.erased_at)}. `]
    : say`There was nothing to erase of ${user}. `),
  `Journals of others may show the name until ${when(answer.journals_of_others_end_at)}, unless it is taken out: `,
  runbook("what is to be done now"),
  ". ",
];

/** Beside the console, which has the question or the receipt. */
const runbook = (text: string): HTMLElement =>
  h("a", { href: "/docs/operate/erasure", target: "_blank", rel: "noopener" }, text);

const block = (api: Api, user: string, act: Act) =>
  act<BlockedUser>({
    question: {
      title: say`Block ${user}?`,
      text: [
        "The user’s tokens open nothing until the block is lifted. Others may go on claiming the user’s packages.",
      ],
      action: "Block the user",
    },
    doing: say`Blocking ${user}`,
    call: (reason) => api.call("PUT", path`/v1/admin/users/${user}/block`, { body: {}, reason }),
    done: ({ holds_everywhere_at: at }) => [...say`${user} is blocked`, `, everywhere from ${when(at)} on.`],
  });

const unblock = (api: Api, user: string, act: Act) =>
  act<UnblockedUser>({
    question: {
      title: say`Lift the block of ${user}?`,
      text: ["The user’s tokens are taken again."],
      action: "Lift the block",
    },
    doing: say`Lifting the block of ${user}`,
    call: (reason) => api.call("DELETE", path`/v1/admin/users/${user}/block`, { reason }),
    done: ({ was_blocked }) => (was_blocked ? say`The block of ${user} is lifted.` : say`${user} was not blocked.`),
  });
