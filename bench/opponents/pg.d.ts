/** The part of `pg` that the bench uses. */
declare module "pg" {
  type Query = { readonly name?: string; readonly text: string; readonly values?: readonly unknown[] };
  class Pool {
    constructor(options: { host: string; port: number; user: string; database: string; max: number });
    query<Row>(query: Query | string): Promise<{ readonly rows: Row[] }>;
    end(): Promise<void>;
    on(event: "error", listener: (error: Error) => void): this;
  }

  // CommonJS: Node finds this name in it, so no default import is needed.
  export { Pool };
}
