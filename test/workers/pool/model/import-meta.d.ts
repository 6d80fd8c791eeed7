/** What Vite hands to a test: of the environment it was started in, and of the files of the tree. */
interface ImportMeta {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly glob: (
    patterns: readonly string[],
    options: { readonly query: "?raw"; readonly import: "default"; readonly eager: true },
  ) => Readonly<Record<string, string>>;
}
