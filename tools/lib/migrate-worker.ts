/**
 * Brings the database up to the newest migration, beside the Worker that uses it. A Worker too, because Node is blocked
 * while it calls a database through miniflare: it does not read the log of workerd then, and workerd waits for that.
 */
import type { Migration } from "./deployment.ts";

type Env = { readonly DB: D1Database; readonly MIGRATIONS: readonly Migration[] };

/** Made as `wrangler d1 migrations` makes it, which keeps there what was applied. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

export default {
  async fetch(_request, { DB, MIGRATIONS }) {
    await DB.prepare(APPLIED).run();
    const { results } = await DB.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
    const applied = new Set(results.map(({ name }) => name));
    for (const { name, statements } of MIGRATIONS) {
      if (applied.has(name)) continue;
      const note = DB.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
      await DB.batch([...statements.map((statement) => DB.prepare(statement)), note]);
    }
    return new Response("migrated");
  },
} satisfies ExportedHandler<Env>;
