/** What something uses, in the units that are billed, and what that costs. Pure. */
import { PLAN_USD_PER_MONTH, PRICES } from "./prices.ts";

export type Unit = keyof typeof PRICES;

/** Amounts by unit; a unit that is left out is not used. */
export type Usage = Readonly<Partial<Record<Unit, number>>>;

export const UNITS = Object.keys(PRICES) as Unit[];

export function sum(...usages: readonly Usage[]): Usage {
  const units = UNITS.filter((unit) => usages.some((usage) => usage[unit] !== undefined));
  return Object.fromEntries(
    units.map((unit) => [unit, usages.reduce((total, usage) => total + (usage[unit] ?? 0), 0)]),
  );
}

export const times = (usage: Usage, factor: number): Usage =>
  Object.fromEntries(Object.entries(usage).map(([unit, amount]) => [unit, amount * factor]));

/** Without what the plan includes: the price of one more. */
export const usdOf = (usage: Usage): number => total(usdByUnit(usage));

export const usdByUnit = (usage: Usage): Usage =>
  Object.fromEntries(
    UNITS.flatMap((unit) => (usage[unit] === undefined ? [] : [[unit, priceOf(unit, usage[unit])] as const])),
  );

export type Bill = { readonly usd: number; readonly byUnit: Usage };

/** A month's bill: the plan, and what goes beyond what it includes. */
export function monthlyBill(usage: Usage): Bill {
  const byUnit = Object.fromEntries(
    UNITS.map((unit) => [unit, priceOf(unit, Math.max(0, (usage[unit] ?? 0) - PRICES[unit].included))]),
  );
  return { usd: PLAN_USD_PER_MONTH + total(byUnit), byUnit };
}

const priceOf = (unit: Unit, amount: number): number => (amount * PRICES[unit].usd) / PRICES[unit].per;

const total = (usage: Usage): number => Object.values(usage).reduce((all, amount) => all + amount, 0);
