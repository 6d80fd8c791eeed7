/**
 * Bytes that an answer about many users may hold: an isolate has 128 MB for all its requests. What is under way counts
 * with the most it could bring, so the bound holds however many pools answer at the same time.
 */
export class AnswerBudget {
  readonly #maxBytes: number;
  #answered = 0;
  #reserved = 0;
  #waiting: (() => void)[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Waits until there is room for `bytes` more; false once the answer is too full for that ever to come. */
  async reserve(bytes: number): Promise<boolean> {
    while (this.#answered + this.#reserved + bytes > this.#maxBytes) {
      // One that is larger than the whole answer goes alone, and first.
      if (this.#reserved === 0) {
        if (this.#answered > 0) return false;
        break;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#reserved += bytes;
    return true;
  }

  /** What became of a reservation: how many bytes the answer holds of it. */
  settle(reservedBytes: number, answeredBytes: number): void {
    this.#reserved -= reservedBytes;
    this.#answered += answeredBytes;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
