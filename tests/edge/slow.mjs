// What takes longer than anyone should wait: PaySG hangs, a body does not come. All of it waits side by side on one stack, each test with
// a payment or a payment service of its own.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { describe } from "node:test";
import { eventually, NAVIGATION, RESULT_URL, sleep, test } from "./support.mjs";

/** The edge gives up on one call to PaySG after ten seconds. */
const HANGS_MS = 11_000;

const reference = () => `slow-${randomUUID()}`;
const took = async (work) => {
  const started = Date.now();
  return [await work(), Date.now() - started];
};

export function hanging(world) {
  world.keepsGoing = true;
  describe("what takes long", { concurrency: true }, () => {
    const creates = (service) => ({ method: "POST", path: `/v1/payment-services/${service}/payments`, delay_ms: HANGS_MS });
    const gets = ({ id, payment_service_id }, times = 1) => ({ method: "GET", path: `/v1/payment-services/${payment_service_id}/payments/${id}`, delay_ms: HANGS_MS, times });
    const unpaid = (payment_service_id) => world.pending({ claims: { payment_service_id } });

    test("PaySG makes the payment and answers after the edge has given up: one payment, and the next request finds it", async () => {
      const payment_service_id = world.services[1];
      const reference_id = reference();
      const create = () => world.browser().create(world.body({ reference_id }, { payment_service_id }));
      await world.fault(creates(payment_service_id));
      const [answer, ms] = await took(create);
      assert.ok([200, 201, 503].includes(answer.status), answer.text);
      if (answer.status === 503) answer.expect(503, "paysg_unavailable");
      assert.ok(ms >= 9_900 && ms < 30_000, `${ms} ms`);
      await eventually(async () => (await world.atPaySG(reference_id)).length > 0, "PaySG has made it");
      const { payment } = (await create()).json;
      assert.deepEqual((await world.payable(reference_id)).map(({ id }) => id), [payment.id]);
      if (answer.status !== 503) assert.equal(answer.json.payment.id, payment.id);
    });

    test("while one tab's create hangs another tab asks for the same order: one payment", async () => {
      const payment_service_id = world.services[2];
      const reference_id = reference();
      const create = () => world.browser().create(world.body({ reference_id }, { payment_service_id }));
      await world.fault(creates(payment_service_id));
      const answers = await Promise.all([create(), sleep(500).then(create)]);
      for (const { status, text } of answers) assert.ok([200, 201, 503].includes(status), text);
      await eventually(async () => (await world.atPaySG(reference_id)).length > 0, "PaySG has made it");
      const { payment } = (await create()).json;
      assert.deepEqual((await world.payable(reference_id)).map(({ id }) => id), [payment.id]);
    });

    const back = async () => {
      const { browser, payment } = await world.paid();
      await world.fault(gets(payment, 9));
      const query = `paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
      const [answer, ms] = await took(() => browser.get(`/return?${query}`, NAVIGATION));
      assert.equal(answer.expect(303).location, `${RESULT_URL}&${query}`);
      return ms;
    };

    test("PaySG hangs as the payer returns: the payer goes on to the result all the same", async () => {
      const ms = await back();
      assert.ok(ms < 15_000, `${ms} ms`);
    });

    test("PaySG hangs as the payer returns: the payer waits three seconds for it, not ten", async () => {
      const ms = await back();
      assert.ok(ms < 5_000, `${ms} ms`);
    });

    test("PaySG hangs while a payer asks how a payment stands: 503 in bounded time, and then the truth", async () => {
      const { browser, path, payment } = await unpaid();
      await world.fault(gets(payment));
      const [answer, ms] = await took(() => browser.get(path));
      answer.expect(503, "paysg_unavailable");
      assert.ok(ms < 20_000, `${ms} ms`);
      assert.equal((await browser.get(path)).expect(200).json.status, "unpaid");
    });

    test("PaySG hangs while four ask how a payment stands: all are answered as soon as one is", async () => {
      const { browser, path, payment } = await unpaid();
      await world.fault(gets(payment, 50));
      const [answers, ms] = await took(() => Promise.all(Array.from({ length: 4 }, () => browser.get(path))));
      for (const answer of answers) answer.expect(503, "paysg_unavailable");
      assert.ok(ms < 15_000, `${ms} ms`);
    });

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
      const answers = await Promise.race([Promise.all(stalled), sleep(20_000, undefined, { ref: false })]);
      assert.ok(answers, "the edge gives them up");
      for (const answer of answers) {
        assert.ok(answer === undefined || (answer.statusCode >= 400 && answer.statusCode < 500), `${answer?.statusCode}`);
        answer?.destroy();
      }
      (await world.browser().create(world.body())).expect(201);
    });
  });
}
