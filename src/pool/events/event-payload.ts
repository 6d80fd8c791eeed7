/** The body in which a deployment's backend is told about a client's stock. docs/events.md shows each. */
import type { StockSettings } from "../../config/settings.ts";
import type { StockEvent } from "../../contract/event-messages.ts";

/** The body of a webhook, as Standard Webhooks lays it out. */
export function payloadOf(event: StockEvent, user: string, stock: StockSettings) {
  return {
    type: event.type,
    timestamp: new Date(event.at * 1000).toISOString(),
    data: {
      user,
      client: event.client,
      ciphersuite: event.ciphersuite,
      cause: event.cause,
      available: event.available,
      last_resort: event.lastResort,
      next_expiry: event.nextExpiry,
      ...(event.expiring ? { expires_by: event.expiring.by, left: event.expiring.left } : {}),
      target: stock.targetPackages,
      low_watermark: stock.lowWatermarkPackages,
      sequence: event.sequence,
    },
  };
}
