/**
 * Makes a change inside an element. Where that takes away what has the focus, what has the same id now gets it, or what
 * `otherwise` gives it to: without that, whoever uses the keyboard is thrown back to the start of the page.
 */
export function focusedChange(within: HTMLElement, change: () => void, otherwise?: () => void): void {
  const { activeElement } = document;
  const focused = within.contains(activeElement) ? activeElement : null;
  change();
  if (focused === null || document.activeElement === focused) return;
  const same = focused.id === "" ? null : document.getElementById(focused.id);
  if (same === null) otherwise?.();
  else same.focus({ preventScroll: true });
}
