import { app } from "./http/app.ts";

export { OperatorRecords } from "./pool/operator-records.ts";
export { Pool } from "./pool/pool.ts";
export { RestoreEpochKeeper } from "./pool/restore-epoch-keeper.ts";

export default { fetch: app.fetch };
