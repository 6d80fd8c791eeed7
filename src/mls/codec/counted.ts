/** A number and what it counts, as a sentence has it: "1 byte", "2 bytes". */
export const counted = (count: number, one: string, format: (count: number) => string = String): string =>
  `${format(count)} ${one}${count === 1 ? "" : "s"}`;
