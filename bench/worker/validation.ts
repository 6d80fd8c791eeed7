/** Judges batches inside workerd. A batch is sent once; then each request judges it, and the caller takes the time. */
import type { Batch } from "../lib/packages.ts";
import { type Judge, judgeOf, VALIDATORS } from "../lib/validators.ts";

/** One isolate serves the whole run. */
const judges = new Map<string, Judge>();

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const [, verb, measure] = pathname.split("/");
    if (verb === "load") {
      const batch = (await request.json()) as Batch;
      for (const name of VALIDATORS) judges.set(`/judge/${measure}/${name}`, await judgeOf(name, batch));
      return new Response("ok");
    }
    const judge = judges.get(pathname);
    return judge ? new Response(String(await judge())) : new Response("not found", { status: 404 });
  },
} satisfies ExportedHandler;
