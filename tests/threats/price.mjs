// The price: row 4.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { CATALOGUE, order } from "../edge/support.mjs";
import { orderToken as sign } from "../tokens.mjs";
import { threat } from "./proof.mjs";
import { assertQuiet } from "./wire.mjs";

const json = { "content-type": "application/json" };

export function honest(world) {
  threat(4, "a browser's own price, text, reference or return URL is refused beside a signed order", async () => {
    for (const fields of [{ amount_in_cents: 1 }, { quantity: 1 }, { return_url: "https://evil.example/" }, { reference_id: "x" }, { description: "x" }, { item: "single" }, { payment_service_id: world.services[1] }, { amountInCents: 1 }]) {
      (await world.browser().create({ ...world.body(), ...fields })).expect(400, "invalid_fields");
      // Of a form the proxy reads no field that is not an order's.
      if (!("amountInCents" in fields)) (await world.browser().submit({ ...world.body(), ...fields })).expect(400);
    }
    await assertQuiet(world);
  });

  threat(4, "an order whose price was changed on the way is refused, and makes nothing", async () => {
    const token = sign(world.stack, order());
    const [head, claims, tag] = token.split(".");
    const cheaper = JSON.parse(Buffer.from(claims, "base64url"));
    cheaper.order.amount_in_cents = 1;
    const changed = Buffer.from(JSON.stringify(cheaper)).toString("base64url");
    const forged = (key) => `${head}.${changed}.${createHmac("sha256", key).update(`${head}.${changed}`).digest("base64url")}`;
    const none = Buffer.from('{"alg":"none","typ":"paysg-order+jwt"}').toString("base64url");
    const tokens = [
      `${head}.${changed}.${tag}`, `${none}.${changed}.`, `${none}.${changed}.${tag}`, `${head}.${changed}.`, forged(""), forged("paysg-wasm"), forged(world.service), forged(world.keys.session[0]), forged(world.keys.webhook[0]), forged(world.stack.api_key),
      // A signature is over text, not over what the text decodes to.
      `${head}.${claims}=.${tag}`, `${head}.${claims} .${tag}`, `${head}..${claims}.${tag}`, `${head}.${claims}.${tag}.${tag}`, `${token}%00`,
    ];
    for (const order of tokens) (await world.browser().create({ order })).expect(401, "invalid_token");
    await assertQuiet(world);
    (await world.browser().create({ order: token })).expect(201);
  });

  threat(4, "PaySG is asked for the price of the order or of the catalogue, to the cent", async () => {
    (await world.browser().create(world.body({ amount_in_cents: 123_457 }))).expect(201);
    (await world.browser().create({ item: "permit", quantity: 3, payer_name: "A" })).expect(201);
    (await world.browser().submit({ item: "single", payer_name: "A" })).expect(303);
    const asked = (await world.creates()).map(({ body }) => (typeof body === "string" ? JSON.parse(body) : body).amount_in_cents);
    assert.deepEqual(asked.filter((amount, at) => asked.indexOf(amount) === at), [123_457, 3 * CATALOGUE.permit.amount_in_cents, CATALOGUE.single.amount_in_cents]);
  });

  threat(4, "no spelling of a quantity or of a price makes the catalogue cheaper", async () => {
    const bodies = [
      ...["0", "-1", "-0", "1e-9", "0.01", "1.5", "2e0", "4", "4294967297", "18446744073709551617", "1e400", "\"0\"", "\"-1\"", "\"1e0\"", "\"+1\"", "\"01\"", "\"0x1\"", "\"０\"", "\"1 0\"", "[1]", "{\"$gt\":0}", "true", "null", "NaN"]
        .map((quantity) => `{"item":"permit","quantity":${quantity},"payer_name":"A"}`),
      '{"item":"permit","quantity":1,"quantity":0,"payer_name":"A"}', '{"item":"permit","\\u0071uantity":1,"quantity":3,"payer_name":"A"}', '{"item":"permit","amount_in_cents":1,"payer_name":"A"}', '{"item":"permit","__proto__":{"amount_in_cents":1},"payer_name":"A"}',
      '{"item":["permit"],"payer_name":"A"}', '{"item":"__proto__","payer_name":"A"}', '{"item":"constructor","payer_name":"A"}', '{"item":"Permit","payer_name":"A"}', '{"item":"per mit","payer_name":"A"}', '{"item":"dear","quantity":5,"payer_name":"A"}',
    ];
    for (const body of bodies) {
      const answer = await world.browser().create(body);
      assert.equal(answer.status, 400, `${body}: ${answer.status} ${answer.text}`);
    }
    for (const form of ["item=permit&quantity=0&payer_name=A", "item=permit&quantity=3&quantity=0&payer_name=A", "item=permit&quantity=-1&payer_name=A", "item=permit&amount_in_cents=1&payer_name=A", "item=permit&quantity=1%00&payer_name=A"]) {
      (await world.browser().post("/payments", { "content-type": "application/x-www-form-urlencoded" }, form)).expect(400);
    }
    await assertQuiet(world);
  });
}

export function hostile(world) {
  threat(4, "a payment that PaySG makes for another amount is not the order's: refused, whoever asks", async () => {
    for (const amount_in_cents of [1, 4199, 4201, 0, 420_000]) {
      world.upstream.lie = (call, honest) => (honest.body?.id ? { ...honest, body: { ...honest.body, amount_in_cents } } : honest);
      const answer = await world.browser().post("/payments", json, JSON.stringify({ order: sign(world.stack, order()) }));
      assert.ok(answer.status >= 500 && answer.location === null, `${amount_in_cents}: ${answer.status} ${answer.text}`);
    }
  });
}
