/** One package: its summary, its bytes beside its fields, and the verdicts. It can be changed, and says so. */
import type { Span } from "../../inspect/field.ts";
import { hexOf } from "../../inspect/hex.ts";
import { likelyProfile } from "../../inspect/likely-profile.ts";
import { fieldAt, type Located, locate } from "../../inspect/located.ts";
import { fieldsWithHeader, type Opened, open } from "../../inspect/open.ts";
import { PROFILES } from "../../mls/named-profiles.ts";
import type { SuiteProfile } from "../../mls/suite-profile.ts";
import { announce, copyButton, h, save } from "../dom.ts";
import { fieldPanel } from "./field-panel.ts";
import { fieldTree } from "./field-tree.ts";
import { hexView } from "./hex-view.ts";
import { isLinkable, MOST_LINKED, type Place } from "./link.ts";
import { POLICIES } from "./policy-names.ts";
import { summary } from "./summary.ts";
import { verdictView } from "./verdict-view.ts";

export type Resulting = { readonly element: HTMLElement; readonly place: () => Place };

type Given = Place & { readonly bytes: Uint8Array };

/** What the bytes are when they are read with the suite numbers of a profile. */
type Reading = { readonly opened: Opened; readonly readWith: SuiteProfile; readonly located: readonly Located[] };

const TINTS = 6;

export function resultView(given: Given, { changed }: { readonly changed: () => void }): Resulting {
  const original = given.bytes;
  let { bytes, at, policy, profile, field } = given;
  /** Counts what is shown, so that a verdict that comes late does not replace a newer one. */
  let shown = 0;
  const element = h("div", { class: "result" });
  const summaryPlace = h("div", {});
  const verdictPlace = h("div", { class: "verdict-place" });
  void render();
  return { element, place: () => ({ bytes, at, policy, profile, field }) };

  /** Resolves when the verdict is there too. */
  function render(focusedOffset?: number): Promise<void> {
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
    const hex = hexView(bytes, (offset) => byteTints[offset] ?? 0, {
      point: (offset) => point(offset === undefined ? undefined : fieldAt(located, offset)?.path),
      select: (offset) => select(fieldAt(located, offset)?.path),
      write: (offset, byte) => {
        const next = bytes.slice();
        next[offset] = byte;
        change(next, Math.min(offset + 1, next.length - 1));
      },
    });
    const tree = fieldTree(fields, tintOf, { point, select });

    function point(path: string | undefined): void {
      hex.mark("pointed", spanOf(path));
      tree.mark("pointed", path);
    }

    function select(path: string | undefined): void {
      const one = located.find((candidate) => candidate.path === path);
      field = one?.path;
      hex.mark("selected", one?.field.span);
      tree.mark("selected", one?.path);
      if (one?.field.span) hex.show(one.field.span.start);
      panelPlace.replaceChildren(
        ...(one === undefined
          ? []
          : [
              fieldPanel(one.path, one.field, bytes, {
                replace: (own) => splice(one.field.span, own),
                close: () => select(undefined),
              }),
            ]),
      );
      changed();
    }

    element.replaceChildren(
      summaryPlace,
      h(
        "div",
        { class: "columns" },
        h(
          "div",
          {},
          h(
            "section",
            { class: "panel", "aria-labelledby": "bytes-title" },
            h("h2", { id: "bytes-title" }, "Bytes"),
            bytesTools(),
            hex.element,
            h("p", { class: "note" }, "Arrow keys move; two hex digits change a byte; Enter selects its field."),
          ),
          panelPlace,
        ),
        h(
          "section",
          { class: "panel", "aria-labelledby": "fields-title" },
          h("h2", { id: "fields-title" }, "Fields"),
          opened.kind === "malformed" &&
            h("p", { class: "note" }, "What was read before the damage; the names are those of a KeyPackage."),
          tree.element,
        ),
      ),
      verdictPlace,
    );
    summaryPlace.replaceChildren(
      summary(opened, bytes.length, { policy: POLICIES[policy].name, profile: readWith }, undefined),
    );
    select(located.some((one) => one.path === field) ? field : undefined);
    if (focusedOffset !== undefined) hex.focus(focusedOffset);
    shown += 1;
    return judge({ opened, readWith, located }, shown);
  }

  function bytesTools(): HTMLElement {
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
          onclick: () => save("key-package.bin", new Uint8Array(bytes), "application/octet-stream"),
        },
        "Save",
      ),
      isLinkable(bytes)
        ? copyButton("Copy link", () => location.href)
        : h("span", { class: "note" }, `No link: an address has room for ${MOST_LINKED}.`),
      isChanged &&
        h("button", { type: "button", class: "quiet", id: "undo", onclick: () => change(original) }, "Undo changes"),
    );
  }

  function change(next: Uint8Array, focusedOffset?: number): void {
    bytes = next;
    void render(focusedOffset);
  }

  function splice(span: Span | undefined, own: Uint8Array): void {
    if (span) change(Uint8Array.of(...bytes.subarray(0, span.start), ...own, ...bytes.subarray(span.end)));
  }

  /** Bytes that are no KeyPackage of a known suite are judged too: the verdict says why they are not. */
  async function judge(reading: Reading, turn: number): Promise<void> {
    const { opened, readWith, located } = reading;
    if (opened.kind === "other") {
      verdictPlace.replaceChildren();
      return;
    }
    const again = () => {
      shown += 1;
      changed();
      return judge(reading, shown);
    };
    try {
      const time = at ?? Math.floor(Date.now() / 1000);
      const { verdictsOn, referenceOf } = await import("./judging.ts");
      const verdicts = await verdictsOn(bytes, time, { policy, profile: readWith, located });
      const reference = opened.kind === "key_package" ? await referenceOf(opened.received) : undefined;
      if (turn !== shown) return;
      const notBefore =
        opened.kind === "key_package" ? opened.received.unverified().leafNode.lifeTime()?.notBefore : undefined;
      const judged = {
        verdicts,
        policy,
        profile: readWith.name,
        isLikely: profile === undefined,
        at: time,
        isNow: at === undefined,
        notBefore: asNumber(notBefore),
      };
      const { answer } = verdicts.byPolicy[policy];
      summaryPlace.replaceChildren(
        summary(opened, bytes.length, { policy: POLICIES[policy].name, profile: readWith }, { reference, answer }),
      );
      verdictPlace.replaceChildren(
        verdictView(judged, {
          choose: (name) => {
            policy = name;
            void again().then(() => verdictPlace.querySelector<HTMLElement>(`#policy-${name}`)?.focus());
          },
          // Another profile gives the fields other names too.
          chooseProfile: (name) => {
            profile = name;
            void render().then(() => verdictPlace.querySelector<HTMLElement>("#profile")?.focus());
          },
          judgeAt: (chosen) => {
            at = chosen;
            void again();
          },
          selectField: (path) => element.querySelector<HTMLElement>(`[data-path="${path}"]`)?.click(),
        }),
      );
      announce(answer.ok ? "Accepted" : `Refused: ${answer.code}`);
    } catch {
      verdictPlace.replaceChildren(
        h("p", { class: "problem", role: "alert" }, "The verdict could not be loaded. Is there a network?"),
      );
    }
  }
}

/** A time that a calendar can show. */
function asNumber(seconds: bigint | undefined): number | undefined {
  return seconds !== undefined && seconds > 0n && seconds < 8_640_000_000_000n ? Number(seconds) : undefined;
}
