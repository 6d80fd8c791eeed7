import { describe, expect, it } from "vitest";
import { countsOf, HABITS, monthOf, peakPerSecond, type UsageOfOne } from "../../../tools/lib/cost/month.ts";
import { monthlyBill, sum, times, usdOf } from "../../../tools/lib/cost/usage.ts";

describe("prices", () => {
  it("are those of one more unit for an operation, and of what the plan does not include for a month", () => {
    expect(usdOf({ objectRowsWritten: 2_000_000, workerRequests: 1_000_000 })).toBeCloseTo(2.3, 10);
    expect(monthlyBill({ objectRowsWritten: 51_000_000, workerRequests: 9_000_000 }).usd).toBeCloseTo(6, 10);
    expect(monthlyBill({}).usd).toBe(5);
  });

  it("add up by unit", () => {
    const added = sum({ workerCpuMs: 1 }, times({ workerCpuMs: 2, logLines: 3 }, 2));
    expect(added).toEqual({ workerCpuMs: 5, logLines: 6 });
  });
});

describe("a month", () => {
  const habits = {
    devicesPerUser: 2,
    idleShare: 0.5,
    uploads: 1,
    inventories: 10,
    claims: 20,
    keyedShare: 1,
    bulkShare: 0.5,
    replayShare: 0.1,
    requestsPerIsolateMinute: 10,
    peakFactor: 3,
  };

  it("counts what devices do", () => {
    expect(countsOf(1000, habits)).toEqual({
      uploads: 500,
      claims: 5000,
      singleClaims: 2500,
      bulkClaims: 250,
      replays: 500,
      inventories: 5000,
      directoryWrites: 1500,
      requests: 8750,
      isolateMinutes: 875,
    });
    expect(peakPerSecond(30 * 24 * 3_600, habits)).toBe(3);
  });

  it("costs what each of its operations costs, as often as it happens", () => {
    const rows = (objectRowsWritten: number) => ({ objectRowsWritten });
    const one: UsageOfOne = {
      publish: rows(1),
      cleanup: rows(10),
      crossing: rows(100),
      claimWithKey: rows(1_000),
      claimWithoutKey: rows(1e9),
      bulkClaim: rows(10_000),
      replay: rows(0),
      inventory: { workerRequests: 1 },
      isolateMinute: { objectRequests: 2 },
      storedDevice: { objectGbMonths: 1 },
    };
    expect(monthOf(1000, one, habits).usage).toEqual({
      objectRowsWritten: 500 * 111 + 2500 * 1_000 + 250 * 10_000,
      workerRequests: 5000,
      objectRequests: 1750,
      objectGbMonths: 1000,
    });
  });

  it("is one of habits in which a device is not asked for more than it uploads", () => {
    const { claims, uploads } = countsOf(1e6);
    expect((claims * HABITS.devicesPerUser) / uploads).toBeLessThanOrEqual(100);
  });
});
