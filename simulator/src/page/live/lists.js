// Payments, events and requests, newest first.
import { act, call } from "./control.js";
import { copy, element, liveList, quoted, span } from "./element.js";

const money = (cents) => `S$${(Number(cents) / 100).toLocaleString("en-SG", { minimumFractionDigits: 2 })}`;
const time = (iso) => String(iso).slice(11, 19);
const pretty = (value) => JSON.stringify(value, null, 2);
const details = (summary, text, about, ...more) =>
  element("details", {}, element("summary", { aria: { label: `${summary} of ${about}` } }, summary), element("pre", {}, text), ...more);

const COLOURS = { paid: "good", delivered: "good", cancelled: "warn", pending: "warn", abandoned: "bad", lost: "bad" };
const status = (word) => span(`status ${COLOURS[word] ?? ""}`, word);

/** A button that says what it is about to whoever cannot see the line it stands in. */
function button(text, about, done, work, title = "") {
  return element("button", { type: "button", title, aria: { label: `${text} ${about}` }, onclick: () => act(done, work) }, text);
}

export const showPayments = liveList({
  into: "payments-list",
  count: "payments-count",
  key: ({ id }) => id,
  render: (payment) => {
    const { id, reference_id, created_at, latest_status, refund_status, amount_in_cents, payment_url } = payment;
    return element("div", { className: "item", data: { payment: id, status: latest_status } },
      element("div", { className: "head" }, span("when", time(created_at)), span("name", reference_id), status(latest_status),
        refund_status === "not_refunded" ? null : span("status warn", String(refund_status).replaceAll("_", " ")), span("amount", money(amount_in_cents))),
      element("a", { className: "mono", href: payment_url, target: "_blank" }, payment_url),
      element("div", { className: "do" }, ...deeds(payment)),
      details("All fields", pretty(payment), reference_id));
  },
});

function deeds({ id, reference_id, latest_status, refund_status }) {
  const pay = (text, body, title) => button(text, reference_id, `${reference_id} is paid`, () => call("POST", `/payments/${id}/pay`, body), title);
  if (latest_status === "unpaid") {
    return [
      pay("Pay", {}, "As a payer would; the event goes out as the settings say"),
      pay("Pay, webhook lost", { webhook: false }, "The event is written, and sent only when it is redelivered"),
      pay("Pay, webhook late", { webhook: { delay_ms: 30_000 } }, "Paid now, the event 30 seconds later"),
      pay("Pay, webhook twice", { webhook: { copies: 2 } }, "Paid now, the event twice"),
      button("Cancel", reference_id, `${reference_id} is cancelled`, () => call("POST", `/payments/${id}/cancel`), "As an officer would on PaySG's dashboard"),
    ];
  }
  if (latest_status !== "paid" || refund_status === "fully_refunded") return [];
  const amount = element("input", { name: "refund", inputMode: "numeric", placeholder: "all", aria: { label: `Cents to refund of ${reference_id}` } });
  const refund = (outcome) => () => call("POST", `/payments/${id}/refund`, {
    ...(amount.value && { refund_amount_in_cents: Number(amount.value) }),
    ...(outcome && { outcome }),
  });
  return [
    amount,
    button("Refund", reference_id, `${reference_id} is refunded`, refund(), "These cents, or all that is left; a pending refund is settled"),
    button("Refund fails", reference_id, `The refund of ${reference_id} failed`, refund("failed"), "PaySG refuses further refunds after that"),
  ];
}

export const showEvents = liveList({
  into: "events-list",
  count: "events-count",
  key: ({ id }) => id,
  render: (event) => {
    const { id, type, created_at, deliveries, payload } = event;
    const redeliver = (text, times) => button(text, id, `${text}: ${id}`, () => call("POST", `/events/${id}/redeliver`, { times }));
    return element("div", { className: "item", data: { event: id } },
      element("div", { className: "head" }, span("when", time(created_at)), span("name", type), span("mono", reference(payload))),
      ...(deliveries.length > 0 ? deliveries.map(delivery) : [span("warn", "Not sent to anybody.")]),
      element("div", { className: "do" }, redeliver("Deliver again", 1), redeliver("Twice", 2)),
      details("Payload", pretty(payload), id));
  },
});

/** Whichever way the settings let the payment be spelt. */
const reference = ({ data }) => data?.object?.reference_id ?? data?.object?.referenceId ?? "";

function delivery({ url, state, attempts, next_attempt_at }) {
  const tries = attempts.map(({ status, error }) => status ?? error).join(", ") || "not tried yet";
  const next = next_attempt_at && state === "pending" ? `, next at ${time(next_attempt_at)}` : "";
  return element("div", { className: "head" }, status(state), span("mono", `${url ?? "an endpoint that is gone"}: ${tries}${next}`));
}

export const showRequests = liveList({
  into: "requests-list",
  count: "requests-count",
  key: (request) => JSON.stringify([request.at, request.method, request.path, request.headers, request.status]),
  render: (request) => {
    const { at, method, path, query, headers, body, status, dropped } = request;
    const about = `${method} ${path}`;
    const outcome = status === null ? `dropped ${dropped === "before" ? "before it was done" : "once it was done"}` : String(status);
    return element("div", { className: "item", data: { request: about } },
      element("div", { className: "head" }, span("when", time(at)), span("name", method), span("mono", path + (query ? `?${query}` : "")),
        span(`status amount ${status === null || status >= 400 ? "bad" : "good"}`, outcome)),
      details("Headers and body", pretty({ headers, body }), about,
        element("button", { type: "button", aria: { label: `Copy as curl: ${about}` }, onclick: () => copy(curl(request), "curl command") }, "Copy as curl")));
  },
});

/** Set by curl itself, or of the connection. */
const OWN = new Set(["host", "content-length", "connection", "accept-encoding", "transfer-encoding", "user-agent", "accept"]);

function curl({ method, path, query, headers, body }) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const lines = Object.entries(headers).filter(([name]) => !OWN.has(name) && !name.startsWith("sec-")).map(([name, value]) =>
    // The key is masked here, as everywhere.
    name === "x-api-key" ? `-H "x-api-key: $PAYSG_API_KEY"` : `-H ${quoted(`${name}: ${value}`)}`);
  return [`curl -X ${method} ${quoted(location.origin + path + (query ? `?${query}` : ""))}`, ...lines, ...(body === null ? [] : [`--data-raw ${quoted(text)}`])].join(" \\\n  ");
}
