// Work that nobody asks for again: rows 23 and 24. A second of these edges is an hour of alarms.
import assert from "node:assert/strict";
import { eventually, sleep, succeeded } from "../edge/support.mjs";
import { Ledgers } from "./ledgers.mjs";
import { threat } from "./proof.mjs";

/** The platform gives an alarm up after so many failures. */
const RETRIES = 6;

export function hostile(world) {
  threat(23, "an event's alarm that fails more often than the platform retries is still carried out", async () => {
    const { payment } = await world.pending();
    world.upstream.pay(payment.id);
    // Each examination asks four times.
    const failures = [{ body: "garbage" }, { status: 401, body: {} }, { status: 302, headers: { location: "http://127.0.0.1:9/" } }, { body: [] }, { status: 418 }, { body: "" }, { status: 403, body: {} }, { body: { id: 7 } }, { status: 402, body: {} }, { drop: true }].flatMap((failure) => [failure, failure, failure, failure]);
    let failed = 0;
    world.upstream.lie = (call, honest) => {
      if (call.method !== "GET" || !call.path.endsWith(payment.id) || failed >= failures.length) return honest;
      failed += 1;
      return failures[failed - 1];
    };
    (await world.deliver(succeeded(payment))).expect(200);
    await eventually(() => world.eservice.about(payment).length > 0, "the e-service is told", 20_000);
    assert.equal(failed, failures.length);
    assert.ok(failed > 4 * RETRIES);
  });

  threat(23, "a handler that fails inside does not throw, is armed again, and goes on once the cause is gone", async () => {
    const { payment } = await world.paid();
    world.eservice.answers = Array.from({ length: 10_000 }, () => ({ status: 503 }));
    (await world.deliver(succeeded(payment))).expect(200);
    await eventually(() => world.eservice.about(payment).length > 0, "the e-service is told, and refuses", 30_000);
    // Its journal is broken on disk, so that waking fails before any decision is made.
    const ledgers = new Ledgers(world.stack.state);
    await world.stack.kill("edge");
    assert.equal(ledgers.change(payment.reference_id, "UPDATE journal SET at_ms = at_ms + 1 WHERE number = 2"), 1);
    const broken = Date.now();
    await world.restartEdge();
    const failing = () => world.edgeLog().filter((line) => line.includes('"alarm"') && line.includes('"journal_unreadable"') && line.includes('"damaged"'));
    await eventually(() => failing().length > 0, "the alarm's failure is logged", 20_000);
    await eventually(() => ledgers.alarms().some((at_ms) => at_ms > broken), "it is armed again, on disk", 30_000);
    assert.ok(!world.stack.log.includes("The Durable Object's code has been updated"), "and nothing else is the matter");
    const calls = world.eservice.about(payment).length;
    await world.stack.kill("edge");
    assert.equal(ledgers.change(payment.reference_id, "UPDATE journal SET at_ms = at_ms - 1 WHERE number = 2"), 1);
    world.eservice.answers = [];
    await world.restartEdge();
    // A question wakes it sooner than its own half minute.
    assert.equal((await world.intent(payment.reference_id)).expect(200).json.state, "paid");
    await eventually(() => world.eservice.about(payment).length > calls, "the e-service is told in the end", 40_000);
  }, { timeout: 90_000 });

  threat(24, "an e-service that is down for hours is told in the end, under the same key, until it acknowledges", async () => {
    const { payment } = await world.paid();
    const refusals = [500, 503, 404, 401, 302, 429, 400, 418, 502];
    const downSince = Date.now();
    world.eservice.answers = Array.from({ length: 10_000 }, (_, at) => ({ status: refusals[at % refusals.length] }));
    (await world.deliver(succeeded(payment))).expect(200);
    await eventually(() => world.eservice.about(payment).length > RETRIES * 2, "it is told more often than a platform would retry", 20_000);
    // Three hours of alarms.
    await sleep(Math.max(0, 3_000 - (Date.now() - downSince)));
    assert.equal((await world.intent(payment.reference_id)).expect(200).json.state, "paid");
    world.eservice.answers = [];
    const acknowledged = world.eservice.about(payment).length;
    await eventually(() => world.eservice.about(payment).length > acknowledged, "it is back, and told", 20_000);
    await sleep(600);
    const calls = world.eservice.about(payment);
    assert.equal(calls.length, acknowledged + 1, "and not told again once it has acknowledged");
    assert.deepEqual([...new Set(calls.map(({ key }) => key))], [payment.id]);
    assert.equal(new Set(calls.map(({ body }) => JSON.stringify(body.payment))).size, 1);
  }, { timeout: 60_000 });

  threat(24, "an e-service that is down is told by the edge that comes back after a power cut", async () => {
    const { payment } = await world.paid();
    world.eservice.answers = Array.from({ length: 10_000 }, () => ({ status: 503 }));
    (await world.deliver(succeeded(payment))).expect(200);
    await eventually(() => world.eservice.about(payment).length > 0, "the e-service refuses", 30_000);
    await world.stack.kill("edge");
    const before = world.eservice.about(payment).length;
    world.eservice.answers = [];
    await world.restartEdge();
    await eventually(() => world.eservice.about(payment).length > before, "it is told by itself", 20_000);
    assert.deepEqual([...new Set(world.eservice.about(payment).map(({ key }) => key))], [payment.id]);
  }, { timeout: 60_000 });
}
