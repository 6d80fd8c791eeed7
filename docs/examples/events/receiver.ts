/** A backend that is told of low stock: it verifies the event, knows what it has had before, and wakes the device. */
import { Webhook } from "standardwebhooks";

type StockEvent = { readonly type: string; readonly data: { readonly user: string; readonly client: string } };

/** What your push service does. It may be called again for the same device: waking it twice does no harm. */
type Wake = (event: StockEvent) => Promise<void>;

export function receiver(secret: string, wake: Wake): (request: Request) => Promise<Response> {
  const webhook = new Webhook(secret);
  // In your database, for four days: nothing is sent again after that.
  const had = new Set<string>();
  return async (request) => {
    const body = await request.text();
    let event: StockEvent;
    try {
      event = webhook.verify(body, Object.fromEntries(request.headers)) as StockEvent;
    } catch {
      return new Response(null, { status: 401 });
    }
    const id = request.headers.get("webhook-id") ?? "";
    if (!had.has(id)) {
      await wake(event);
      had.add(id);
    }
    return new Response(null, { status: 204 });
  };
}
