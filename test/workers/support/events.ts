/** The receiver of events as tests in workerd see it: what it has got, and what it does with what comes next. */
import { runInDurableObject } from "cloudflare:test";
import { inject, vi } from "vitest";
import { LOW_WATERMARK_PACKAGES } from "../../../src/config/limits.ts";
import type { Behaviour, ReceivedEvent } from "../../support/event-receiver.ts";
import { keyPackages, poolOf } from "./pool-calls.ts";

/** What a webhook says, as docs/events.md has it. */
export type Payload = {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly user: string; readonly sequence: number };
};

/** What the receiver does with the next events about this user, one after the other; afterwards it takes all. */
export async function plan(user: string, ...behaviours: readonly Behaviour[]): Promise<void> {
  await fetch(`${inject("receiver")}/plan/${user}`, { method: "POST", body: JSON.stringify(behaviours) });
}

export type Received = ReceivedEvent & { readonly id: string; readonly payload: Payload };

/** Every request about this user so far, in their order, those that were refused included. */
export async function received(user: string): Promise<readonly Received[]> {
  const answer = await fetch(`${inject("receiver")}/received/${user}`);
  const events = await answer.json<ReceivedEvent[]>();
  return events.map((event) => ({
    ...event,
    id: event.headers["webhook-id"] ?? "",
    payload: JSON.parse(event.body) as Payload,
  }));
}

/** Their types, with what is told apart by no type. */
export const typesOf = async (user: string): Promise<readonly string[]> =>
  (await received(user)).map(({ payload }) => payload.type);

export type TestPool = Awaited<ReturnType<typeof poolOf>>;

/** A client with so many packages more than the low watermark, of which the directory knows. */
export async function stocked(above: number): Promise<TestPool> {
  const pool = await poolOf();
  await pool.publish(keyPackages(LOW_WATERMARK_PACKAGES + above));
  await pool.ring();
  return pool;
}

export async function claimTimes(pool: TestPool, count: number): Promise<void> {
  for (let index = 0; index < count; index++) await pool.claim();
}

export const alarmAt = (pool: TestPool): Promise<number | null> =>
  runInDurableObject(pool.stub(), (_, state) => state.storage.getAlarm());

/** Lets `seconds` pass, the alarm ringing whenever it is set for. Returns how often it rang. */
export async function pass(pool: TestPool, seconds: number): Promise<number> {
  const endMs = Date.now() + seconds * 1000;
  let rung = 0;
  for (let atMs = await alarmAt(pool); atMs !== null && atMs <= endMs; atMs = await alarmAt(pool)) {
    if (++rung > 50) throw new Error("the alarm rings without end");
    vi.setSystemTime(Math.max(atMs, Date.now()));
    await pool.ring();
  }
  vi.setSystemTime(endMs);
  return rung;
}
