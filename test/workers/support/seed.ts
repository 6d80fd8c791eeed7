/** A seed that differs from run to run, though the clock of the tests does not; fast-check prints it with a failure. */
export const randomSeed = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) >>> 1;
