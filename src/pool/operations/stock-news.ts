/** What became of a client's stock that its owner would want to hear. Pure. */
import type { EventCause, EventType } from "../../contract/event-messages.ts";

export type StockNews = {
  readonly type: EventType;
  readonly cause: EventCause;
  readonly clientId: number;
  readonly ciphersuite: number;
};

/** Usable one-time packages by ciphersuite. */
export type Levels = ReadonlyMap<number, number>;

type Level = Extract<EventType, "key_packages.low" | "key_packages.exhausted">;

/** The level that is reached when the stock has one package less and so many are left; undefined for none. */
export function levelReached(left: number, lowWatermark: number): Level | undefined {
  return levelCrossed(left + 1, left, lowWatermark);
}

export type Crossed = { readonly ciphersuite: number; readonly type: Level };

/** The levels that were crossed when many packages went at once, one for each ciphersuite at most. */
export function levelsCrossed(before: Levels, after: Levels, lowWatermark: number): readonly Crossed[] {
  return [...before].flatMap(([ciphersuite, had]): Crossed[] => {
    const type = levelCrossed(had, after.get(ciphersuite) ?? 0, lowWatermark);
    return type ? [{ ciphersuite, type }] : [];
  });
}

function levelCrossed(had: number, has: number, lowWatermark: number): Level | undefined {
  if (has === 0 && had > 0) return "key_packages.exhausted";
  return has < lowWatermark && had >= lowWatermark ? "key_packages.low" : undefined;
}
