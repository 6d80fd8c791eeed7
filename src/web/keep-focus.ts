/**
 * Notes what has the focus in a place that is about to be drawn anew, and returns what gives it back afterwards: to what
 * has the same `data-focus`, id or label there, else `otherwise` finds a place for it: without
 * that, whoever uses the keyboard is thrown back to the start of the page. Whoever has gone elsewhere meanwhile stays there.
 */
export function keepFocus(place: HTMLElement, otherwise?: () => void): () => void {
  const had = document.activeElement;
  if (!(had instanceof HTMLElement) || !place.contains(had)) return () => undefined;
  const key = keyOf(had);
  return () => {
    if (had.isConnected || document.activeElement !== document.body) return;
    const same = [...place.querySelectorAll<HTMLElement>("[data-focus], [id], [aria-label]")].find(
      (one) => key !== undefined && keyOf(one) === key && !one.matches(":disabled"),
    );
    if (same === undefined) otherwise?.();
    else same.focus({ preventScroll: true });
  };
}

const keyOf = (element: HTMLElement): string | undefined =>
  element.dataset.focus ?? (element.id || element.getAttribute("aria-label") || undefined);

/** Puts the focus on a heading or a part, which the Tab key passes by. */
export function focusOn(element: HTMLElement, options?: FocusOptions): void {
  element.tabIndex = -1;
  element.focus(options);
}
