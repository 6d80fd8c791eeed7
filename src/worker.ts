import { app } from "./http/app.ts";

export { Pool } from "./pool/pool.ts";

export default { fetch: app.fetch };
