/** AUTH_AUDIENCE of every directory that is started on this machine. */
export const LOCAL_AUDIENCE = "mls-key-directory";
