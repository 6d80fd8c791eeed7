import type { Deployment } from "../../config/deployment.ts";
import type { ReceiptSettings } from "../../config/receipt-settings.ts";
import type { Extras } from "../extras.ts";
import type { Receipts } from "../receipts/receipts.ts";

/** Values, not promises of one: in workerd a request must not wait for what another has begun. */
const known = new WeakMap<ReceiptSettings, Receipts>();

/** What signs receipts for the deployment, made when the first is asked for; undefined where none are signed. */
export async function receiptsOf(
  { receipts: settings, profile }: Deployment,
  { receipts: make }: Pick<Extras, "receipts">,
): Promise<Receipts | undefined> {
  if (settings === undefined || make === undefined) return undefined;
  const receipts = known.get(settings) ?? (await make(settings, profile));
  known.set(settings, receipts);
  return receipts;
}
