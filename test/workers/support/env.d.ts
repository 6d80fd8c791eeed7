/** What vitest.config.ts adds to the environment of a Worker under test. */
declare namespace Cloudflare {
  interface Env {
    readonly TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    readonly TEST_PRIVATE_JWK: string;
  }
}

declare module "*?raw" {
  const text: string;
  export default text;
}
