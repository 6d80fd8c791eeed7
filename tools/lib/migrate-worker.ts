/**
 * Brings every database up to the newest migration, beside the Worker that uses them. A Worker too, because Node is blocked
 * while it calls a database through miniflare: it does not read the log of workerd then, and workerd waits for that.
 */
import type { Migration } from "./worker-deployment.ts";

/** The databases are all other bindings. */
type Env = { readonly MIGRATIONS: readonly Migration[] } & Readonly<Record<string, unknown>>;

/** Made as `wrangler d1 migrations` makes it, which keeps there what was applied. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

export default {
  async fetch(_request, { MIGRATIONS, ...databases }) {
    for (const db of Object.values(databases)) await migrate(db as D1Database, MIGRATIONS);
    return new Response("migrated");
  },
} satisfies ExportedHandler<Env>;

async function migrate(db: D1Database, migrations: readonly Migration[]): Promise<void> {
  await db.prepare(APPLIED).run();
  const { results } = await db.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  for (const { name, statements } of migrations) {
    if (applied.has(name)) continue;
    const note = db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    await db.batch([...statements.map((statement) => db.prepare(statement)), note]);
  }
}
