/** Calls of an app in a page: what is passed in and given back is plain data. */
import type { Page } from "playwright-core";

/** What a module of `test/browser/apps` exports as `app` and has made a global of its page. */
type App<F> = { readonly [name in keyof F]: (...args: never[]) => Promise<unknown> };

type CallApp<F extends App<F>> = <K extends keyof F & string>(
  name: K,
  ...args: Parameters<F[K]>
) => Promise<Awaited<ReturnType<F[K]>>>;

export function callApp<F extends App<F>>(page: Page): CallApp<F> {
  return (name, ...args) =>
    page.evaluate(
      ([name, args]) =>
        (globalThis as unknown as { app: Record<string, (...args: unknown[]) => never> }).app[name]?.(...args) as never,
      [name, args as unknown[]] as const,
    );
}
