/**
 * What a program with a generated client is sent to do: register, publish, look, claim twice under one key, compare, and
 * claim from somebody who does not exist. It gets what it needs as JSON in its argument, and prints what it saw.
 */
export type Errand = {
  readonly url: string;
  readonly owner: Person;
  readonly claimer: Person;
  /** The body of the registration: keys, and proofs of them by the key itself. */
  readonly registration: {
    readonly signature_keys: Readonly<Record<string, string>>;
    readonly signed_at: number;
    readonly proofs: Readonly<Record<string, string>>;
  };
  readonly key_packages: readonly string[];
  readonly idempotency_key: string;
  /** Of no packages. */
  readonly digest: string;
};

export type Person = { readonly user: string; readonly client: string; readonly token: string };

export type Seen = {
  readonly registered: string;
  readonly stored: number;
  readonly available: number;
  readonly last_resort_uses: number | null;
  readonly claimed: string;
  /** Whether the second claim under the same key got the same package. */
  readonly again: boolean;
  /** How many packages the directory has that a client without any lacks. */
  readonly unknown_here: number;
  /** The code of the problem. */
  readonly refused: string;
};

/** Node's. */
declare const process: { readonly argv: readonly string[] };

export async function run(story: (errand: Errand) => Promise<Seen>): Promise<void> {
  console.log(JSON.stringify(await story(JSON.parse(process.argv[2] ?? "") as Errand)));
}

/**
 * The JSON of an answer, or an error that shows the problem in its place. Where an answer may also be `message/mls`, the
 * types of openapi-fetch have text beside the object.
 */
export function bodyOf<T>(answer: { readonly data?: T | undefined; readonly error?: unknown }): Exclude<T, string> {
  const { data, error } = answer;
  if (data === undefined || typeof data === "string") throw new Error(`refused: ${JSON.stringify(error)}`);
  return data as Exclude<T, string>;
}
