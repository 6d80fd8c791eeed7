/** The package in a few lines: what it is, whose, of which suite, for how long, and its reference. */
import type { Field } from "../../inspect/field.ts";
import type { Answer } from "../../inspect/judge.ts";
import type { Opened } from "../../inspect/open.ts";
import { dateOf, printable } from "../../inspect/text.ts";
import { CredentialType } from "../../mls/codec/code-points.ts";
import type { KeyPackageIn } from "../../mls/key-package/key-package-in.ts";
import { RFC_9420, type SuiteProfile, suiteOf } from "../../mls/suite-profile.ts";
import { breakable, copyButton, h } from "../dom.ts";

/** What takes cryptography to know, and so comes later. The reference in hex. */
export type Computed = { readonly reference: string | undefined; readonly answer: Answer };

export function summary(
  opened: Opened,
  length: number,
  { policy, profile }: { readonly policy: string; readonly profile: SuiteProfile },
  computed: Computed | undefined,
): HTMLElement {
  const facts: [string, Node | string][] =
    opened.kind === "key_package" ? factsOf(opened.received, profile, computed?.reference) : factsOfOther(opened);
  // It comes first and keeps its place until it is known, so that nothing jumps.
  if (opened.kind !== "other") facts.unshift([policy, h("span", { class: "answer" }, ...answerOf(computed?.answer))]);
  return h(
    "section",
    { class: "panel summary", "aria-labelledby": "summary-title" },
    h("h2", { id: "summary-title" }, opened.what, h("span", { class: "note" }, `${length.toLocaleString("en")} bytes`)),
    opened.kind === "malformed" &&
      h("p", { class: "verdict bad" }, h("strong", {}, "Not a whole one: "), opened.problem),
    opened.kind === "other" && h("p", { class: "note" }, opened.note),
    facts.length > 0 &&
      h("dl", {}, ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
  );
}

const answerOf = (answer: Answer | undefined): (Node | string)[] => {
  if (answer === undefined) return ["…"];
  return answer.ok ? [badge(answer)] : [badge(answer), ` ${answer.detail}`];
};

/** Also beside the name of each policy. */
export const badge = (answer: Answer): HTMLElement =>
  h("span", { class: answer.ok ? "badge good" : "badge bad" }, answer.ok ? "accepted" : answer.code);

function factsOf(
  received: KeyPackageIn,
  profile: SuiteProfile,
  reference: string | undefined,
): [string, Node | string][] {
  const { ciphersuite, leafNode, extensions } = received.unverified();
  const lifetime = leafNode.lifeTime();
  const { name } = received.suite();
  return [
    ["Identity", identityOf(received)],
    [
      "Valid",
      lifetime === undefined ? "no lifetime" : h("span", {}, date(lifetime.notBefore), " to ", date(lifetime.notAfter)),
    ],
    ["Last resort", extensions.lastResort() ? "yes: it may be handed out more than once" : "no: it is used once"],
    [
      "Ciphersuite",
      breakable(`${ciphersuite} · ${name}${isAssigned(ciphersuite) ? "" : ` (numbers of ${profile.name})`}`),
    ],
    [
      "KeyPackageRef",
      reference === undefined
        ? "…"
        : h(
            "span",
            { class: "ref" },
            h("code", {}, reference),
            copyButton("Copy", () => reference),
          ),
    ],
  ];
}

/** By IANA: such a number means the same in every profile. */
const isAssigned = (ciphersuite: number) => suiteOf(RFC_9420, ciphersuite) !== undefined;

const date = (seconds: bigint) => h("span", { class: "date" }, dateOf(seconds).replace("T", " "));

function identityOf(received: KeyPackageIn): string {
  const credential = received.unverified().leafNode.credential();
  if (credential.credentialType() !== CredentialType.Basic) return `credential of type ${credential.credentialType()}`;
  return printable(new TextDecoder().decode(credential.serializedContent()));
}

const factsOfOther = ({ fields }: { readonly fields: readonly Field[] }): [string, string][] =>
  fields
    .flatMap((field): [string, string][] =>
      field.kind === "value" && field.name !== "content_and_signature" ? [[field.name, shortened(field.text)]] : [],
    )
    .slice(0, MOST_FACTS);

const MOST_FACTS = 5;

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);
