// More than there is room for: it is refused at once, health goes on answering, nothing runs out, and afterwards all is as before. The edge is the real
// workerd; thousands of sockets are opened to it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { after, before, describe } from "node:test";
import { commandToken, eventually, sleep, test, UNKNOWN_ID, World } from "./support.mjs";

const SLOW = 2_500;
const CALLING = 512;
const READING = 1_024;

describe("the edge under load", () => {
  const world = new World({});
  before(() => world.start());
  after(() => world.stop());

  const process = () => `/proc/${world.stack.pids.edge}`;
  const megabytes = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`${process()}/status`, "utf8"))[1]) / 1_024;
  const descriptors = () => readdirSync(`${process()}/fd`).length;

  /** A connection with a request of our own wording on it; `answer` resolves with the head of what comes back, or `undefined` where it just closes. */
  function send(text) {
    const { hostname, port } = new URL(world.stack.edge_url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on("error", () => {});
    socket.write(text);
    socket.answer = new Promise((resolve) => {
      let head = "";
      socket.on("data", (chunk) => {
        head += chunk;
        if (head.includes("\r\n\r\n")) resolve({ status: Number(head.split(" ")[1]), head, at: Date.now() });
      });
      socket.on("close", () => resolve(undefined));
    });
    return socket;
  }
  const start = (method, path) => `${method} ${world.stack.base_path}${path} HTTP/1.1\r\nhost: ${new URL(world.stack.edge_url).host}\r\naccept: application/json\r\nconnection: close\r\n`;

  /** Health, asked until told to stop; the longest it took. */
  function watchHealth() {
    let on = true;
    let longest = 0;
    let peakMegabytes = 0;
    let peakDescriptors = 0;
    const watching = (async () => {
      while (on) {
        const asked = Date.now();
        (await world.browser().get("/health")).expect(200);
        longest = Math.max(longest, Date.now() - asked);
        peakMegabytes = Math.max(peakMegabytes, megabytes());
        peakDescriptors = Math.max(peakDescriptors, descriptors());
        await sleep(20);
      }
    })();
    return async () => {
      on = false;
      await watching;
      return { longest, peakMegabytes: Math.round(peakMegabytes), peakDescriptors };
    };
  }

  const counts = (answers) => answers.reduce((sums, answer) => ({ ...sums, [answer?.status ?? "closed"]: (sums[answer?.status ?? "closed"] ?? 0) + 1 }), {});

  async function isNormal() {
    await eventually(async () => (await world.browser().create(world.body())).status === 201, "creates work again", 30_000);
    const { browser, path } = await world.pending();
    (await browser.get(path)).expect(200);
  }

  test(`${SLOW} bodies that do not come: ${READING} are waited for, the others refused at once`, { timeout: 180_000 }, async (t) => {
    const restingMegabytes = megabytes();
    const health = watchHealth();
    const text = `${start("POST", "/payments")}content-type: application/json\r\ncontent-length: 5000\r\n\r\n{"order":`;
    const began = Date.now();
    const sockets = Array.from({ length: SLOW }, () => send(text));
    const answers = await Promise.all(sockets.map(({ answer }) => answer));
    const took = Date.now() - began;
    const seen = await health();
    const sums = counts(answers);
    t.diagnostic(`${JSON.stringify(sums)} in ${took} ms; health took ${seen.longest} ms at most; ${seen.peakDescriptors} descriptors, ${Math.round(restingMegabytes)} MiB before, ${seen.peakMegabytes} MiB at most`);
    assert.deepEqual(Object.keys(sums).sort(), ["408", "503"], JSON.stringify(sums));
    assert.ok(sums[503] >= SLOW - READING - 200, JSON.stringify(sums));
    const refused = answers.filter(({ status }) => status === 503);
    for (const { head } of refused) assert.match(head, /^retry-after: \d+\r$/im);
    assert.ok(Math.min(...refused.map(({ at }) => at)) - began < took);
    assert.ok(seen.peakMegabytes < restingMegabytes + 300, `${seen.peakMegabytes} MiB`);
    await isNormal();
  });

  test("bodies that have almost come: 16 MiB of them are held, the others refused at once", { timeout: 120_000 }, async (t) => {
    const health = watchHealth();
    const text = `${start("POST", "/payments")}content-type: application/json\r\ncontent-length: ${64 << 10}\r\n\r\n{"order":"${"x".repeat(60_000)}`;
    const { browser, path } = await world.pending();
    const sockets = Array.from({ length: 500 }, () => send(text));
    const refused = sockets.map(({ answer }) => answer.then((answer) => answer?.status === 503));
    assert.equal(await Promise.race(refused), true, "there is no more room for bodies");
    // There is for what PaySG answers: payers wait for it.
    (await browser.get(path)).expect(200);
    const answers = await Promise.all(sockets.map(({ answer }) => answer));
    const seen = await health();
    const sums = counts(answers);
    t.diagnostic(`${JSON.stringify(sums)}; health took ${seen.longest} ms at most; ${seen.peakMegabytes} MiB at most`);
    assert.deepEqual(Object.keys(sums).sort(), ["408", "503"], JSON.stringify(sums));
    assert.ok(sums[408] <= Math.ceil((16 << 20) / 60_000) && sums[408] >= 100, JSON.stringify(sums));
    await isNormal();
  });

  test(`${SLOW} questions while PaySG hangs: ${CALLING} are under way, the others refused at once`, { timeout: 180_000 }, async (t) => {
    const restingMegabytes = megabytes();
    await world.fault({ method: "GET", path: `/v1/payment-services/${world.service}/payments/`, delay_ms: 60_000, times: 100_000 });
    const health = watchHealth();
    const began = Date.now();
    const sockets = Array.from({ length: SLOW }, (_, at) => send(`${start("GET", `/payments/${world.service}/${UNKNOWN_ID}${at}`)}\r\n`));
    // Others come all the while, and are told at once.
    await sleep(3_000);
    const told = await world.browser().create(world.body());
    const answers = await Promise.all(sockets.map(({ answer }) => answer));
    const took = Date.now() - began;
    const seen = await health();
    await world.clearFaults();
    const bodies = answers.map((answer) => ({ status: /"code":"(\w+)"/.exec(answer?.head ?? "")?.[1] ?? answer?.status }));
    const sums = counts(bodies);
    t.diagnostic(`${JSON.stringify(sums)} in ${took} ms; health took ${seen.longest} ms at most; ${seen.peakDescriptors} descriptors, ${Math.round(restingMegabytes)} MiB before, ${seen.peakMegabytes} MiB at most`);
    assert.deepEqual(Object.keys(counts(answers)), ["503"]);
    assert.ok(took < 60_000, `${took} ms`);
    assert.ok(sums.overloaded >= 1_000, JSON.stringify(sums));
    assert.ok([201, 503].includes(told.status), told.text);
    assert.ok(seen.peakDescriptors < 2 * (SLOW + CALLING) + 300, `${seen.peakDescriptors} descriptors`);
    assert.ok(seen.peakMegabytes < restingMegabytes + 300, `${seen.peakMegabytes} MiB`);
    await isNormal();
  });

  test("one order pressed 400 times at once is one payment, and its object's queue is bounded", { timeout: 120_000 }, async (t) => {
    const body = world.body({ reference_id: `crowd-${randomUUID()}` });
    const answers = await Promise.all(Array.from({ length: 400 }, () => world.browser().create(body)));
    t.diagnostic(JSON.stringify(counts(answers)));
    for (const { status, text } of answers) assert.ok([200, 201].includes(status) || (status === 503 && text.includes('"overloaded"')), text);
    assert.ok(answers.some(({ status }) => status < 300));
    const again = await world.browser().create(body);
    const { payment } = again.expect(200).json;
    assert.deepEqual((await world.atPaySG(payment.reference_id)).map(({ id }) => id), [payment.id]);
    const token = commandToken(world.stack, "read", { reference_id: payment.reference_id });
    (await world.browser().get(`/intents/${world.service}/${payment.reference_id}`, { authorization: `Bearer ${token}` })).expect(200);
  });
});
