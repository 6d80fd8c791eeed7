/** One server that does one job at a time, in their order: a database, or an object. It notes how long its queue is. */
import type { EventLoop } from "./event-loop.ts";

type Job = { readonly arrivedMs: number; readonly serviceMs: number; readonly done: () => void };

export class Server {
  readonly #loop: EventLoop;
  readonly #jobs: Job[] = [];
  /** Where the queue begins in `#jobs`. */
  #head = 0;
  #isBusy = false;
  #pausedUntilMs = 0;
  #busyMs = 0;
  readonly #startedMs: number;
  #changedMs: number;
  /** Milliseconds for which the queue had each length. */
  readonly #lengths = new Map<number, number>();
  readonly #responseMs: number[] = [];

  constructor(loop: EventLoop) {
    this.#loop = loop;
    this.#startedMs = loop.nowMs;
    this.#changedMs = loop.nowMs;
  }

  /** Jobs that wait, and the one under way. */
  get length(): number {
    return this.#jobs.length - this.#head;
  }

  submit(serviceMs: number, done: () => void = () => undefined): void {
    this.#noteLength();
    this.#jobs.push({ arrivedMs: this.#loop.nowMs, serviceMs, done });
    if (!this.#isBusy) this.#next();
  }

  /** Begins no job for so long. */
  pause(forMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#loop.nowMs + forMs);
  }

  figures(): ServerFigures {
    this.#noteLength();
    const response = this.#responseMs.toSorted((a, b) => a - b);
    const elapsedMs = this.#loop.nowMs - this.#startedMs;
    return {
      jobs: response.length,
      busy: elapsedMs === 0 ? 0 : this.#busyMs / elapsedMs,
      length: {
        mean: [...this.#lengths].reduce((sum, [length, ms]) => sum + length * ms, 0) / elapsedMs,
        p50: this.#lengthAt(0.5),
        p99: this.#lengthAt(0.99),
        max: this.#lengthAt(1),
      },
      responseMs: {
        mean: response.reduce((sum, ms) => sum + ms, 0) / Math.max(1, response.length),
        p50: quantile(response, 0.5),
        p99: quantile(response, 0.99),
        max: response.at(-1) ?? 0,
      },
    };
  }

  #next(): void {
    const job = this.#jobs[this.#head];
    this.#isBusy = job !== undefined;
    if (!job) return;
    const pauseMs = Math.max(0, this.#pausedUntilMs - this.#loop.nowMs);
    this.#loop.after(pauseMs + job.serviceMs, () => {
      this.#noteLength();
      this.#busyMs += job.serviceMs;
      this.#head += 1;
      this.#forgetDone();
      this.#responseMs.push(this.#loop.nowMs - job.arrivedMs);
      job.done();
      this.#next();
    });
  }

  /** Shifting an array for each job would take time with the square of a long queue. */
  #forgetDone(): void {
    if (this.#head < 1024 || 2 * this.#head < this.#jobs.length) return;
    this.#jobs.splice(0, this.#head);
    this.#head = 0;
  }

  /** Before each change of the queue. */
  #noteLength(): void {
    const { length } = this;
    const forMs = this.#loop.nowMs - this.#changedMs;
    if (forMs > 0) this.#lengths.set(length, (this.#lengths.get(length) ?? 0) + forMs);
    this.#changedMs = this.#loop.nowMs;
  }

  /** The length that the queue did not exceed for this share of the time. */
  #lengthAt(share: number): number {
    const lengths = [...this.#lengths].sort(([a], [b]) => a - b);
    const wantedMs = share * lengths.reduce((sum, [, ms]) => sum + ms, 0);
    let passedMs = 0;
    for (const [length, ms] of lengths) {
      passedMs += ms;
      if (passedMs >= wantedMs) return length;
    }
    return lengths.at(-1)?.[0] ?? 0;
  }
}

export type Spread = { readonly mean: number; readonly p50: number; readonly p99: number; readonly max: number };

export type ServerFigures = {
  readonly jobs: number;
  /** Share of the time in which it worked. */
  readonly busy: number;
  readonly length: Spread;
  /** From arrival to end. */
  readonly responseMs: Spread;
};

/** Of sorted values. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
