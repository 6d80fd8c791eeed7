/** Processes as /proc shows them (Linux), for ending a server as a power cut does. */
import { readFileSync } from "node:fs";

/** A process and everything below it. */
export function descendants(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  const children = readProc(`${pid}/task/${pid}/children`)?.trim().split(" ").filter(Boolean).map(Number) ?? [];
  return [pid, ...children.flatMap(descendants)];
}

/** A file of /proc; undefined when the process has ended in the meantime. */
export function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return undefined;
  }
}

export function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}
