// Faults, put together from every field that they have.
import { act, call } from "./control.js";
import { $, copy, element, liveList, quoted, span } from "./element.js";

const API = "/v1/payment-services";

/** The usual misbehaviours. `why` is what an integration has to survive. */
const PRESETS = [
  { name: "500, recorded", why: "Every retry with the same idempotency key gets the same 500", fault: { method: "POST", path: API, times: 1, status: 500, record: true } },
  { name: "500, passing", why: "A retry succeeds", fault: { path: API, times: 1, status: 500 } },
  { name: "Done, answer lost", why: "The payment exists, and nobody was told", fault: { method: "POST", path: API, times: 1, drop: "after" } },
  { name: "Connection drops", why: "Nothing was done", fault: { path: API, times: 1, drop: "before" } },
  { name: "429, Retry-After", why: "Too many requests: wait", fault: { path: API, times: 1, status: 429, headers: { "retry-after": "2" } } },
  { name: "Slow", why: "An answer after 8 seconds", fault: { path: API, times: 1, delay_ms: 8000 } },
  { name: "Slow, then lost", why: "8 seconds, and then no answer to a create that was done", fault: { method: "POST", path: API, times: 1, delay_ms: 8000, drop: "after" } },
  { name: "Down for a while", why: "503 to the next 10 calls", fault: { path: API, times: 10, status: 503 } },
  { name: "Key refused", why: "401: the API key is not valid", fault: { path: API, times: 1, status: 401 } },
  { name: "Not connected", why: "402: the service is not connected to Stripe", fault: { method: "POST", path: API, times: 1, status: 402 } },
  { name: "HTML, not JSON", why: "A maintenance page with status 200", fault: { path: API, times: 1, status: 200, headers: { "content-type": "text/html" }, body: "<html>Maintenance</html>" } },
  { name: "Empty answer", why: "200 with nothing in it", fault: { method: "GET", path: API, times: 1, status: 200, body: "" } },
  { name: "Redirect", why: "302 to another origin: the key must not follow", fault: { path: API, times: 1, status: 302, headers: { location: "https://elsewhere.example/" } } },
  { name: "Payment page down", why: "The payer meets a 503", fault: { path: "/payments/", times: 1, status: 503, headers: { "content-type": "text/html" }, body: "<h1>Service unavailable</h1>" } },
];

const form = $("fault");
const field = (name) => form.elements[name];

export function startFaults({ payment_service_ids }) {
  const paths = [API, "/payments/", ...payment_service_ids.map((id) => `${API}/${id}/payments`)];
  $("paths").append(...paths.map((value) => element("option", { value })));
  $("fault-presets").append(...PRESETS.map(({ name, why, fault }) => element("button", { type: "button", title: why, onclick: () => fill(fault, why) }, name)));
  fill(PRESETS[0].fault, PRESETS[0].why);
  form.oninput = preview;
  form.onsubmit = (submitted) => {
    submitted.preventDefault();
    const fault = preview();
    if (fault) act("Armed", () => call("POST", "/faults", [fault]));
  };
  $("clear-faults").onclick = () => act("Disarmed", () => call("DELETE", "/faults"));
  $("copy-fault-curl").onclick = () => withFault((fault) => copy(curl([fault]), "curl command"));
  $("copy-fault-scenario").onclick = () => withFault((fault) => copy(`${JSON.stringify({ name: "a fault", faults: [fault] }, null, 2)}\n`, "Scenario"));
}

export const showFaults = liveList({
  into: "faults",
  count: "faults-count",
  key: (fault) => JSON.stringify({ ...fault, times: 0 }),
  none: "None: the simulator behaves.",
  render: (fault) => {
    const { method, path, times, ...what } = fault;
    return element("div", { className: "item", data: { fault: "" } },
      element("div", { className: "head" }, span("name", `${method ?? "any"} ${path || "every path"}`), span("when", times === 1 ? "the next call" : `the next ${times} calls`)),
      span("mono", said(what)),
      element("div", { className: "do" },
        element("button", { type: "button", aria: { label: `Disarm: ${said(what)}` }, onclick: () => act("Disarmed", () => call("DELETE", "/faults", fault)) }, "Disarm"),
        element("button", { type: "button", aria: { label: `Edit a copy: ${said(what)}` }, onclick: () => fill(fault) }, "Edit a copy"),
        element("button", { type: "button", aria: { label: `Copy as curl: ${said(what)}` }, onclick: () => copy(curl([fault]), "curl command") }, "Copy as curl")));
  },
});

function said({ status, headers, body, record, delay_ms, drop }) {
  return [
    delay_ms > 0 && `waits ${delay_ms} ms`,
    status && `answers ${status}${record ? ", recorded" : ""}`,
    headers && Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join(", "),
    body !== undefined && `body ${JSON.stringify(body).slice(0, 80)}`,
    drop && (drop === "before" ? "drops, nothing done" : "drops once it is done"),
  ].filter(Boolean).join("; ") || "changes nothing";
}

/** Puts a fault into the form. `why` says what it is for. */
function fill({ method, path, times, status, headers, body, record, delay_ms, drop }, why = "") {
  $("fault-why").textContent = why;
  field("method").value = method ?? "";
  field("path").value = path ?? "";
  field("times").value = times ?? 1;
  field("status").value = status ?? "";
  field("headers").value = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}`).join("\n");
  // An empty body is not no body.
  field("body").value = body === undefined ? "" : body === "" ? '""' : typeof body === "string" ? body : JSON.stringify(body);
  field("record").checked = record ?? false;
  field("delay_ms").value = delay_ms || "";
  field("drop").value = drop ?? "";
  preview();
}

/** The fault that the form describes. Throws what is wrong with it, for people. */
function composed() {
  const fault = { path: field("path").value.trim(), times: Number(field("times").value) };
  if (!(fault.times >= 1)) throw new Error("Times is a number from 1.");
  const method = field("method").value;
  if (method) fault.method = method;
  if (field("status").value) fault.status = Number(field("status").value);
  for (const line of field("headers").value.split("\n").filter((line) => line.trim())) {
    const [, name, value] = /^([^:\s]+)\s*:\s*(.*)$/.exec(line.trim()) ?? [];
    if (!name) throw new Error(`A header is “name: value”, not “${line.trim()}”.`);
    fault.headers = { ...fault.headers, [name]: value };
  }
  if (field("body").value) fault.body = asBody(field("body").value);
  if (field("record").checked) fault.record = true;
  if (fault.record && !fault.status) throw new Error("To be saved, there has to be a status.");
  if (Number(field("delay_ms").value) > 0) fault.delay_ms = Number(field("delay_ms").value);
  if (field("drop").value) fault.drop = field("drop").value;
  return fault;
}

function asBody(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Shows the fault as JSON, or what is wrong with it; `null` then. */
function preview() {
  try {
    const fault = composed();
    $("fault-json").textContent = JSON.stringify(fault);
    $("fault-problem").textContent = "";
    return fault;
  } catch (error) {
    $("fault-problem").textContent = error.message;
    return null;
  }
}

function withFault(work) {
  const fault = preview();
  if (fault) work(fault);
}

const curl = (faults) => `curl ${location.origin}/_sim/faults -d ${quoted(JSON.stringify(faults))}`;
