/** "Try it" of the API reference: a form for an operation, which asks this directory and no other. */
import { announce, copyButton, h } from "../dom.ts";
import {
  type ApiRequest,
  CREDENTIAL,
  curlOf,
  type Description,
  type Operation,
  operationIn,
  requestOf,
} from "./api-request.ts";

/** `.` and `..` would lead to another path, of somebody else, encoded or not. */
const NO_STEP = { pattern: "(?!\\.{1,2}$).+", title: "No address can have . or .. as a name" };

/** Of this page alone: the next form begins with it. */
let credential = "";
let loading: Promise<Description> | undefined;

/** Of the operation with this id; rejects where the description cannot be loaded. */
export async function tryForm(id: string): Promise<HTMLElement> {
  const operation = operationIn(await description(), id);
  if (operation === undefined) throw new Error(`expected the operation ${id} in the description`);
  return formOf(operation, id);
}

function description(): Promise<Description> {
  loading ??= fetch("/openapi.json").then((response) => response.json() as Promise<Description>);
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}

function formOf(operation: Operation, id: string): HTMLElement {
  const inputs = operation.parameters.map((parameter, index) => {
    const { name, required = false, example = "", schema } = parameter;
    const attributes = { id: `try-${id}-${index}`, required };
    const input =
      schema.enum === undefined
        ? h("input", {
            ...attributes,
            autocomplete: "off",
            spellcheck: "false",
            ...(required ? { value: example } : { placeholder: example }),
            ...(parameter.in === "path" ? NO_STEP : {}),
          })
        : h("select", attributes, ...["", ...schema.enum].map((value) => h("option", {}, value)));
    const label = h(
      "label",
      { for: attributes.id },
      h("code", {}, name),
      !required && h("span", { class: "note" }, " optional"),
    );
    return { parameter, input, line: h("div", { class: "asked" }, label, input) };
  });
  const token = h("input", {
    id: `try-${id}-token`,
    type: "password",
    autocomplete: "off",
    required: true,
    pattern: CREDENTIAL,
    title: "A token, without blanks in it",
    value: credential,
  });
  const body = h("textarea", { id: `try-${id}-body`, rows: 8, spellcheck: "false" });
  body.value = JSON.stringify(operation.example, null, 2) ?? "";
  const answer = h("div", {});
  const request = () =>
    requestOf(operation, {
      given: (parameter) => inputs.find((one) => one.parameter === parameter)?.input.value ?? "",
      credential: operation.needsToken ? token.value : "",
      body: operation.example === undefined ? undefined : body.value,
    });
  const form: HTMLFormElement = h(
    "form",
    {},
    ...inputs.map(({ line }) => line),
    operation.needsToken && h("div", { class: "asked" }, h("label", { for: token.id }, "Token"), token),
    operation.example !== undefined &&
      h("div", { class: "asked" }, h("label", { for: body.id }, "Body, ", h("code", {}, "application/json")), body),
    h(
      "div",
      { class: "row" },
      h("button", { type: "submit", class: "primary" }, `Send to ${location.host}`),
      copyButton("Copy as curl", () => (form.reportValidity() ? curlOf(request(), location.origin) : undefined)),
    ),
  );
  let isUnderWay = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // A claim that is asked for twice is two claims.
    if (isUnderWay) return;
    isUnderWay = true;
    if (operation.needsToken) credential = token.value;
    void send(request(), answer).then(() => {
      isUnderWay = false;
    });
  });
  return h("div", {}, form, answer);
}

/** Never rejects. */
async function send({ method, target, headers, body }: ApiRequest, place: HTMLElement): Promise<void> {
  place.replaceChildren(h("p", { class: "note" }, "Sent…"));
  try {
    const response = await fetch(target, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = shown(await response.text());
    const status = `${response.status} ${response.statusText}`.trim();
    const own = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    place.replaceChildren(
      h("p", { class: response.ok ? "verdict good" : "verdict bad" }, h("strong", {}, status), ` ${method} ${target}`),
      text === "" ? "" : h("pre", { tabindex: 0, "aria-label": "Body of the answer" }, h("code", {}, text)),
      h("details", {}, h("summary", {}, "Headers"), h("pre", { tabindex: 0 }, h("code", {}, own))),
    );
    announce(status);
  } catch {
    const effect = method === "GET" ? "Nothing was changed." : "Whether the request took effect is not known.";
    const text = `The directory did not answer. ${effect}`;
    place.replaceChildren(h("p", { class: "verdict bad" }, text));
    announce(text);
  }
}

function shown(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
