const metadata = new WeakMap<object, Map<unknown, unknown>>();

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const entries = metadata.get(target) ?? new Map<unknown, unknown>();
  metadata.set(target, entries.set(key, value));
}

function getOwnMetadata(key: unknown, target: object): unknown {
  return metadata.get(target)?.get(key);
}

function getMetadata(key: unknown, target: object): unknown {
  for (let holder: object | null = target; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (metadata.get(holder)?.has(key)) return getOwnMetadata(key, holder);
  }
  return undefined;
}

/**
 * The X.509 library resolves its parts with a container that asks, when it is loaded, for three functions of the
 * metadata proposal on `Reflect`. This gives it these where nobody has, so that no larger polyfill need be carried.
 */
export function provideReflectMetadata(): void {
  if ("getMetadata" in Reflect) return;
  for (const provided of [defineMetadata, getOwnMetadata, getMetadata]) {
    Object.defineProperty(Reflect, provided.name, { value: provided, configurable: true, writable: true });
  }
}
