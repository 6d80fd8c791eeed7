/** Elements from a description. Text of others becomes text and never markup. */

type Listener = (event: never) => void;
type Attribute = string | number | boolean | undefined | Listener;
export type Child = Node | string | undefined | false;

/**
 * `onclick` and the like are listeners; `true` and `false` put an attribute there or leave it away; of everything else
 * the text is the attribute.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

/** A name like that of a ciphersuite or a field: where it is too long for its line, it is broken between its words. */
export const breakable = (name: string): HTMLElement =>
  h("span", {}, ...name.split(/(?<=[_.])/).flatMap((part, index) => (index === 0 ? [part] : [h("wbr"), part])));

/** The element that the page is known to have. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`expected an element with the id ${id}`);
  return element as E;
}

/** Puts the text on the clipboard and says so on the button for a moment. Undefined is nothing to copy. */
export function copyButton(
  label: string,
  text: () => string | undefined,
  attributes: Readonly<Record<string, Attribute>> = {},
) {
  const button = h("button", { type: "button", class: "quiet", ...attributes }, label);
  button.addEventListener("click", () => {
    const content = text();
    if (content === undefined) return;
    navigator.clipboard.writeText(content).then(
      () => flash(button, label, "Copied"),
      () => flash(button, label, "Not allowed"),
    );
  });
  return button;
}

const FLASH_MS = 1_500;

function flash(button: HTMLButtonElement, label: string, shown: string): void {
  button.textContent = shown;
  announce(shown);
  setTimeout(() => {
    button.textContent = label;
  }, FLASH_MS);
}

/** Says it to a screen reader. */
export function announce(text: string): void {
  byId("announcer").textContent = text;
}

/** Offers bytes or text as a file. */
export function save(name: string, content: Uint8Array<ArrayBuffer> | string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
