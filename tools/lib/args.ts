/** Numbers of the command line and the environment. What cannot be read is named by its option, and nothing is assumed. */

/** Zero or more, without a fraction. */
export function natural(name: string, text: string): number {
  if (!/^[0-9]{1,12}$/.test(text)) throw new Error(`${name} must be a whole number, not ${text}`);
  return Number(text);
}

/** Above zero. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} must be a number above 0, not ${text}`);
  return value;
}

export function port(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new Error(`${name} must be 1 to 65535, not ${text}`);
  return value;
}

/** What `read` makes of the command line; if it cannot be read, says why and how it is written, and ends with 2. */
export function readOptions<T>(usage: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\nusage: ${usage}\n`);
    process.exit(2);
  }
}
