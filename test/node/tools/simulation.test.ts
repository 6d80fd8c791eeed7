import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../tools/lib/random.ts";
import { EventLoop, poisson } from "../../../tools/lib/simulation/event-loop.ts";
import { Server } from "../../../tools/lib/simulation/queueing-server.ts";

describe("the event loop", () => {
  it("runs events in the order of their times, and those of one time in the order of their making", () => {
    const loop = new EventLoop();
    const ran: string[] = [];
    const { fraction } = seededRandom(1);
    const expected = Array.from({ length: 500 }, (_, index) => ({ atMs: Math.floor(fraction() * 50), index }));
    for (const { atMs, index } of expected) loop.after(atMs, () => ran.push(`${loop.nowMs}-${index}`));
    loop.runUntil(100);
    expect(ran).toEqual(
      expected.toSorted((a, b) => a.atMs - b.atMs || a.index - b.index).map(({ atMs, index }) => `${atMs}-${index}`),
    );
    expect(loop.nowMs).toBe(100);
  });

  it("leaves what is later for later, and refuses what is past", () => {
    const loop = new EventLoop();
    let ran = 0;
    loop.after(10, () => {
      ran += 1;
    });
    loop.runUntil(9);
    expect(ran).toBe(0);
    loop.runUntil(10);
    expect(ran).toBe(1);
    expect(() => loop.after(-1, () => undefined)).toThrow(RangeError);
  });
});

/** A queue of random arrivals and jobs of one length (M/D/1). */
function fixedJobs(seed: number, perSecond: number, serviceMs: number, endMs: number) {
  const loop = new EventLoop();
  const server = new Server(loop);
  const { fraction } = seededRandom(seed);
  poisson(loop, { fraction, endMs, maxPerSecond: perSecond }, () => server.submit(serviceMs));
  loop.runUntil(endMs);
  return server.figures();
}

describe("a server", () => {
  it("is as busy, and makes wait as long, as queueing theory says of random arrivals and jobs of one length", () => {
    for (const load of [0.3, 0.6, 0.8]) {
      const serviceMs = 4;
      const { busy, length, responseMs } = fixedJobs(7, (1000 * load) / serviceMs, serviceMs, 3_600_000);
      // Pollaczek and Khinchine: jobs of one length wait load · service / (2 · (1 − load)).
      const expectedMs = serviceMs + (load * serviceMs) / (2 * (1 - load));
      expect(busy).toBeCloseTo(load, 2);
      expect(responseMs.mean / expectedMs).toBeCloseTo(1, 1);
      // Little: as many are there as arrive in the time that each stays.
      expect(length.mean / ((expectedMs * load) / serviceMs)).toBeCloseTo(1, 1);
    }
  });

  it("gives the same figures for the same seed, and others for another", () => {
    const run = (seed: number) => fixedJobs(seed, 150, 4, 60_000);
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it("tells the lengths of its queue by time", () => {
    const loop = new EventLoop();
    const server = new Server(loop);
    for (let job = 0; job < 4; job++) server.submit(10);
    loop.runUntil(100);
    const { jobs, busy, length, responseMs } = server.figures();
    // Four for ten milliseconds, then three, two and one, and none for sixty.
    expect({ jobs, busy, length }).toEqual({ jobs: 4, busy: 0.4, length: { mean: 1, p50: 0, p99: 4, max: 4 } });
    expect(responseMs).toEqual({ mean: 25, p50: 30, p99: 40, max: 40 });
  });

  it("begins nothing while it is paused", () => {
    const loop = new EventLoop();
    const server = new Server(loop);
    server.pause(50);
    server.submit(10);
    loop.runUntil(100);
    expect(server.figures().responseMs.max).toBe(60);
    expect(server.figures().busy).toBe(0.1);
  });
});
