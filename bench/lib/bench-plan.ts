/** How long and how often: every bound of a run in one place. */

export type Plan = {
  readonly rounds: number;
  /** One burst of load. */
  readonly loadMs: number;
  /** Claims of one burst at most, so that no burst outlives its stock. */
  readonly loadRequests: number;
  readonly connections: number;
  /** Requests one after the other where a single one is timed. */
  readonly sequential: number;
  readonly users: number;
  /** Objects of each kind that are started cold in a round. */
  readonly coldUsers: number;
};

/** Connections enough to keep a server busy whose commits take a millisecond, and no more. */
const CONNECTIONS = 48;

export const FULL: Plan = {
  rounds: 5,
  loadMs: 3_000,
  loadRequests: 12_000,
  connections: CONNECTIONS,
  sequential: 60,
  users: 1_000,
  coldUsers: 200,
};

export const QUICK: Plan = {
  rounds: 3,
  loadMs: 800,
  loadRequests: 4_000,
  connections: CONNECTIONS,
  sequential: 20,
  users: 200,
  coldUsers: 50,
};
