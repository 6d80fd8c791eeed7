/** A request to the API by what its description says and somebody has filled in: to be sent, and as a line of curl. */

type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: string | number;
  readonly schema: { readonly enum?: readonly string[] };
};

/** As in OpenAPI 3.1, as far as a request is concerned. */
export type DescribedOperation = {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
};

export type Description = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
};

export type Operation = {
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Of a JSON body; undefined where there is none. */
  readonly example: unknown;
  readonly needsToken: boolean;
};

export function operationIn({ paths }: Description, id: string): Operation | undefined {
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { operationId, parameters = [], requestBody, security = [] }] of Object.entries(methods)) {
      if (operationId !== id) continue;
      const example = requestBody?.content["application/json"]?.example;
      return { method: method.toUpperCase(), path, parameters, example, needsToken: security.length > 0 };
    }
  }
  return undefined;
}

export type Filled = {
  /** What was filled in for a parameter; an empty text leaves it out. */
  readonly given: (parameter: Parameter) => string;
  /** Like `CREDENTIAL`; an empty text for none. */
  readonly credential: string;
  readonly body: string | undefined;
};

export type ApiRequest = {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};

export function requestOf({ method, path, parameters }: Operation, { given, credential, body }: Filled): ApiRequest {
  let target = path;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const parameter of parameters) {
    const value = given(parameter);
    if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value === "") continue;
    else if (parameter.in === "query") query.set(parameter.name, value);
    else headers[parameter.name] = asHeader(value);
  }
  if (credential !== "") headers.Authorization = authorizationOf(credential);
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return { method, target: query.size > 0 ? `${target}?${query}` : target, headers, body };
}

/** As it is pasted: a token, also with its scheme and the name of the header; and no blank in it, which no token has. */
export const CREDENTIAL = String.raw`\s*(?:[Aa]uthorization:\s*)?(?:(?:[Bb]earer|[Cc]apability)\s+)?[!-~]+\s*`;

function authorizationOf(credential: string): string {
  const bare = credential.trim().replace(/^authorization:\s*/i, "");
  const [, scheme = "Bearer", secret = bare] = /^(bearer|capability)\s+(.*)$/is.exec(bare) ?? [];
  return `${scheme} ${secret}`;
}

/** A header carries ASCII alone; the rest, and what announces it, is percent-encoded. */
const asHeader = (value: string): string => value.replace(/[^ -~]|%/gu, encodeURIComponent);

/** What does the same in a shell, but for the credential: that stays out of what is copied. */
export function curlOf({ method, target, headers, body }: ApiRequest, origin: string): string {
  const fields = Object.entries(headers).map(([name, value]) =>
    name === "Authorization"
      ? `-H "Authorization: ${value.replace(/ .*/s, "")} $TOKEN"`
      : `-H ${quoted(`${name}: ${value}`)}`,
  );
  const data = body === undefined ? [] : [`--data-binary ${quoted(body)}`];
  return [`curl -i -X ${method} ${quoted(origin + target)}`, ...fields, ...data].join(" \\\n  ");
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
