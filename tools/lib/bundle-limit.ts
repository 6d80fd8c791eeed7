/** The most that the Worker may weigh as `wrangler deploy` uploads it, in KiB gzip. */
export const WORKER_GZIP_LIMIT_KIB = 115;
