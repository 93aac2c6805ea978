// What takes longer than anyone should wait: PaySG hangs, a body does not come. Everything here waits side by side.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { each, eventually, NAVIGATION, pending, RESULT_URL, sleep, test } from "./support.mjs";

/** The edge gives up on one call to PaySG after ten seconds. */
const HANGS_MS = 11_000;

const reference = () => `slow-${randomUUID()}`;
const took = async (work) => {
  const started = Date.now();
  return [await work(), Date.now() - started];
};

function creating(world) {
  test("PaySG makes the payment and answers after the edge has given up: one payment, and the next request finds it", async () => {
    const reference_id = reference();
    await world.fault({ method: "POST", path: "/v1/", delay_ms: HANGS_MS });
    const [answer, ms] = await took(() => world.browser().create(world.body({ reference_id })));
    assert.ok([200, 201, 503].includes(answer.status), answer.text);
    if (answer.status === 503) answer.expect(503, "paysg_unavailable");
    assert.ok(ms < 30_000, `${ms} ms`);
    await eventually(async () => (await world.atPaySG(reference_id)).length > 0, "PaySG has made it");
    const { payment } = (await world.browser().create(world.body({ reference_id }))).json;
    assert.deepEqual((await world.payable(reference_id)).map(({ id }) => id), [payment.id]);
    if (answer.status !== 503) assert.equal(answer.json.payment.id, payment.id);
  });
}

function tabs(world) {
  test("while one tab's create hangs another tab asks for the same order: one payment", async () => {
    const reference_id = reference();
    const body = world.body({ reference_id });
    await world.fault({ method: "POST", path: "/v1/", delay_ms: HANGS_MS });
    const answers = await Promise.all([world.browser().create(body), sleep(500).then(() => world.browser().create(body))]);
    for (const { status, text } of answers) assert.ok([200, 201, 503].includes(status), text);
    await eventually(async () => (await world.atPaySG(reference_id)).length > 0, "PaySG has made it");
    const { payment } = (await world.browser().create(body)).json;
    assert.deepEqual((await world.payable(reference_id)).map(({ id }) => id), [payment.id]);
  });
}

function returning(world) {
  test("PaySG hangs as the payer returns: the payer goes on to the result all the same", async () => {
    const { browser, payment } = await world.paid();
    await world.fault({ method: "GET", path: "/v1/", delay_ms: HANGS_MS, times: 9 });
    const query = `paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
    const [answer, ms] = await took(() => browser.get(`/return?${query}`, NAVIGATION));
    assert.equal(answer.expect(303).location, `${RESULT_URL}&${query}`);
    assert.ok(ms < 15_000, `${ms} ms`);
  });
}

function returningInTime(world) {
  pending(true, "PaySG hangs as the payer returns: the payer waits three seconds for it, not ten", async () => {
    const { browser, payment } = await world.paid();
    await world.fault({ method: "GET", path: "/v1/", delay_ms: HANGS_MS, times: 9 });
    const query = `paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
    const [answer, ms] = await took(() => browser.get(`/return?${query}`, NAVIGATION));
    answer.expect(303);
    assert.ok(ms < 5_000, `${ms} ms`);
  });
}

function asking(world) {
  test("PaySG hangs while 10 ask how a payment stands: 503 for each in bounded time, and then the truth", async () => {
    const { browser, path } = await world.pending();
    await world.fault({ method: "GET", path: "/v1/", delay_ms: HANGS_MS, times: 50 });
    const [answers, ms] = await took(() => Promise.all(Array.from({ length: 10 }, () => browser.get(path))));
    for (const answer of answers) answer.expect(503, "paysg_unavailable");
    assert.ok(ms < 25_000, `${ms} ms`);
    await world.clearFaults();
    assert.equal((await browser.get(path)).expect(200).json.status, "unpaid");
  });
}

function bodies(world) {
  test("a body that does not come ends in a 4xx, and keeps nobody else waiting", async () => {
    const { hostname, port } = new URL(world.stack.edge_url);
    const options = { hostname, port, method: "POST", path: `${world.stack.base_path}/payments`, headers: { "content-type": "application/json", accept: "application/json", "content-length": "500" } };
    const stalled = Array.from({ length: 10 }, () => {
      const stall = request(options);
      stall.write('{"order":');
      stall.on("error", () => {});
      return new Promise((resolve) => stall.once("response", resolve).once("error", () => resolve(undefined)));
    });
    (await world.browser().create(world.body())).expect(201);
    const answers = await Promise.race([Promise.all(stalled), sleep(20_000)]);
    assert.ok(answers, "the edge gives them up");
    for (const answer of answers) {
      assert.ok(answer === undefined || (answer.statusCode >= 400 && answer.statusCode < 500), `${answer?.statusCode}`);
      answer?.destroy();
    }
    (await world.browser().create(world.body())).expect(201);
  });
}

each({}, creating, tabs, returning, asking, bodies, returningInTime);
