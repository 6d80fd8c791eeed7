/** One package: its summary, its bytes beside its fields, and the verdicts. It can be changed, and says so. */
import type { Span } from "../../inspect/field.ts";
import { hexOf } from "../../inspect/hex.ts";
import { likelyProfile } from "../../inspect/likely-profile.ts";
import { fieldAt, type Located, locate } from "../../inspect/located.ts";
import { fieldsWithHeader, isForDirectories, type Opened, open } from "../../inspect/open.ts";
import { PROFILES } from "../../mls/named-profiles.ts";
import type { SuiteProfile } from "../../mls/suite-profile.ts";
import { announce, copyButton, h, save } from "../dom.ts";
import { keepFocus } from "../keep-focus.ts";
import { fieldPanel } from "./field-panel.ts";
import { type FieldTree, fieldTree } from "./field-tree.ts";
import { type HexView, hexView } from "./hex-view.ts";
import { isLinkable, LAST_SECOND, MOST_LINKED, type Place } from "./link.ts";
import { POLICIES } from "./policy-names.ts";
import { type Computed, summary } from "./summary.ts";
import { verdictView } from "./verdict-view.ts";

export type Resulting = {
  readonly element: HTMLElement;
  readonly place: () => Place;
  /** Brings the field that is selected into sight, once the element is in the document. */
  readonly reveal: () => void;
};

/** `original` is what changes are taken back to. */
type Given = Place & { readonly bytes: Uint8Array; readonly original: Uint8Array };

/** What the bytes are when they are read with the suite numbers of a profile. */
type Reading = { readonly opened: Opened; readonly readWith: SuiteProfile; readonly located: readonly Located[] };

type Rendered = {
  readonly reading: Reading;
  readonly hex: HexView;
  readonly tree: FieldTree;
  readonly select: (path: string | undefined, from: "bytes" | "tree") => void;
};

const TINTS = 6;

/** The bytes and the fields are one below the other. */
const isNarrow = (): boolean => matchMedia("(max-width: 1100px)").matches;

export function resultView(given: Given, { changed }: { readonly changed: () => void }): Resulting {
  const { original } = given;
  let { bytes, at, policy, profile, field } = given;
  /** Counts what is shown, so that a verdict that comes late does not replace a newer one. */
  let shown = 0;
  let selectedIn: "bytes" | "tree" = "tree";
  const summaryPlace = h("div", {});
  const columns = h("div", { class: "columns" });
  const verdictPlace = h("div", { class: "verdict-place" });
  const element = h("div", { class: "result" }, summaryPlace, columns, verdictPlace);
  const verdict = verdictView({
    choose: (name) => {
      policy = name;
      again();
    },
    // Another profile gives the fields other names too.
    chooseProfile: (name) => {
      profile = name;
      rendered = render();
    },
    judgeAt: (chosen) => {
      at = chosen;
      again();
    },
    selectField: (path) => {
      rendered.select(path, "tree");
      rendered.tree.row(path)?.focus();
    },
  });
  let rendered = render();
  return {
    element,
    place: () => ({ bytes, at, policy, profile, field }),
    reveal: () => {
      const row = field === undefined ? undefined : rendered.tree.row(field);
      row?.scrollIntoView({ block: isNarrow() ? "start" : "center" });
      showBytes(rendered);
    },
  };

  function render(focusedOffset = 0): Rendered {
    const readWith = PROFILES.find(({ name }) => name === profile) ?? likelyProfile(bytes);
    const opened = open(bytes, readWith);
    const fields = fieldsWithHeader(opened);
    const located = locate(fields);
    const leaves = located.filter(({ field: { kind, span } }) => kind === "value" && span !== undefined);
    const tintOf = (path: string) => {
      const index = leaves.findIndex((leaf) => leaf.path === path);
      return index < 0 ? 0 : 1 + (index % TINTS);
    };
    const byteTints = new Uint8Array(bytes.length);
    for (const [index, { field: leaf }] of leaves.entries()) {
      if (leaf.span) byteTints.fill(1 + (index % TINTS), leaf.span.start, leaf.span.end);
    }
    const spanOf = (path: string | undefined): Span | undefined => located.find((one) => one.path === path)?.field.span;

    const panelPlace = h("div", {});
    let panel: HTMLElement | undefined;
    const hex = hexView(bytes, (offset) => byteTints[offset] ?? 0, {
      point: (offset) => point(offset === undefined ? undefined : fieldAt(located, offset)?.path),
      select: (offset) => select(fieldAt(located, offset)?.path, "bytes"),
      write: (offset, byte) => {
        const next = bytes.slice();
        next[offset] = byte;
        change(next, Math.min(offset + 1, next.length - 1));
      },
    });
    const tree = fieldTree(fields, tintOf, { point, select: (path) => select(path, "tree") });

    function point(path: string | undefined): void {
      hex.mark("pointed", spanOf(path));
      tree.mark("pointed", path);
    }

    function select(path: string | undefined, from: "bytes" | "tree"): void {
      const one = located.find((candidate) => candidate.path === path);
      field = one?.path;
      selectedIn = from;
      hex.mark("selected", one?.field.span);
      tree.mark("selected", one?.path);
      panel?.remove();
      panel =
        one &&
        fieldPanel(one.path, one.field, bytes, {
          replace: (own) => splice(one.field.span, own),
          close: () => {
            select(undefined, from);
            if (from === "bytes") hex.focus(one.field.span?.start ?? 0);
            else tree.row(one.path)?.focus();
          },
        });
      const row = one && tree.row(one.path);
      if (panel !== undefined) {
        // Where the columns are one below the other, it is beside what was chosen, and nothing that is looked at moves.
        if (isNarrow() && from === "tree") row?.after(panel);
        else panelPlace.append(panel);
      }
      if (!isNarrow()) row?.scrollIntoView({ block: "nearest" });
      showBytes({ reading, hex });
      changed();
    }

    const reading: Reading = { opened, readWith, located };
    const giveBack = keepFocus(columns, () => hex.focus(focusedOffset));
    columns.replaceChildren(
      h(
        "div",
        {},
        h(
          "section",
          { class: "panel", "aria-labelledby": "bytes-title" },
          h("h2", { id: "bytes-title" }, "Bytes"),
          bytesTools(opened.name),
          hex.element,
          h("p", { class: "note" }, "Arrow keys move; two hex digits change a byte; Enter selects its field."),
        ),
        panelPlace,
      ),
      h(
        "section",
        { class: "panel", "aria-labelledby": "fields-title" },
        h("h2", { id: "fields-title" }, "Fields"),
        opened.kind === "malformed" && h("p", { class: "note" }, `Those of a ${opened.name}, up to the error.`),
        tree.element,
      ),
    );
    select(located.some((one) => one.path === field) ? field : undefined, selectedIn);
    giveBack();
    showSummary(reading, undefined);
    void judge(reading);
    return { reading, hex, tree, select };
  }

  function showBytes({ reading, hex }: Pick<Rendered, "reading" | "hex">): void {
    const span = reading.located.find(({ path }) => path === field)?.field.span;
    if (span !== undefined) hex.show(span.start);
  }

  function showSummary({ opened, readWith }: Reading, computed: Computed | undefined): void {
    const judged = { policy: POLICIES[policy].name, profile: readWith, at };
    summaryPlace.replaceChildren(summary(opened, bytes.length, judged, computed));
  }

  function again(): void {
    changed();
    void judge(rendered.reading);
  }

  function bytesTools(name: string): HTMLElement {
    const isChanged = hexOf(bytes) !== hexOf(original);
    return h(
      "div",
      { class: "row tools" },
      copyButton("Copy as hex", () => hexOf(bytes)),
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          onclick: () => save(fileName(name), new Uint8Array(bytes), "application/octet-stream"),
        },
        "Save",
      ),
      isLinkable(bytes)
        ? copyButton("Copy link", () => location.href)
        : h("span", { class: "note" }, `No link: an address has room for ${MOST_LINKED}.`),
      isChanged && h("button", { type: "button", class: "quiet", id: "undo", onclick: undo }, "Undo changes"),
    );
  }

  function undo(): void {
    const first = original.findIndex((byte, offset) => byte !== bytes[offset]);
    change(original, Math.max(first, 0));
  }

  function change(next: Uint8Array, focusedOffset: number): void {
    bytes = next;
    rendered = render(focusedOffset);
  }

  function splice(span: Span | undefined, own: Uint8Array): void {
    if (span === undefined) return;
    const next = new Uint8Array(bytes.length - (span.end - span.start) + own.length);
    next.set(bytes.subarray(0, span.start));
    next.set(own, span.start);
    next.set(bytes.subarray(span.end), span.start + own.length);
    change(next, span.start);
  }

  /** Bytes that are no KeyPackage of a known suite are judged too: the verdict says why they are not. */
  async function judge({ opened, readWith, located }: Reading): Promise<void> {
    shown += 1;
    const turn = shown;
    // Neither have these bytes been changed nor others given meanwhile.
    const isLast = () => turn === shown && element.isConnected;
    const fail = (why: string) => {
      showSummary({ opened, readWith, located }, { reference: undefined, answer: undefined });
      verdictPlace.replaceChildren(h("p", { class: "problem", role: "alert" }, why));
    };
    if (!isForDirectories(opened)) {
      verdictPlace.replaceChildren();
      return;
    }
    try {
      const time = at ?? Math.floor(Date.now() / 1000);
      const judging = await import("./judging.ts").catch(() => undefined);
      const verdicts = await judging?.verdictsOn(bytes, time, { policy, profile: readWith, located });
      const reference = opened.kind === "key_package" ? await judging?.referenceOf(opened.received) : undefined;
      if (!isLast()) return;
      if (verdicts === undefined) {
        fail("The verdict could not be loaded. Is there a network?");
        return;
      }
      const notBefore =
        opened.kind === "key_package" ? opened.received.unverified().leafNode.lifeTime()?.notBefore : undefined;
      const { answer } = verdicts.byPolicy[policy];
      showSummary({ opened, readWith, located }, { reference, answer });
      verdict.show({
        verdicts,
        policy,
        profile: readWith.name,
        isLikely: profile === undefined,
        at: time,
        notBefore: asNumber(notBefore),
      });
      if (!verdict.element.isConnected) verdictPlace.replaceChildren(verdict.element);
      announce(answer.ok ? "Accepted" : `Refused: ${answer.code}`);
    } catch (cause) {
      if (isLast()) fail(`There is no verdict, by a fault of this page: ${cause}.`);
    }
  }
}

/** `GroupInfo` as `group-info.bin`. */
const fileName = (name: string): string => `${name.replaceAll(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase()}.bin`;

/** A time that can be judged at. */
function asNumber(seconds: bigint | undefined): number | undefined {
  return seconds !== undefined && seconds > 0n && seconds <= LAST_SECOND ? Number(seconds) : undefined;
}
