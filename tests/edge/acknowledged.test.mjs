// A 2xx of the e-service counts as soon as its status is there, whatever becomes of its body.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, succeeded, test, World } from "./support.mjs";

/** What becomes of a body after a 200. */
const BODIES = {
  "never ends": (response) => response.write("{"),
  "is cut off": (response) => {
    response.write("{");
    setTimeout(() => response.destroy(), 50);
  },
  "states more than it sends": (response) => {
    response.setHeader("content-length", 5_000);
    response.write("{");
  },
  "is larger than any answer that is read": (response) => {
    const chunk = Buffer.alloc(1 << 20, " ");
    let left = 6;
    const more = () => (left-- > 0 ? response.write(chunk, more) : response.end());
    more();
  },
  "is no JSON": (response) => response.end("<h1>thank you"),
};

for (const stateless of [false, true]) {
  describe(stateless ? "stateless" : "with a ledger", () => {
    let world;
    let server;
    let calls = [];
    let body;
    before(async () => {
      server = createServer(async (request, response) => {
        const told = JSON.parse(Buffer.concat(await request.toArray()).toString());
        calls.push(told.payment.id);
        response.on("error", () => {});
        body(response);
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      const url = `http://127.0.0.1:${server.address().port}/told`;
      world = new World({ stateless, edgeEnv: { PAYSG_FULFILMENT_URL: url } });
      await world.start();
    });
    after(async () => {
      await world?.stop();
      server.closeAllConnections();
      server.close();
    });

    for (const [what, send] of Object.entries(BODIES)) {
      test(`the payment is acknowledged by a body that ${what}`, async () => {
        body = send;
        calls = [];
        const { payment } = await world.paid();
        const began = Date.now();
        (await world.deliver(succeeded(payment))).expect(200);
        await eventually(() => calls.includes(payment.id), "the e-service is told");
        if (!stateless) {
          await eventually(() => isAcknowledged(world, payment), "it is on record", 5_000);
          // The first repetition would come after two seconds.
          await sleep(2_500);
        }
        assert.ok(Date.now() - began < 8_000, "a body was waited for");
        assert.deepEqual(calls.filter((id) => id === payment.id), [payment.id]);
      });
    }
  });
}

async function isAcknowledged(world, { reference_id }) {
  const { json } = await world.intent(reference_id);
  const sent = json.notifications ?? json.tellings;
  return sent.length > 0 && sent.every(({ acknowledged }) => acknowledged === true);
}
