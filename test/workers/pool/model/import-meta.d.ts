/** What Vite hands to a test of the environment it was started in. */
interface ImportMeta {
  readonly env: Readonly<Record<string, string | undefined>>;
}
