/** When a page fills its stock: at the start, when the network is back, and when somebody looks at it again. */
/** What a page has as `window` and `document`. */
type Page = {
  readonly window: EventTarget;
  readonly document: EventTarget & { readonly visibilityState: string };
};

/** `failed` is told of what the next run may mend, such as a lost network. The result ends it. */
export function keepStocked(
  replenisher: { readonly replenish: () => Promise<unknown> },
  { window, document }: Page,
  failed: (error: unknown) => void,
): () => void {
  const stop = new AbortController();
  const run = () => void replenisher.replenish().catch(failed);
  window.addEventListener("online", run, { signal: stop.signal });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && run(), {
    signal: stop.signal,
  });
  run();
  return () => stop.abort();
}
