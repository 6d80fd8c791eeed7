/** What of the client is for Node alone. */
export { fileStorage } from "./file-storage.ts";
