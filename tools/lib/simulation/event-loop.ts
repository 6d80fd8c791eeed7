/** Discrete events: time jumps from one to the next, so nothing depends on the clock or the speed of the machine. */

type Event = { readonly atMs: number; readonly order: number; readonly run: () => void };

export class EventLoop {
  nowMs = 0;
  /** A binary heap: each event is before its two children. */
  readonly #heap: Event[] = [];
  #order = 0;

  /** Events of the same time run in the order in which they were asked for. */
  after(delayMs: number, run: () => void): void {
    if (!(delayMs >= 0)) throw new RangeError(`a delay must be 0 or more, not ${delayMs}`);
    this.#push({ atMs: this.nowMs + delayMs, order: this.#order++, run });
  }

  /** Runs what is due until then; later events stay. */
  runUntil(endMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= endMs; next = this.#heap[0]) {
      this.#pop();
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = endMs;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || isBefore(last, child)) break;
      heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Runs at random times, on average so many a second, until `endMs`. Its rate may change with time, below `maxPerSecond`. */
export function poisson(
  loop: EventLoop,
  { fraction, endMs, maxPerSecond, perSecond }: Arrivals,
  run: () => void,
): void {
  if (maxPerSecond <= 0) return;
  const next = () => {
    const pauseMs = (-Math.log(1 - fraction()) * 1000) / maxPerSecond;
    if (loop.nowMs + pauseMs > endMs) return;
    loop.after(pauseMs, () => {
      // Thinning: of the arrivals at the greatest rate, those that the rate of this moment would have.
      if (perSecond === undefined || fraction() * maxPerSecond < perSecond(loop.nowMs)) run();
      next();
    });
  };
  next();
}

export type Arrivals = {
  readonly fraction: () => number;
  readonly endMs: number;
  readonly maxPerSecond: number;
  readonly perSecond?: (atMs: number) => number;
};
