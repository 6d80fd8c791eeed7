/** An origin of its own on loopback, which serves pages: for a directory, a page from elsewhere. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { build } from "esbuild";

export type Origin = {
  /** As browsers send it in the header of that name. */
  readonly origin: string;
  readonly close: () => Promise<void>;
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

/** Serves these bodies by their paths, and nothing else. */
export async function serveOrigin(files: Readonly<Record<string, string | Uint8Array>>): Promise<Origin> {
  const server = createServer(({ url = "" }, response) => {
    const body = files[url];
    // Browsers ask for it by themselves, and print a 404.
    if (url === "/favicon.ico") response.writeHead(204).end();
    else if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "Content-Type": TYPES[extname(url)] ?? "application/octet-stream" }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** A page that runs a module of `test/browser/apps` and all that it imports, at `/app.html`. */
export async function pageOf(app: string): Promise<Readonly<Record<string, string>>> {
  const { outputFiles } = await build({
    entryPoints: [`test/browser/apps/${app}`],
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "error",
  });
  return {
    "/app.html": `<!doctype html><meta charset="utf-8"><title>${app}</title><script type="module" src="/app.js"></script>`,
    "/app.js": outputFiles[0]?.text ?? "",
  };
}
