/** Secrets of the webhook in tests: the one that goes, the one that comes, and a stranger's. */
const secret = (byte: number): string => `whsec_${btoa(String.fromCharCode(...new Array<number>(24).fill(byte)))}`;

export const OLD_SECRET = secret(1);
export const NEW_SECRET = secret(2);
export const FOREIGN_SECRET = secret(3);
