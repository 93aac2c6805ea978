// What is taken as an order: the price is the e-service's to say, never the browser's.
import { randomUUID } from "node:crypto";

const soon = () => Math.floor(Date.now() / 1000);

/** Refused, and nothing at PaySG. */
async function refuses(c, body, status, code, reference) {
  const answer = await c.browser().create(body);
  c.refused(answer, status, code);
  const made = reference === undefined ? [] : await c.paysg.payments(reference);
  if (made.length > 0) c.expectAtPaySG(answer, false, "nothing at PaySG", made.map(({ id }) => id));
  return answer;
}

export default {
  async "a token that is not the e-service's is refused"(c) {
    const order = c.order();
    const good = c.token({ order });
    const [header, claims, tag] = good.split(".");
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const dearer = encode({ aud: "paysg-wasm", exp: soon() + 600, order: { ...order, amount_in_cents: 1 } });
    const tokens = {
      "another key": c.token({ order }, { key: randomUUID() + randomUUID() }),
      "other claims than were signed": `${header}.${dearer}.${tag}`,
      "no signature": `${header}.${claims}.`,
      "alg none": `${encode({ alg: "none", typ: "paysg-order+jwt" })}.${claims}.`,
      "half a signature": `${header}.${claims}.${tag.slice(0, 20)}`,
      "another kind of token": c.token({ order }, { typ: "paysg-receipt+jwt" }),
      "no kind": c.token({ order }, { typ: null }),
      "another audience": c.token({ order, aud: "somebody" }),
      "no expiry": c.token({ order, exp: undefined }),
      "an expiry in two days": c.token({ order, exp: soon() + 2 * 86_400 }),
      "no order": c.token({}),
      "no token": "x",
    };
    for (const [what, token] of Object.entries(tokens)) {
      const answer = await refuses(c, { order: token }, 401, "invalid_token", order.reference_id);
      c.expect(answer, answer.status === 401, `401 for ${what}`);
    }
  },

  async "an expired token is refused as such"(c) {
    const order = c.order();
    await refuses(c, { order: c.token({ order, exp: soon() - 5 }) }, 401, "expired_token", order.reference_id);
  },

  async "what the browser sends beside a token is refused"(c) {
    const order = c.order();
    for (const more of [{ amount_in_cents: 1 }, { reference_id: "mine" }, { return_url: "https://evil.example/" }]) {
      const answer = await refuses(c, { order: c.token({ order }), ...more }, 400, "invalid_fields", order.reference_id);
      const [name] = Object.keys(more);
      c.expect(answer, answer.json?.error?.data?.fields?.some(({ field }) => field === name), `\`data.fields\` names ${name}`, "#/components/schemas/FieldError");
    }
  },

  async "an order names neither the return URL nor the catalogue's references"(c) {
    for (const fields of [{ return_url: "https://evil.example/" }, { reference_id: `cat-${randomUUID()}` }]) {
      const order = c.order(fields);
      await refuses(c, { order: c.token({ order }) }, 400, "invalid_fields", order.reference_id);
    }
  },

  async "every invalid field of an order is named, with its rule"(c) {
    const order = c.order({ payer_name: "", description: "x".repeat(501), amount_in_cents: 0, payer_email: "nobody" });
    const answer = await refuses(c, { order: c.token({ order }) }, 400, "invalid_fields", order.reference_id);
    const named = (answer.json?.error?.data?.fields ?? []).map(({ field }) => field);
    for (const field of ["payer_name", "description", "amount_in_cents", "payer_email"]) c.expect(answer, named.includes(field), `\`data.fields\` names ${field}`, "#/components/schemas/FieldError");
  },

  async "a required field that is missing is named"(c) {
    for (const field of ["reference_id", "payer_name", "description", "amount_in_cents"]) {
      const { [field]: _, ...order } = c.order();
      const answer = await refuses(c, { order: c.token({ order }) }, 400, "invalid_fields", order.reference_id);
      const fields = answer.json?.error?.data?.fields ?? [];
      c.expect(answer, fields.some((one) => one.field === field && one.rule === "required"), `\`data.fields\` names ${field} as required`, "#/components/schemas/FieldError");
    }
  },

  async "an amount is a whole number of cents within PaySG's limit"(c) {
    for (const amount_in_cents of [12.34, -1, 0, "4200", null, true, 100_000_000, 2 ** 53]) {
      const order = c.order({ amount_in_cents });
      const answer = await refuses(c, { order: c.token({ order }) }, 400, "invalid_fields", order.reference_id);
      c.expect(answer, answer.json?.error?.data?.fields?.[0]?.field === "amount_in_cents", "`data.fields` names amount_in_cents", "#/components/schemas/FieldError");
    }
  },

  async "a payment service that is not served is refused without a call"(c) {
    const order = c.order();
    const since = await c.paysg.mark();
    const answer = await refuses(c, { order: c.token({ order, payment_service_id: `payment_service_${randomUUID()}` }) }, 404, "unknown_payment_service", order.reference_id);
    const calls = await since();
    c.expectAtPaySG(answer, calls.length === 0, "no call to PaySG", calls.map(({ method, path }) => `${method} ${path}`));
  },

  async "a body that is no object of JSON is refused"(c) {
    const send = (body, type = "application/json") => c.browser().send("POST", "/payments", { "content-type": type }, body);
    c.refused(await send("{"), 400, "invalid_json");
    c.refused(await send('{"order":"x","order":"y"}'), 400, "invalid_fields", "invalid_json");
    c.refused(await send("[".repeat(40) + "]".repeat(40)), 400, "invalid_json", "invalid_fields");
    c.refused(await send("[]"), 400, "invalid_fields", "invalid_json");
    c.refused(await send("{}"), 400, "invalid_fields");
    c.refused(await send('{"order":7}'), 400, "invalid_fields");
    c.refused(await send("order=x", "text/plain"), 415, "unsupported_media_type");
    c.refused(await send("<order/>", "application/xml"), 415, "unsupported_media_type");
  },

  async "a body of more than 64 KiB is refused, and the next request is served"(c) {
    const answer = await c.browser().create(`{"order":"${"x".repeat(70_000)}"}`);
    c.refused(answer, 413, "too_large");
    const next = await c.browser().create(c.signed());
    c.expect(next, next.status === 201, "the next request is served");
  },

  async "text of every kind arrives at PaySG as it was signed"(c) {
    const fields = { description: "Gerai 摊位 கடை — “½” ✓ <b>&amp;</b>", metadata: { "branch": "Jurong \"East\"" } };
    const { order, answer } = await c.pending(fields);
    const [made] = await c.paysg.payments(order.reference_id);
    c.expectAtPaySG(answer, made?.metadata?.branch === fields.metadata.branch && made?.payer_email === order.payer_email, "PaySG has what the order says", made?.metadata);
    c.expectAtPaySG(answer, made?.description?.includes("摊位 கடை"), "PaySG has what the order says", made?.description);
  },
};
