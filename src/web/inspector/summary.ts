/** The package in a few lines: what it is, whose, of which suite, for how long, and its reference. */
import type { Field } from "../../inspect/field.ts";
import type { Answer } from "../../inspect/judge.ts";
import { locate } from "../../inspect/located.ts";
import { isForDirectories, type Opened } from "../../inspect/open.ts";
import { dateOf, printable } from "../../inspect/text.ts";
import { CredentialType } from "../../mls/codec/code-points.ts";
import { counted } from "../../mls/codec/counted.ts";
import type { KeyPackageIn } from "../../mls/key-package/key-package-in.ts";
import { RFC_9420, type SuiteProfile, suiteOf } from "../../mls/suite-profile.ts";
import { breakable, copyButton, h } from "../dom.ts";

/** What takes cryptography to know, and so comes later. The reference in hex. Undefined is what could not be told. */
export type Computed = { readonly reference: string | undefined; readonly answer: Answer | undefined };

/** `at` in unix seconds; undefined for now. */
export type Judgement = {
  readonly policy: string;
  readonly profile: SuiteProfile;
  readonly at: number | undefined;
};

export function summary(
  opened: Opened,
  length: number,
  judged: Judgement,
  computed: Computed | undefined,
): HTMLElement {
  const missing = computed === undefined ? "…" : "not known";
  const facts: [string, Node | string][] =
    opened.kind === "key_package"
      ? factsOf(opened.received, judged.profile, referenceOf(computed?.reference) ?? missing)
      : factsOfOther(opened);
  // It comes first and keeps its place until it is known, so that nothing jumps.
  if (isForDirectories(opened))
    facts.unshift([whoAndWhen(judged), h("span", { class: "answer" }, ...(answerOf(computed?.answer) ?? [missing]))]);
  return h(
    "section",
    { class: "panel summary", "aria-labelledby": "summary-title" },
    h("h2", { id: "summary-title" }, `${opened.what} `, h("span", { class: "note" }, byteCount(length))),
    opened.kind === "malformed" &&
      h("p", { class: "verdict bad" }, h("strong", {}, "Not a whole one: "), opened.problem),
    opened.kind === "other" && h("p", { class: "note" }, opened.note),
    facts.length > 0 &&
      h("dl", {}, ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
  );
}

/** A sample, and what an address names, may be judged at another time: nobody should take that for the verdict of today. */
const whoAndWhen = ({ policy, at }: Judgement): string =>
  at === undefined ? policy : `${policy}, judged not now but at ${dateOf(at).replace("T", " ")}`;

export const byteCount = (bytes: number): string => counted(bytes, "byte", (count) => count.toLocaleString("en"));

const answerOf = (answer: Answer | undefined): (Node | string)[] | undefined =>
  answer && (answer.ok ? [badge(answer)] : [badge(answer), ` ${answer.detail}`]);

const referenceOf = (reference: string | undefined): HTMLElement | undefined =>
  reference === undefined
    ? undefined
    : h(
        "span",
        { class: "ref" },
        h("code", {}, reference),
        copyButton("Copy", () => reference),
      );

/** Also beside the name of each policy. */
export const badge = (answer: Answer): HTMLElement =>
  h("span", { class: answer.ok ? "badge good" : "badge bad" }, answer.ok ? "accepted" : answer.code);

function factsOf(received: KeyPackageIn, profile: SuiteProfile, reference: Node | string): [string, Node | string][] {
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
    ["KeyPackageRef", reference],
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

/** What tells one message from another, wherever in it that is. Of a list, how many there are. */
function factsOfOther({ fields }: { readonly fields: readonly Field[] }): [string, string][] {
  const located = locate(fields);
  return TELLING.flatMap((name): [string, string][] => {
    const found = located.find(({ field }) => field.name === name)?.field;
    if (found === undefined || found.kind === "struct") return [];
    return [[name, found.kind === "list" ? String(found.items.length) : shortened(found.text)]];
  });
}

const TELLING = [
  "cipher_suite",
  "identity",
  "group_id",
  "epoch",
  "sender_type",
  "sender_index",
  "content_type",
  "secrets",
  "encrypted_group_info",
  "signer",
];

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);
