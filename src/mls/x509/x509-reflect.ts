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
 * When it is loaded, the X.509 library needs three functions of the metadata proposal on `Reflect`. Installs them if
 * missing, instead of the full reflect-metadata polyfill.
 */
export function provideReflectMetadata(): void {
  if ("getMetadata" in Reflect) return;
  for (const provided of [defineMetadata, getOwnMetadata, getMetadata]) {
    Object.defineProperty(Reflect, provided.name, { value: provided, configurable: true, writable: true });
  }
}
