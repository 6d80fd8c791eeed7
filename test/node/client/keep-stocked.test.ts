/** docs/examples/sdk/keep-stocked.ts: when a page fills its stock. */
import { expect, it } from "vitest";
import { keepStocked } from "../../../docs/examples/sdk/keep-stocked.ts";

it("fills at the start, when the network is back and when it is looked at, and goes on after a failure", async () => {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const failures: unknown[] = [];
  let runs = 0;
  const replenish = async () => {
    runs += 1;
    throw new Error(`no network ${runs}`);
  };
  const stop = keepStocked({ replenish }, { window, document }, (error) => failures.push(error));
  expect(runs).toBe(1);
  window.dispatchEvent(new Event("online"));
  expect(runs).toBe(2);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(runs).toBe(3);
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  expect(runs).toBe(3);
  stop();
  window.dispatchEvent(new Event("online"));
  expect(runs).toBe(3);
  await Promise.resolve();
  await Promise.resolve();
  expect(failures).toHaveLength(3);
});
