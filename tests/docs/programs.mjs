// How each sample that is run is run, by the name after `run=`: what it is given, and what has to come of it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:http";
import { once } from "node:events";
import { contentSecurityPolicy } from "../../www/server/static.mjs";
import { anOrder, orderToken, sign } from "../tokens.mjs";
import { freePort } from "../port.mjs";
import { samples } from "./samples.mjs";
import { until } from "./world.mjs";

/** The signed order of the pages. */
const OF_THE_PAGES = { reference_id: "LIC-2026-0042", amount_in_cents: 12000 };

/** A key that is about to replace the order key. */
const NEXT_KEY = "the key that comes next of thirty-two bytes or more";

/** Each of these missing, or set to nothing, stops the sample at once, and is named. */
async function startsOnlyWith(names, sample, world, environment = {}) {
  for (const name of names) {
    for (const value of [undefined, ""]) await world.run(sample, { ...environment, [name]: value }, { status: 1, says: new RegExp(name) });
  }
}

export const programs = {
  async "sign-order"(sample, world) {
    const { order } = JSON.parse(await world.run(sample));
    const { payment } = await world.create({ order });
    assert.equal(payment.reference_id, OF_THE_PAGES.reference_id);
    assert.equal(payment.amount_in_cents, OF_THE_PAGES.amount_in_cents);
    assert.equal(payment.status, "unpaid");
    const several = await world.create(JSON.parse(await world.run(sample, { PAYSG_ORDER_KEY: `${world.stack.order_key},${NEXT_KEY}` })));
    assert.equal(several.payment.id, payment.id, "the first of several keys signs");
    await startsOnlyWith(["PAYSG_ORDER_KEY"], sample, world);
  },

  async variables(sample, world) {
    const written = join(world.folder, "target/demo");
    mkdirSync(written, { recursive: true });
    writeFileSync(join(written, "stack.json"), JSON.stringify(world.stack));
    const names = ["PAYSG_ORDER_KEY", "PAYMENT_SERVICE_ID", "PAYSG_PUBLIC_URL", "RESULT_ORIGIN", "PROXY_URL"];
    const nothing = Object.fromEntries(names.map((name) => [name, undefined]));
    const out = await world.run({ ...sample, code: `${sample.code}node -p 'JSON.stringify(process.env)'\n` }, nothing);
    const set = JSON.parse(out);
    for (const name of names) assert.equal(set[name], world.environment[name], name);
  },

  async told(sample, world) {
    const reference_id = "TOLD-1";
    for (const [file, run] of [["order.mjs", "sign-order"], ["fulfilment.mjs", "fulfilment"]]) {
      const { code } = samples.find(({ where, tags }) => where.startsWith("docs/backend.md") && tags.run === run);
      // The reference of the pages is another test's.
      writeFileSync(join(world.folder, file), code.replace("LIC-2026-0042", reference_id));
    }
    const shell = world.start({ ...sample, code: `${sample.code}echo\ntrap 'kill $!' TERM\nwait\n` }, { PORT: String(world.fulfilment_port) });
    try {
      const line = await until(`the payment; it said ${shell.out}${shell.err}`, () => shell.out.split("\n").find((each) => each.startsWith('{"payment"')));
      await world.pay(JSON.parse(line).payment);
      await until(`the telling; it said ${shell.err}`, () => shell.out.includes(`paid: ${reference_id}, 12000 cents\n`));
    } finally {
      shell.child.kill();
      await once(shell.child, "close");
    }
  },

  async fulfilment(sample, world) {
    const reference_id = "FULFILMENT-1";
    const { payment, cookie } = await world.create({ order: orderToken(world.stack, anOrder({ reference_id, amount_in_cents: 4321 })) });
    const PORT = String(world.fulfilment_port);
    const work = "  if (done.has(payment_id)) return;\n";
    assert.ok(sample.code.includes(work));
    const awayAtFirst = { ...sample, code: sample.code.replace(work, `${work}  if (!globalThis.back) throw (globalThis.back = true, new Error("the database is away"));\n`) };
    // Origins as the proxy takes them too, and a key that is about to replace the other.
    const server = world.start(awayAtFirst, { PORT, PAYSG_PUBLIC_URL: `${world.stack.edge_url}/`, RESULT_ORIGIN: `${world.stack.edge_url}/result`, PAYSG_ORDER_KEY: `${NEXT_KEY},${world.stack.order_key}` });
    // A line may come after the answer that it is about.
    const says = (words) => until(`${words}; it said ${server.err}`, () => words.test(server.err));
    const tell = (body, port = PORT) => fetch(`http://127.0.0.1:${port}/api/fulfilment`, { method: "POST", headers: { "idempotency-key": payment.id }, body: JSON.stringify(body) });
    try {
      await world.pay(payment);
      const line = `paid: ${reference_id}, 4321 cents\n`;
      await until(`the sample to be told; it said ${server.out}${server.err}`, () => server.out.includes(line));
      // What failed here is told again, and is in the log.
      await says(/the database is away/);
      // Acknowledged: the edge has nothing more to tell.
      await until("the telling to be acknowledged", async () => (await world.intent(payment)).tellings.map(({ acknowledged }) => acknowledged).join() === "true");
      const claims = { iss: world.stack.edge_url, aud: world.stack.edge_url, payment_id: "other", reference_id, amount_in_cents: 1 };
      const forged = sign({ typ: "paysg-receipt+jwt" }, claims, "another key, of thirty-two bytes or more");
      assert.equal((await tell({ receipt: forged })).status, 401);
      await says(/ERR_JWS_SIGNATURE_VERIFICATION_FAILED/);
      const order = sign({ typ: "paysg-order+jwt" }, claims, world.stack.order_key);
      assert.equal((await tell({ receipt: order })).status, 401, "an order is no receipt");
      await says(/ERR_JWT_CLAIM_VALIDATION_FAILED typ/);
      for (const claim of ["iss", "aud"]) {
        const { [claim]: _, ...without } = claims;
        for (const other of [without, { ...claims, [claim]: "https://another.example" }]) {
          assert.equal((await tell({ receipt: sign({ typ: "paysg-receipt+jwt" }, other, NEXT_KEY) })).status, 401, `of another ${claim}`);
        }
        await says(new RegExp(`ERR_JWT_CLAIM_VALIDATION_FAILED ${claim}`));
      }
      const { receipt } = await world.status(payment, cookie);
      assert.equal((await tell({ receipt })).status, 204);
      assert.equal((await tell({ payment })).status, 204, "without a receipt: taken, and nothing done");
      const notJson = await fetch(`http://127.0.0.1:${PORT}/api/fulfilment`, { method: "POST", body: `{"receipt":"${receipt}` });
      assert.equal(notJson.status, 400);
      assert.equal(server.out.split(line).length, 2, "told again, done once");
      assert.ok(!server.out.includes(" 1 cents"));
      for (const part of receipt.split(".")) assert.ok(!server.err.includes(part.slice(0, 12)), "no part of a receipt is in the log");
    } finally {
      server.child.kill();
    }
    await startsOnlyWith(["PAYSG_ORDER_KEY", "PAYSG_PUBLIC_URL", "RESULT_ORIGIN"], sample, world, { PORT: String(await freePort()) });
  },

  async receipt(sample, world) {
    const { payment, receipt } = await world.paid();
    const claims = JSON.parse(await world.run(sample, {}, { input: receipt }));
    assert.equal(claims.payment_id, payment.id);
    assert.equal(claims.amount_in_cents, payment.amount_in_cents);
    const { edge_url, order_key } = world.stack;
    const asGiven = { PAYSG_PUBLIC_URL: `${edge_url}/`, RESULT_ORIGIN: `${edge_url}/result`, PAYSG_ORDER_KEY: `${NEXT_KEY},${order_key}` };
    assert.deepEqual(JSON.parse(await world.run(sample, asGiven, { input: receipt })), claims);
    const [head, body, mac] = receipt.split(".");
    const changed = Buffer.from(JSON.stringify({ ...claims, amount_in_cents: 1 })).toString("base64url");
    await world.run(sample, {}, { input: [head, changed, mac].join("."), status: 1, says: /PAYSG_ORDER_KEY/ });
    await world.run(sample, { RESULT_ORIGIN: "https://another.example" }, { input: receipt, status: 1, says: /RESULT_ORIGIN/ });
    await world.run(sample, { PAYSG_PUBLIC_URL: "https://another.example" }, { input: receipt, status: 1, says: /PAYSG_PUBLIC_URL/ });
    const { exp: _, ...rest } = claims;
    await world.run(sample, {}, { input: sign({ typ: "paysg-order+jwt" }, rest, order_key), status: 1, says: /not a receipt/ });
    const unsigned = sign({ typ: "paysg-receipt+jwt" }, rest, "");
    await world.run(sample, { PAYSG_ORDER_KEY: `${order_key},` }, { input: unsigned, status: 1, says: /PAYSG_ORDER_KEY/ });
    assert.ok(body);
    await startsOnlyWith(["PAYSG_ORDER_KEY", "PAYSG_PUBLIC_URL", "RESULT_ORIGIN"], sample, world);
  },

  async refund(sample, world) {
    const { payment } = await world.paid();
    const out = await world.run(sample, { PAYMENT_ID: payment.id });
    assert.match(out, /^200 \{/);
    const at = (await world.stack.sim("/payments")).data.find(({ id }) => id === payment.id);
    assert.equal(at.refund_status, "partially_refunded");
    await startsOnlyWith(["PAYSG_ORDER_KEY"], sample, world, { PAYMENT_ID: payment.id });
  },

  async "read-intent"(sample, world) {
    const { payment } = await world.paid();
    const record = JSON.parse(await world.run(sample, { REFERENCE_ID: payment.reference_id }));
    assert.equal(record.state, "paid");
    assert.equal(record.reference_id, payment.reference_id);
    assert.deepEqual(record.flags, []);
    await startsOnlyWith(["PAYSG_ORDER_KEY"], sample, world, { REFERENCE_ID: payment.reference_id });
    await startsOnlyWith(["REFERENCE_ID"], sample, world);
  },

  async "list-payments"(sample, world) {
    const { payment } = await world.paid();
    // More than one page of them.
    for (let count = 0; count < 120; count += 1) await world.stack.sim("/payments", { reference_id: `MANY-${count}` });
    const out = await world.run(sample, { SINCE: new Date(Date.now() - 3_600_000).toISOString() });
    const line = out.split("\n").find((each) => each.startsWith(`${payment.reference_id}\t`));
    assert.deepEqual(line?.split("\t"), [payment.reference_id, String(payment.amount_in_cents), "not_refunded", payment.id]);
    assert.ok(!out.includes("MANY-"), "what is not paid is not listed");
    assert.equal(await world.run(sample, { SINCE: new Date(Date.now() + 3_600_000).toISOString() }), "");
    await startsOnlyWith(["SINCE"], sample, world);
    await startsOnlyWith(["PAYSG_API_KEY"], sample, world, { SINCE: new Date().toISOString() });
  },

  async "node-server"(sample, world) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { simulator_url, api_key, payment_service_id, webhook_secret, order_key, session_key } = world.stack;
    const server = world.start(sample, {
      PORT: String(port), PAYSG_PUBLIC_URL: url, PAYSG_API_URL: simulator_url, PAYSG_API_KEY: api_key, PAYSG_PAYMENT_SERVICE_ID: payment_service_id,
      PAYSG_WEBHOOK_SECRET: webhook_secret, PAYSG_ORDER_KEY: order_key, PAYSG_SESSION_KEY: session_key,
    });
    try {
      const health = await until(`the server to answer; it said ${server.err}`, async () => (await fetch(`${url}/paysg/health`)).json());
      assert.equal(health.status, "ok");
      const created = await fetch(`${url}/paysg/payments`, { method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body: JSON.stringify({ order: orderToken(world.stack) }) });
      assert.equal(created.status, 201, await created.clone().text());
      assert.match((await created.json()).payment.payment_url, new RegExp(`^${simulator_url}/payments/`));
      assert.equal(created.headers.getSetCookie().length, 2, "one for the browser, one for the payment");
      await until("what it says at the start", () => server.out.includes('"status":"ok"'));
    } finally {
      server.child.kill();
    }
    const empty = world.start(sample, { PORT: String(await freePort()), ...Object.fromEntries(Object.keys(world.environment).filter((name) => name !== "PATH").map((name) => [name, undefined])) });
    try {
      await until(`what is missing to be named; it said ${empty.out}${empty.err}`, () => /misconfigured.*PAYSG_\w+/.test(empty.out));
    } finally {
      empty.child.kill();
    }
  },

  async "own-policy"({ code }) {
    assert.equal(code.trim().replaceAll(/\s+/g, " "), contentSecurityPolicy({}));
  },

  async policy(sample, world) {
    const [policy, directives] = (await world.run(sample)).trim().split("\n");
    assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; form-action 'self' https:\/\/pay\.gov\.sg https:\/\/staging\.pay\.gov\.sg;/);
    assert.deepEqual(Object.keys(JSON.parse(directives)), ["script-src", "connect-src", "form-action"]);
  },

  async health(sample, world) {
    const health = JSON.parse(await world.run(sample));
    assert.equal(health.status, "ok");
    assert.deepEqual(Object.keys(health).sort(), ["environment", "ledger", "status", "version"]);
  },

  async create(sample, world) {
    const { payment } = JSON.parse(await world.run(sample, { ORDER: orderToken(world.stack) }));
    assert.deepEqual(Object.keys(payment).sort(), ["amount_in_cents", "id", "payment_service_id", "payment_url", "reference_id", "status"]);
  },

  async status(sample, world) {
    const { payment } = await world.create();
    const { id, payment_service_id } = payment;
    assert.deepEqual(JSON.parse(await world.run(sample, { PAYMENT_ID: id })), { id, payment_service_id, status: "unpaid" });
  },

  "plain-form": (sample, world) => submits({ ...sample, code: sample.code.replace("{{random}}", randomUUID()) }, world, { payer_name: "Tan Ah Kow", payer_email: "tan@example.sg" }),

  "order-form": (sample, world) => submits({ ...sample, code: sample.code.replace("{{order}}", orderToken(world.stack)) }, world, {}),

  async "verify-webhook"(sample, world) {
    const { body, signature } = await anEvent(world);
    const tail = `
const ask = async (body) => (await webhook(new Request("https://agency.example/hook", {
  method: "POST", headers: { "paysg-signature": process.env.SIGNATURE }, body,
}))).status;
console.log(await ask(process.env.BODY), await ask(process.env.BODY.replace("payment.succeeded", "payment.succeedeD")));
process.exit();
`;
    const out = await world.run({ ...sample, code: sample.code + tail }, { SIGNATURE: signature, BODY: body, PAYSG_WEBHOOK_SECRET: SECRET }, { says: /invalid_signature/ });
    const broken = sample.code.replace("console.log(", "throw new Error(");
    assert.notEqual(broken, sample.code);
    await world.run({ ...sample, code: broken + tail }, { SIGNATURE: signature, BODY: body, PAYSG_WEBHOOK_SECRET: SECRET }, { status: 1 });
    await startsOnlyWith(["PAYSG_WEBHOOK_SECRET"], sample, world);
    const [line, statuses] = out.trim().split("\n");
    assert.equal(statuses, "204 401");
    const { object } = JSON.parse(body).data;
    assert.equal(line, `${object.id} ${object.reference_id} true`);
  },

  async "verify-bytes"(sample, world) {
    const { body, signature } = await anEvent(world);
    const event = JSON.parse(await world.run(sample, { SIGNATURE: signature, PAYSG_WEBHOOK_SECRET: SECRET }, { input: body }));
    assert.equal(event.payment_id, JSON.parse(body).data.object.id);
    await world.run(sample, { SIGNATURE: signature, PAYSG_WEBHOOK_SECRET: `${SECRET}x` }, { input: body, status: 1 });
  },

  async "test-by-calls"(sample, world) {
    const here = "// … your e-service is asked for a payment here …\n";
    assert.ok(sample.code.includes(here));
    const ask = `await fetch(process.env.ASK, { method: "POST", headers: { "content-type": "application/json" }, body: process.env.BODY });\n`;
    const body = JSON.stringify({ order: orderToken(world.stack) });
    await world.run({ ...sample, code: sample.code.replace(here, ask) }, { ASK: world.stack.edge("/payments"), BODY: body });
    const { data } = await world.stack.sim("/payments");
    assert.deepEqual(data.map(({ latest_status }) => latest_status), ["paid"]);
    assert.ok((await world.stack.sim("/requests")).data.some(({ dropped }) => dropped === "after"));
  },
};

const SECRET = "whsec_of_the_documentation";

/** An event as PaySG sends it: its bytes and its signature. */
async function anEvent(world) {
  const heard = [];
  const receiver = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
      heard.push({ body: Buffer.concat(chunks).toString(), signature: request.headers["paysg-signature"] });
      response.writeHead(204).end();
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { id } = await world.stack.sim("/webhooks", { url: `http://127.0.0.1:${receiver.address().port}/`, secret: SECRET });
  try {
    await world.pay(await world.stack.sim("/payments", {}));
    return await until("the event", () => heard[0]);
  } finally {
    await fetch(`${world.stack.simulator_url}/_sim/webhooks/${id}`, { method: "DELETE" });
    receiver.close();
  }
}

/** Fills in a form and sends it as a browser without scripts does: it has to lead to PaySG's page. */
async function submits({ code }, world, typed) {
  const [, form] = /<form ([^>]*)>/.exec(code);
  const attribute = (text, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1];
  assert.equal(attribute(form, "method"), "post");
  const fields = [...code.matchAll(/<input ([^>]*)>/g)].map(([, input]) => [attribute(input, "name"), attribute(input, "value") ?? typed[attribute(input, "name")]]);
  for (const [name, value] of fields) assert.ok(name && value, `nothing to put into ${name}`);
  const { edge_url } = world.stack;
  const send = (url, headers = {}) => fetch(url, { method: "POST", redirect: "manual", body: new URLSearchParams(fields), headers: { accept: "text/html", origin: edge_url, ...headers } });
  let response = await send(new URL(attribute(form, "action"), edge_url));
  // A browser's first form is sent again with the cookie.
  if (response.status === 307) response = await send(new URL(response.headers.get("location"), response.url).href, { cookie: response.headers.getSetCookie()[0].split(";")[0] });
  assert.equal(response.status, 303, await response.clone().text());
  assert.ok(response.headers.get("location").startsWith(`${world.stack.simulator_url}/payments/`));
}
