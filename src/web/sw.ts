/**
 * Keeps what was loaded, so that a page works without a network. Pages come from the network as long as there is one;
 * files whose name is a hash of their content never change. The API is never kept.
 */
type ExtendableEvent = Event & { waitUntil(work: Promise<unknown>): void };
type FetchEvent = ExtendableEvent & { readonly request: Request; respondWith(answer: Promise<Response>): void };
type Scope = {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(type: "message", listener: (event: ExtendableEvent & MessageEvent) => void): void;
};

const scope = self as unknown as Scope;
const CACHE = "pages-1";
/** All pages and their files, twice: what was deployed before may still be open. */
const MOST_KEPT = 400;

scope.addEventListener("install", (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));

/** A page that was loaded before there was a worker says what it consists of. */
scope.addEventListener("message", (event) => {
  const paths = (Array.isArray(event.data) ? event.data : []).filter(
    (path) => typeof path === "string" && isPage(path),
  );
  event.waitUntil(Promise.all(paths.map(keepIfMissing)));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || !isPage(pathname)) return;
  event.respondWith(pathname.startsWith("/assets/") ? keptFirst(request) : networkFirst(request));
});

/** Everything but the API, whose answers belong to their caller. */
const isPage = (pathname: string): boolean => !/^\/(?:v1\/|healthz|readyz|openapi|sw\.js)/.test(pathname);

async function keptFirst(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? keep(cache, request, await fetch(request));
}

async function networkFirst(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    return await keep(cache, request, await fetch(request));
  } catch (failure) {
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept === undefined) throw failure;
    return kept;
  }
}

async function keepIfMissing(path: string): Promise<void> {
  const cache = await caches.open(CACHE);
  if ((await cache.match(path)) === undefined) await keep(cache, new Request(path), await fetch(path));
}

async function keep(cache: Cache, request: Request, response: Response): Promise<Response> {
  // What was redirected may not answer a navigation.
  if (!response.ok || response.redirected) return response;
  // Without what follows `?`: no page differs by it, and the console's may be a code of the issuer.
  await cache.put(new URL(request.url).pathname, response.clone());
  const [oldest] = await cache.keys();
  if (oldest !== undefined && (await cache.keys()).length > MOST_KEPT) await cache.delete(oldest);
  return response;
}
