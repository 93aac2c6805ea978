// Clients that state a body and send nothing: they keep nobody else out, in workerd and behind Node's own listener.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, before, describe } from "node:test";
import { createListener } from "../../pkg/node.js";
import { orderToken } from "../tokens.mjs";
import { order, sleep, succeeded, tag, test, World } from "./support.mjs";

/** More than once held all the room that there is, by what they stated; and more than may be on their way at once. */
const IDLE = 300;
const CROWD = 1_100;

function keepsServing(world, origin) {
  const base = () => `${origin()}${world.stack.base_path}`;

  /** A connection on which a request of so many bytes has begun, and no byte of its body comes. */
  async function idle(path, { bytes = 65_536, headers = "content-type: application/json\r\n" } = {}) {
    const { hostname, port, host, pathname } = new URL(base() + path);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, "connect");
    socket.write(`POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\naccept: application/json\r\n${headers}content-length: ${bytes}\r\n\r\n`);
    socket.on("error", () => {});
    socket.answer = new Promise((resolve) => {
      socket.once("data", (chunk) => resolve(Number(String(chunk).split(" ")[1])));
      socket.once("close", () => resolve(undefined));
    });
    return socket;
  }

  /** Opens them, and shuts them however the work ends. */
  async function beside(sockets, work) {
    const opened = await Promise.all(sockets);
    try {
      await sleep(300);
      return await work(opened);
    } finally {
      for (const socket of opened) socket.destroy();
    }
  }

  const post = (path, headers, body) => fetch(base() + path, { method: "POST", headers: { accept: "application/json", "content-type": "application/json", ...headers }, body });

  async function serves() {
    const token = orderToken({ order_key: world.keys.order[0] }, order());
    const [small, large] = await Promise.all([JSON.stringify({ order: token }), JSON.stringify({ order: token }).padEnd(60_000)].map((body) => post("/payments", {}, body)));
    for (const answer of [small, large]) assert.ok([200, 201].includes(answer.status), await answer.clone().text());
    const { payment } = await small.json();
    await world.pay(payment.id);
    const event = JSON.stringify(succeeded(payment));
    const t = Math.floor(Date.now() / 1000);
    const heard = await post("/webhooks", { "paysg-signature": `t=${t},v1=${tag(world.keys.webhook[0], t, event)}` }, event);
    assert.equal(heard.status, 200, await heard.text());
  }

  const many = (count, ...given) => Array.from({ length: count }, () => idle(...given));

  test(`${IDLE} to a path that does not exist are answered at once, and hold nothing`, async () => {
    await beside(many(IDLE, "/nowhere"), async (sockets) => {
      await serves();
      const answers = await Promise.race([Promise.all(sockets.map(({ answer }) => answer)), sleep(4_000, [])]);
      assert.deepEqual([...new Set(answers)], [404]);
    });
  });

  test(`${IDLE} that nobody would take are refused before their body has come`, async () => {
    await beside([...many(IDLE, "/webhooks"), ...many(2, "/payments", { headers: "content-type: text/plain\r\n" })], async (sockets) => {
      await serves();
      const answers = await Promise.race([Promise.all(sockets.map(({ answer }) => answer)), sleep(4_000, [])]);
      assert.deepEqual([...new Set(answers)], [400, 415]);
    });
  });

  test(`${IDLE} to create, and as many webhooks, of the largest size: payments are made, and events taken`, async () => {
    const signed = `paysg-signature: t=1795000000,v1=${"0".repeat(64)}\r\n`;
    await beside([...many(IDLE, "/payments"), ...many(IDLE, "/webhooks", { headers: signed })], serves);
  });

  test(`${CROWD} with bodies of any size: payments are made, and events taken`, { timeout: 60_000 }, async () => {
    const sockets = [...many(CROWD / 2, "/payments", { bytes: 16_000 }), ...many(CROWD / 2, "/payments", { bytes: 65_536 })];
    await beside(sockets, async (opened) => {
      await serves();
      const refused = await Promise.race([Promise.any(opened.map(async ({ answer }) => assert.equal(await answer, 503))).then(() => true), sleep(2_000, false)]);
      assert.ok(refused, "those that have waited longest make room");
      await serves();
    });
  });
}

describe("the edge in workerd", () => {
  const world = new World({});
  before(() => world.start());
  after(() => world.stop());
  keepsServing(world, () => world.stack.edge_url);
});

describe("the edge behind Node's listener", () => {
  const world = new World({ stateless: true });
  let server;
  before(async () => {
    await world.start();
    const listener = createListener({
      PAYSG_API_KEY: world.stack.api_key, PAYSG_API_URL: world.stack.simulator_url, PAYSG_PAYMENT_SERVICE_ID: world.service, PAYSG_WEBHOOK_SECRET: world.keys.webhook[0],
      PAYSG_ORDER_KEY: world.keys.order[0], PAYSG_SESSION_KEY: world.keys.session[0], PAYSG_PUBLIC_URL: "https://pay.agency.example",
    }, { log: () => {} });
    server = createServer(listener).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server?.closeAllConnections();
    server?.close();
    return world.stop();
  });
  keepsServing(world, () => `http://127.0.0.1:${server.address().port}`);
});
