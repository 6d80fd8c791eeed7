/** What a parameter of a path or a query is, by its name: the same wherever it occurs. */
import { DEFAULT_PAGE_ROWS, EXPIRING_WITHIN_SECONDS } from "../../config/limits.ts";

type Parameter = { readonly description: string; readonly example: string | number };

const PARAMETERS: Readonly<Record<string, Parameter>> = {
  user: { description: "The user, percent-encoded: a slash is `%2F`.", example: "alice" },
  client: { description: "A client of the user, percent-encoded: a slash is `%2F`.", example: "phone" },
  capability: { description: "The name of a claim capability, percent-encoded.", example: "front door" },
  pool: {
    description: "The id of a user's Durable Object.",
    example: "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
  },
  prefix: { description: "What a user's name begins with.", example: "ali" },
  after: { description: "The `next` of the page before; left out for the first page.", example: "WyJhbGljZSJd" },
  limit: { description: `How many rows a page has at most, by default ${DEFAULT_PAGE_ROWS}.`, example: 50 },
  claimer: { description: "A user who claimed; left out for all.", example: "bob" },
  span: { description: "How far back: an hour or a day; by default an hour.", example: "day" },
  issuer: { description: "An issuer, as `iss` has it; left out for all.", example: "https://auth.example.com" },
  restore_epoch: { description: "The epoch to try, in unix seconds; by default now.", example: 1_895_000_000 },
  filter: {
    description:
      "`low`: below the watermark; `last_resort_only`: no one-time package; `exhausted`: nothing at all; `expiring`: soon, the soonest first. By default all.",
    example: "low",
  },
  expiring_within_seconds: {
    description: `What is soon for \`expiring\`, by default ${EXPIRING_WITHIN_SECONDS} seconds.`,
    example: 86_400,
  },
  receipt: {
    description:
      "`true`: the answer comes with signed receipts, and in JSON. `false`: it does not. Left out, as the policy has it.",
    example: "true",
  },
  allow_empty: { description: "Whether an empty list may remove the whole stock.", example: "true" },
};

/** Throws for a parameter that is not described: the generator of the description then fails. */
export function parameterOf(name: string): Parameter {
  const parameter = PARAMETERS[name];
  if (!parameter) throw new Error(`the parameter ${name} is not described in parameters.ts`);
  return parameter;
}
