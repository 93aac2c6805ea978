// Events: replayed, forged, old, unknown, out of order: rows 6, 7, 8 and 22.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { verifyWebhook } from "../../pkg/webhook.js";
import { eventually, sleep, statusPath, succeeded, tag } from "../edge/support.mjs";
import { threat } from "./proof.mjs";

const nowSecs = () => Math.floor(Date.now() / 1000);

export function honest(world) {
  const withLedger = world.stateless ? () => {} : threat;
  const told = (payment) => world.eservice.about(payment);
  const toldOnce = async (payment) => {
    await eventually(() => told(payment).length > 0, "the e-service is told", 30_000);
    await sleep(200);
    return told(payment);
  };

  threat(6, "an event replayed in any number and under any id has one effect", async () => {
    const { payment, path, browser } = await world.paid();
    const [full] = await world.atPaySG(payment.reference_id);
    const event = succeeded(full);
    const replays = [...Array.from({ length: 8 }, () => event), ...Array.from({ length: 8 }, () => succeeded(full)), { ...event, created_at: "2020-01-01T00:00:00.000Z" }];
    const answers = await Promise.all(replays.map((event, at) => world.deliver(event, { secret: world.keys.webhook[at % 2] })));
    for (const answer of answers) assert.ok([200, 503].includes(answer.status), answer.text);
    (await browser.get(path)).expect(200);
    (await world.deliver(event)).expect(200);
    const calls = await toldOnce(payment);
    assert.deepEqual([...new Set(calls.map(({ key }) => key))], [payment.id], "one key, so one effect");
    // Without a ledger each event is told, under that key.
    if (!world.stateless) assert.equal(calls.length, 1);
    for (const { body } of calls) assert.deepEqual([body.payment.id, body.payment.status, body.payment.amount_in_cents], [payment.id, "paid", 4200]);
  });

  threat(7, "a signature that is forged, truncated, repeated or oddly written moves nothing", async () => {
    const { payment } = await world.paid();
    const payload = JSON.stringify(succeeded((await world.atPaySG(payment.reference_id))[0]));
    const [secret] = world.keys.webhook;
    const t = nowSecs();
    const good = tag(secret, t, payload);
    const other = tag("another secret", t, payload);
    const headers = [
      null, "", "t", "=", ",", "t=", `v1=${good}`, `t=${t}`, `t=${t},v1=`, `t=${t},v1=${other}`, `t=${t},v0=${good}`, `t=${t},V1=${good}`, `T=${t},v1=${good}`,
      `t=${t},t=${t},v1=${good}`, `t=${t},v1=${good},t=${t}`, `t=1,v1=${good},t=${t}`, `t=${t + 1},v1=${good}`, `t=0${t},v1=${good}`, `t=+${t},v1=${good}`, `t=-${t},v1=${tag(secret, -t, payload)}`, `t=${t}.0,v1=${tag(secret, `${t}.0`, payload)}`, `t=,v1=${tag(secret, "", payload)}`, `t=0x1,v1=${tag(secret, "0x1", payload)}`,
      ...[0, 1, 2, 32, 62, 63].map((length) => `t=${t},v1=${good.slice(0, length)}`), `t=${t},v1=${good}0`, `t=${t},v1=${good}00`, `t=${t},v1=${good.replace(/.$/, "g")}`, `t=${t},v1="${good}"`, `t=${t};v1=${good}`, `t=${t} v1=${good}`, `t =${t},v1 =${good}`,
      `t=${t},v1=${"0".repeat(64)}`, `t=${t},v1=${"=".repeat(44)}`, `t=${t},v1=${Buffer.from(good).toString("base64")}`, `t=${t}${`,v1=${other}`.repeat(8)},v1=${good}`, `t=${t},v1=${good},${"x=y,".repeat(400)}z=1`, `t=${t},v1=${good}, ${"y".repeat(1100)}=1`, `t=${t},v1=${tag("", t, payload)}`,
      `t=${t},v1=${tag(secret, t, payload.slice(1))}`, `t=${t},v1=${tag(secret, "", `${t}.${payload}`)}`, `t=${t},v1=${tag(world.keys.order[0], t, payload)}`, `t=${t},v1=${tag(world.stack.api_key, t, payload)}`,
    ];
    const before = (await world.calls()).length;
    for (const signature of headers) {
      const answer = await world.deliver(payload, { signature });
      assert.ok([400, 401].includes(answer.status) && answer.error.code === "invalid_signature", `${signature?.slice(0, 120)}: ${answer.status} ${answer.text}`);
    }
    // The body is what is signed, and not what it parses to.
    for (const body of [`${payload} `, ` ${payload}`, payload.replace(":", ": "), `\ufeff${payload}`]) (await world.deliver(body, { signature: `t=${t},v1=${good}` })).expect(401, "invalid_signature");
    assert.equal((await world.calls()).length, before);
    assert.deepEqual(told(payment), []);
    (await world.deliver(payload, { signature: `t=${t}, v1=${other}, v1=${good}` })).expect(200);
    await toldOnce(payment);
  });

  threat(7, "two signature headers, which runtimes join with a comma, are refused", async () => {
    const { payment } = await world.paid();
    const payload = JSON.stringify(succeeded(payment));
    const t = nowSecs();
    const good = `t=${t},v1=${tag(world.keys.webhook[0], t, payload)}`;
    for (const pair of [[good, good], [good, `t=${t - 900},v1=${"0".repeat(64)}`], [`t=${t - 900},v1=${"0".repeat(64)}`, good]]) {
      const headers = [["content-type", "application/json"], ["content-length", String(Buffer.byteLength(payload))], ...pair.map((value) => ["paysg-signature", value])];
      (await world.browser().raw("POST", `${world.stack.base_path}/webhooks`, { headers, body: payload })).expect(400, "invalid_signature");
    }
    assert.deepEqual(told(payment), []);
  });

  threat(26, "NUL in what an authentic event names shifts nothing into another name's place", async () => {
    const [secret] = world.keys.webhook;
    const verified = async (event) => {
      const payload = JSON.stringify(event);
      return (await verifyWebhook(payload, { secret, signature: `t=1,v1=${tag(secret, 1, payload)}` })).event;
    };
    const named = { id: `evt_${randomUUID()}`, type: "payment.succeeded", payment_service_id: world.service, created_at: "2026-01-01T00:00:00.000Z" };
    const object = { id: "Payment1", reference_id: "r" };
    const expected = { id: named.id, payment_service_id: world.service, payment_id: "Payment1", created_at: new Date(named.created_at) };
    const odd = "x\u0000payment_service_evil\u0000Evil\u0000evil\u00001";
    const { type: _, ...ofOddType } = await verified({ ...named, type: odd, data: { object } });
    assert.deepEqual(ofOddType, { ...expected, reference_id: "r" });
    const { reference_id, ...ofOddReference } = await verified({ ...named, data: { object: { ...object, reference_id: odd } } });
    assert.deepEqual(ofOddReference, { ...expected, type: "payment.succeeded" });
    assert.notEqual(reference_id, "x", "nor is it cut off where another's might begin");
    assert.equal((await world.deliver({ ...named, data: { object: { ...object, reference_id: odd } } })).status, 503, "PaySG knows no such payment");
  });

  threat(8, "at any skew and in either unit an authentic event is a hint, and the GET decides", async () => {
    const paid = await world.paid();
    const skews = [-259_200, -301, -300, -299, 0, 299, 300, 301, 86_400];
    for (const skew of skews) {
      for (const unit of [1, 1000]) {
        const unpaid = await world.pending();
        // Without a ledger PaySG has to deliver it again; with one it is on disk.
        const answer = await world.deliver(succeeded(unpaid.payment), { t: (nowSecs() + skew) * unit });
        if (world.stateless) answer.expect(503, "event_unconfirmed");
        else answer.expect(200);
        assert.deepEqual(told(unpaid.payment), [], "an unpaid one pays for nothing, however fresh");
      }
    }
    (await world.deliver(succeeded(paid.payment), { t: nowSecs() - 301 })).expect(200);
    await toldOnce(paid.payment);
  });

  threat(8, "for a backend of one's own the tolerance is 300 seconds either way, in seconds or milliseconds, and time is an argument", async () => {
    const [secret] = world.keys.webhook;
    const payload = JSON.stringify(succeeded({ id: "p", payment_service_id: world.service }));
    const received = 1_790_000_000;
    const freshness = async (t) => (await verifyWebhook(payload, { secret, signature: `t=${t},v1=${tag(secret, t, payload)}`, receivedAt: received * 1000 })).freshness;
    for (const [skew, expected] of [[-301, "late"], [-300, "fresh"], [-299, "fresh"], [0, "fresh"], [299, "fresh"], [300, "fresh"], [301, "early"]]) {
      assert.equal(await freshness(received + skew), expected, `${skew} s`);
      assert.equal(await freshness((received + skew) * 1000), expected, `${skew} s, in milliseconds`);
    }
    assert.equal(await freshness(received * 1000 - 300_001), "late");
    assert.equal(await freshness(received * 1000 + 300_001), "early");
    for (const toleranceSecs of [0, -1, Number.NaN, Infinity, "300"]) await assert.rejects(verifyWebhook(payload, { secret, signature: `t=1,v1=${tag(secret, 1, payload)}`, toleranceSecs }), { code: "invalid_option" });
  });

  withLedger(22, "paid never goes back, whatever PaySG shows or says afterwards", async () => {
    const { browser, payment, path } = await world.paid();
    assert.equal((await browser.get(path)).expect(200).json.status, "paid");
    for (const fields of [{ payment_status: "unpaid", latest_status: "unpaid" }, { payment_status: "unpaid", latest_status: "cancelled", payment_cancelled_timestamp: "2026-01-01T00:00:00.000+08:00" }, { payment_status: "pending", latest_status: "pending" }]) {
      await world.show(payment.id, fields);
      (await world.deliver(succeeded({ ...payment, ...fields }))).expect(200);
      const answer = (await browser.get(path)).expect(200).json;
      assert.equal(answer.status, "paid", JSON.stringify(fields));
      const again = await browser.create(world.body({ reference_id: payment.reference_id }));
      assert.notEqual(again.json.payment?.status, "unpaid");
      assert.equal((await world.atPaySG(payment.reference_id)).length, 1, "and no second payment is made");
    }
    await sleep(2_050);
    assert.equal((await browser.get(path)).expect(200).json.status, "paid");
    await world.show(payment.id, {});
    assert.equal((await world.intent(payment.reference_id)).expect(200).json.state, "paid");
    assert.deepEqual((await toldOnce(payment)).map(({ body }) => body.payment.status), ["paid"]);
  });

  threat(22, "unknown types are taken and ignored; an event that comes too early or too late counts like any other", async () => {
    const { payment, browser, path } = await world.paid();
    for (const type of ["payment.refunded", "payment.failed", "payment.succeeded ", "PAYMENT.SUCCEEDED", "payment.succeeded.v2", "x".repeat(5000), "__proto__"]) {
      for (const data of [{ object: payment }, {}, null, { object: { id: 7 } }]) {
        const answer = await world.deliver(succeeded(payment, { type, data }));
        assert.equal(answer.status, 200, `${type.slice(0, 40)}: ${answer.text}`);
      }
    }
    await sleep(200);
    assert.deepEqual(told(payment), [], "not told of by an event that says something else");
    // The refund's event before the payment's own.
    (await world.deliver(succeeded(payment, { type: "payment.refunded" }))).expect(200);
    (await world.deliver(succeeded(payment, { created_at: "2020-01-01T00:00:00.000Z" }))).expect(200);
    await toldOnce(payment);
    assert.equal((await browser.get(path)).expect(200).json.status, "paid");
    const unknown = { ...payment, id: `NoSuch${randomUUID().slice(0, 12)}` };
    (await world.deliver(succeeded(unknown))).expect(world.stateless ? 503 : 200);
    assert.equal((await world.browser().get(statusPath(unknown))).status, 404);
  });
}
