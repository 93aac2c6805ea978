// What is measured: requests, and what of the answers must be the same for all.
import { createHmac } from "node:crypto";
import http from "node:http";
import { sign, verify } from "../tokens.mjs";
import { ORDER_KEY, PUBLIC_URL, SECRET, SERVICE } from "./workers.mjs";

/** So many payments that none is asked for twice within the two seconds for which an answer is remembered. */
const PAYMENTS = 16_384;
const PEERS = ["js", "hono_stripe", "workers_rs", "null"];

export const order = (reference) => ({ reference_id: reference, payer_name: "Tan Ah Kow", description: "Stall licence, 1 year", amount_in_cents: 4200 });

export const createRequest = (reference) => ({
  method: "POST",
  path: "/paysg/payments",
  headers: { "content-type": "application/json", accept: "application/json", origin: PUBLIC_URL },
  body: JSON.stringify({
    order: sign({ typ: "paysg-order+jwt" }, { aud: "paysg-wasm", exp: Math.floor(Date.now() / 1000) + 3600, order: order(reference) }, ORDER_KEY),
  }),
});

/** An event as PaySG's, of about so many bytes. */
export function eventOf(reference, bytes = 1024) {
  const object = {
    id: `pay_${reference}`, payment_service_id: SERVICE, reference_id: reference, payer_name: "Tan Ah Kow", payer_identifier: "S1234567D",
    payer_email: "tan@example.com", payer_address: "1 Example Road, #01-01, Singapore 000001", description: "Stall licence, 1 year",
    amount_in_cents: 4200, return_url: `${PUBLIC_URL}/paysg/return`, metadata: {}, payment_url: `https://staging.pay.gov.sg/payments/pay_${reference}`,
    latest_status: "paid", payment_status: "paid", refund_status: "not_refunded", line_items: [],
    created_at: "2026-11-17T10:00:00.000+08:00", payment_succeeded_timestamp: "2026-11-17T10:05:00.000+08:00",
  };
  const event = {
    id: "evt_5b0d8a3e-0b0e-4a53-9a3c-0c5a1d7d8b11", object: "event", type: "payment.succeeded", payment_service_id: SERVICE,
    created_at: "2026-11-17T10:05:01.000+08:00", data: { object },
  };
  const line = { description: "Stall licence, one of the months of the year, at the rate for a hawker", amount_in_cents: 350 };
  while (JSON.stringify(event).length + 60 < bytes) object.line_items.push(line);
  return JSON.stringify(event);
}

export function webhookRequest(body, path = "/paysg/webhooks") {
  const t = Math.floor(Date.now() / 1000);
  const v1 = createHmac("sha256", SECRET).update(`${t}.${body}`).digest("hex");
  // Without the space after the comma, which stripe-node does not read.
  return { method: "POST", path, headers: { "content-type": "application/json", "paysg-signature": `t=${t},v1=${v1}` }, body };
}

const times = (count, make) => Array.from({ length: count }, (_, at) => make(at));
const number = (at) => String(at).padStart(8, "0");

/** Cookies that a worker gave for payments of its own, by making the payments: `[{reference, cookie}]`. */
async function cookiesOf(worker) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const made = new Array(PAYMENTS);
  let next = 0;
  const one = async () => {
    for (let at = next++; at < PAYMENTS; at = next++) {
      const reference = `p${number(at)}`;
      const { headers, status } = await send(worker, createRequest(reference), agent);
      if (status !== 201) throw new Error(`${worker.peer} answered ${status} to a create`);
      made[at] = { reference, cookie: headers["set-cookie"][0].split(";", 1)[0] };
    }
  };
  await Promise.all(times(16, one));
  agent.destroy();
  return made;
}

/** Sends one request with Node; for preparation, never for a timing. */
export function send(worker, { method = "GET", path, headers, body }, agent) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${worker.url}${path}`, { method, headers, agent }, async (answer) => {
      let text = "";
      for await (const chunk of answer.setEncoding("utf8")) text += chunk;
      resolve({ status: answer.statusCode, headers: answer.headers, body: text });
    });
    request.on("error", reject).end(body);
  });
}

/** Asked for as the payer's browser does. The null worker has no cookies of its own: anyone's will do. */
const withCookies = (path) => async (worker, cookies) => (await cookies(worker)).map(({ reference, cookie }) => ({ path: path(reference), headers: { cookie } }));

const returnPath = (reference) => `/paysg/return?paysg_payment_id=pay_${reference}&paysg_payment_service_id=${SERVICE}`;

/** `name`, what it is, the kind of worker, the peers, `requests(worker, cookies)`, and `odd`: requests that must be refused by all alike. */
export const SCENARIOS = [
  {
    name: "return", title: "Return: asked of PaySG, and sent on", kind: "edge", peers: PEERS,
    requests: withCookies(returnPath),
    odd: [
      { path: `${returnPath("p00000000")}&paysg_payment_id=x` },
      { path: "/paysg/return?paysg_payment_id=a%2Fb&paysg_payment_service_id=x" },
      { path: "/paysg/return?paysg_payment_id=abc" },
    ],
  },
  {
    name: "status", title: "Status: asked of PaySG, with a receipt", kind: "edge", peers: PEERS,
    requests: withCookies((reference) => `/paysg/payments/${SERVICE}/pay_${reference}`),
    odd: [{ path: `/paysg/payments/${SERVICE}x/pay_p00000000` }],
  },
  {
    name: "webhook_1k", title: "Webhook of 1 KB: verified, acknowledged", kind: "webhook", peers: PEERS,
    requests: () => times(64, (at) => webhookRequest(eventOf(`p${number(at)}`))),
    odd: [{ ...webhookRequest(eventOf("p1")), body: eventOf("p2") }, { method: "POST", path: "/paysg/webhooks", body: "{}" }],
  },
  {
    name: "webhook_16k", title: "Webhook of 16 KB: verified, acknowledged", kind: "webhook", peers: PEERS,
    requests: () => times(16, (at) => webhookRequest(eventOf(`p${number(at)}`, 16_384))),
    odd: [],
  },
  {
    name: "webhook_route", title: "Webhook of 1 KB: verified, asked of PaySG", kind: "edge", peers: PEERS,
    requests: () => times(PAYMENTS, (at) => webhookRequest(eventOf(`p${number(at)}`))),
    odd: [{ ...webhookRequest(eventOf("p1")), body: eventOf("p2") }],
  },
  {
    name: "create", title: "Create: order verified, PaySG asked twice", kind: "edge", peers: PEERS,
    requests: () => times(2048, (at) => createRequest(`u${number(at)}`)),
    odd: [
      { ...createRequest("u1"), headers: { "content-type": "application/json", origin: "https://evil.example" } },
      { ...createRequest("u1"), headers: { "content-type": "text/plain", origin: PUBLIC_URL } },
      { ...createRequest("u1"), body: createRequest("u1").body.replace("ey", "ez") },
    ],
  },
  {
    name: "health", title: "Health", kind: "edge", peers: PEERS,
    requests: () => [{ path: "/paysg/health" }],
    odd: [{ path: "/paysg/nothing" }],
  },
];

const cookies = new Map();

/** The requests of a scenario for a worker. Cookies are made once for each worker. */
export function requestsOf(scenario, worker, workers) {
  const makers = (given) => {
    const maker = given.peer === "null" ? workers.find(({ peer, kind }) => peer === "js" && kind === "edge") : given;
    if (!cookies.has(maker)) cookies.set(maker, cookiesOf(maker));
    return cookies.get(maker);
  };
  return scenario.requests(worker, makers);
}

const RANDOM = ["x-request-id", "date", "connection", "keep-alive", "transfer-encoding", "content-length"];

/** An answer as far as it must be the same from all: tokens by what they claim, cookies by their attributes. */
function essence({ status, headers, body }) {
  const named = Object.entries(headers).filter(([name]) => !RANDOM.includes(name));
  const cookie = headers["set-cookie"]?.[0].replace(/=[^;]+/, "=…");
  let json = body;
  if (headers["content-type"]?.startsWith("application/json")) {
    json = JSON.parse(body);
    if (json.receipt) {
      const { header, claims } = verify(json.receipt, ORDER_KEY);
      json.receipt = { header, claims: { ...claims, iat: typeof claims.iat } };
    }
  }
  return JSON.stringify({ status, headers: Object.fromEntries(named.sort()), cookie, body: sorted(json) }, (key, value) => (key === "set-cookie" ? undefined : value));
}

const sorted = (value) =>
  value && typeof value === "object" ? Object.fromEntries(Object.entries(value).sort().map(([name, inner]) => [name, sorted(inner)])) : value;

/** Refuses to time what does not do the same: answers, and refusals of what must be refused. */
export async function verifyEqual(scenario, product, peer, workers) {
  const ask = async (worker) => essence(await send(worker, (await requestsOf(scenario, worker, workers))[0]));
  const [expected, got] = [await ask(product), await ask(peer)];
  if (expected !== got) throw new Error(`${peer.peer} does not answer as the product does (${scenario.name}):\n${expected}\n${got}`);
  for (const odd of scenario.odd) {
    const [one, other] = [await send(product, odd), await send(peer, odd)];
    if (one.status < 400 || other.status < 400) {
      throw new Error(`${scenario.name}: ${odd.path} was answered ${one.status} by the product, ${other.status} by ${peer.peer}: it must be refused`);
    }
  }
}
