/**
 * Counts the work of a function instead of timing it: how often each block of code ran, as V8's precise coverage
 * counts it, and the steps that the methods of arrays and typed arrays take inside. The same work gives the same count
 * on every machine. Not seen: what a constructor copies, and work on strings.
 *
 * Code is counted only if it was compiled after this module was loaded, so what is to be measured must be imported
 * dynamically, after it. `countWork` throws if that was forgotten.
 */
import { type Profiler, Session } from "node:inspector";

const PROJECT = new URL("../../..", import.meta.url).href;

const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });

/** Blocks of the project's own code that `work` runs, and steps of built-in methods on its behalf. `work` must be synchronous. */
export function countWork(work: () => unknown): number {
  const builtIn = { steps: 0 };
  takeCoverage();
  const restore = countBuiltIns(builtIn);
  try {
    work();
  } finally {
    restore();
  }
  return takeCoverage().reduce((sum, script) => sum + blocksRun(script), builtIn.steps);
}

/** What ran since the last call. */
function takeCoverage(): readonly Profiler.ScriptCoverage[] {
  let scripts: readonly Profiler.ScriptCoverage[] | undefined;
  // The session is in this very thread, and calls back before `post` returns.
  session.post("Profiler.takePreciseCoverage", (error, coverage) => {
    if (error) throw error;
    scripts = coverage.result;
  });
  if (scripts === undefined) throw new Error("the coverage was not taken synchronously");
  return scripts.filter(({ url }) => isCounted(url));
}

function isCounted(url: string): boolean {
  const href = url.startsWith("/") ? `file://${url}` : url;
  return href.startsWith(PROJECT) && !href.includes("/node_modules/") && href !== import.meta.url;
}

function blocksRun(script: Profiler.ScriptCoverage): number {
  let sum = 0;
  for (const { functionName, isBlockCoverage, ranges } of script.functions) {
    const calls = ranges[0]?.count ?? 0;
    if (calls > 0 && !isBlockCoverage) throw new Error(`${functionName} of ${script.url} was compiled too early`);
    for (const { count } of ranges) sum += count;
  }
  return sum;
}

type Counter = { steps: number };
type Method = (...args: unknown[]) => unknown;
type Sequence = { readonly length: number };

const typedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype);
/** Those that do not look at the elements that are there, whatever their number. */
const CONSTANT = new Set(["constructor", "at", "pop", "subarray", "entries", "keys"]);

/** Makes the methods of arrays add their steps to the counter, until the returned function is called. */
function countBuiltIns(counter: Counter): () => void {
  const undo = [Array.prototype, typedArrayPrototype].flatMap((prototype) =>
    Reflect.ownKeys(prototype).flatMap((name) => {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
      const method: unknown = descriptor?.value;
      if (!descriptor || typeof method !== "function" || (typeof name === "string" && CONSTANT.has(name))) return [];
      const value = counting(name, method as Method, counter);
      Object.defineProperty(prototype, name, { ...descriptor, value });
      return [() => Object.defineProperty(prototype, name, descriptor)];
    }),
  );
  return () => {
    for (const one of undo) one();
  };
}

function counting(name: PropertyKey, method: Method, counter: Counter): Method {
  // `for … of`, spreading, destructuring and the constructors of sets and maps all iterate.
  if (name === Symbol.iterator || name === "values") {
    return function (this: unknown) {
      const iterator = method.call(this) as ArrayIterator<unknown>;
      const counted: IterableIterator<unknown> = {
        next: () => {
          counter.steps += 1;
          return iterator.next();
        },
        [Symbol.iterator]: () => counted,
      };
      return counted;
    };
  }
  return function (this: unknown, ...args) {
    const before = (this as Sequence).length;
    const [first, ...others] = args;
    if (typeof first === "function") {
      // How far it goes is for the callback to say.
      const callback: Method = (...values) => {
        counter.steps += 1;
        return (first as Method)(...values);
      };
      return method.call(this, callback, ...others);
    }
    const result = method.apply(this, args);
    counter.steps += stepsOf(name, this as Sequence, args, result, before);
    return result;
  };
}

const { indexOf } = Array.prototype;

/** How many elements a method has looked at, moved or written; rather too many than too few. */
function stepsOf(name: PropertyKey, sequence: Sequence, args: readonly unknown[], result: unknown, before: number) {
  switch (name) {
    case "push":
      return args.length;
    case "includes":
      return result === true ? Reflect.apply(indexOf, sequence, args) + 1 : before;
    case "indexOf":
      return typeof result === "number" && result >= 0 ? result + 1 : before;
    case "slice":
      return (result as Sequence).length;
    case "set":
      return (args[0] as Sequence).length;
    default:
      return (
        before + (Array.isArray(result) || ArrayBuffer.isView(result) ? (result as unknown as Sequence).length : 0)
      );
  }
}
