/** Objects of the bench itself. The floor below every durable claim: one call, one committed row. And a call that does nothing at all. */
import { DurableObject } from "cloudflare:workers";

export class LeastWrite extends DurableObject<unknown> {
  readonly #sql: SqlStorage;
  readonly #startedMs = Date.now();

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS writes (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT");
  }

  wake(): number {
    return this.#startedMs;
  }

  write(): void {
    this.#sql.exec("INSERT INTO writes (at_ms) VALUES (?)", Date.now());
  }

  /** Takes what `publish` takes; what the call costs is its transport. */
  take(packages: readonly unknown[]): number {
    return packages.length;
  }
}

/** An object without storage: what starting any object costs. */
export class Bare extends DurableObject<unknown> {
  readonly #startedMs = Date.now();

  wake(): number {
    return this.#startedMs;
  }
}
