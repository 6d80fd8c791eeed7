/** Two people with ts-mls in a page, each with private keys in an IndexedDB of their own. */
import { indexedDbStorage, type Scope } from "../../../src/client/index.ts";
import { twoPeople } from "../../support/two-people.ts";

/** Of the test: a page gets its tokens from its own backend. */
declare function tokenFor(user: string, scope: Scope): Promise<string>;

let databases = 0;

export const app = {
  talk: (url: string) =>
    twoPeople({ url, token: tokenFor, newStorage: () => indexedDbStorage({ name: `installation-${++databases}` }) }),
};

Object.assign(globalThis, { app });
