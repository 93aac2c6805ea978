// How often something may be asked for, by address and by session.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe } from "node:test";
import { createHandler } from "../../pkg/edge.js";
import { Limits } from "../../pkg/limits.js";
import { orderToken } from "../tokens.mjs";
import { CATALOGUE, each, NAVIGATION, order, RESULT_URL, test, UNKNOWN_ID } from "./support.mjs";

const ADDRESSES = { CREATE: 60, SESSION: 20, STATUS: 300 };
let next = 0;
/** An address that nobody has used. */
const anAddress = () => `198.51.${(next += 1) >> 8}.${next & 255}`;

each({}, (world) => {
  const from = (address) => ({ "cf-connecting-ip": address });
  const limited = (answer) => {
    answer.expect(429, "rate_limited");
    assert.equal(answer.error.type, "rate_limit_error");
    const secs = Number(answer.headers.get("retry-after"));
    assert.ok(Number.isInteger(secs) && secs >= 1 && secs <= 60, `${secs}`);
    return answer;
  };
  const unknown = (address) => world.browser().get(`/payments/${world.service}/${UNKNOWN_ID}`, from(address));
  const atOnce = (count, ask) => Promise.all(Array.from({ length: count }, ask));
  /** The limit is reached; while we ask, some of it comes back, on a slow machine more. Gives an answer that says no. */
  const isLimited = async (ask, good) => {
    for (let time = 0; time < 5; time += 1) {
      const answers = await atOnce(40, ask);
      for (const answer of answers) if (answer.status !== 429) assert.ok(good.includes(answer.status), answer.text);
      const refused = answers.find(({ status }) => status === 429);
      if (refused) return limited(refused);
    }
    throw new Error("never limited");
  };

  test(`an office behind one address makes ${ADDRESSES.CREATE} payments at once; the next is told when to come again, and PaySG is not asked`, async () => {
    const address = anAddress();
    const create = () => world.browser().create(world.body(), from(address));
    for (const answer of await atOnce(ADDRESSES.CREATE, create)) answer.expect(201);
    await world.clean();
    let made = 0;
    await isLimited(async () => {
      const answer = await create();
      made += answer.status === 201;
      return answer;
    }, [201]);
    assert.equal((await world.atPaySG()).length, made, "PaySG is not asked for the others");
    (await world.browser().create(world.body(), from(anAddress()))).expect(201);
    // What makes no payment, and what has proof, goes on from there.
    (await world.browser().create("{", from(address))).expect(400);
    (await world.browser().get("/health", from(address))).expect(200);
  });

  test("a form that is limited gets a page that says so", async () => {
    const address = anAddress();
    const pages = await atOnce(ADDRESSES.CREATE + 40, () => world.browser().submit({ item: "permit", payer_name: "Tan" }, from(address)));
    const refused = pages.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0 && pages.length - refused.length >= ADDRESSES.CREATE);
    for (const page of refused) assert.match(page.text, /Please try again in a moment/);
  });

  test(`a session makes ${ADDRESSES.SESSION}, from wherever, and more than that with reloads and double clicks not punished`, async () => {
    const browser = world.browser();
    const body = world.body();
    // The first has no session yet. Ten presses of one order, then others.
    (await browser.create(body, from(anAddress()))).expect(201);
    for (let press = 0; press < 10; press += 1) assert.ok([200, 201].includes((await browser.create(body, from(anAddress()))).status));
    for (let other = 10; other < ADDRESSES.SESSION; other += 1) (await browser.create(world.body(), from(anAddress()))).expect(201);
    await isLimited(() => browser.create(world.body(), from(anAddress())), [201]);
    (await world.browser().create(world.body())).expect(201);
  });

  test("addresses of one IPv6 network are one, those of IPv4 in another notation too", async () => {
    const network = `2001:db8:${(next += 1).toString(16)}:7`;
    for (const answer of await atOnce(ADDRESSES.CREATE, () => world.browser().create(world.body(), from(`${network}:${Math.ceil(Math.random() * 65_000).toString(16)}::1`)))) answer.expect(201);
    await isLimited(() => world.browser().create(world.body(), from(`${network}::2`)), [201]);
    (await world.browser().create(world.body(), from(`2001:db8:${next.toString(16)}:8::2`))).expect(201);
    const four = anAddress();
    await atOnce(ADDRESSES.CREATE, () => world.browser().create(world.body(), from(four)));
    await isLimited(() => world.browser().create(world.body(), from(`::ffff:${four}`)), [201]);
  });

  test(`who has no proof asks ${ADDRESSES.STATUS} times a minute; who has proof asks on`, async () => {
    const address = anAddress();
    const { browser, path, payment } = await world.pending();
    for (const answer of await atOnce(ADDRESSES.STATUS, () => unknown(address))) answer.expect(404);
    await isLimited(() => unknown(address), [404]);
    await isLimited(() => world.browser().get(path, from(address)), [200]);
    (await browser.get(path, from(address))).expect(200);
    (await unknown(anAddress())).expect(404);
    // A payer on the way back is sent on, and PaySG is not asked.
    await world.clean();
    const query = `paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
    const answers = await atOnce(40, () => world.browser().get(`/return?${query}`, { ...NAVIGATION, ...from(address) }));
    for (const answer of answers) assert.equal(answer.expect(303).location, `${RESULT_URL}&${query}`);
    assert.ok((await world.calls()).length < answers.length);
  });

  test(`one browser has PaySG asked anew ${ADDRESSES.STATUS} times a minute, from wherever; on the way back it is sent on all the same`, async () => {
    const { browser, path, payment } = await world.pending();
    const resume = () => browser.get("/resume", from(anAddress()));
    for (let time = 0; time < ADDRESSES.STATUS / 50; time += 1) for (const answer of await atOnce(50, resume)) assert.equal(answer.expect(303).location, payment.payment_url);
    await isLimited(resume, [303]);
    // What is remembered for two seconds is not counted, nor is another browser.
    (await browser.get(path)).expect(200);
    const other = await world.pending();
    assert.equal((await other.browser.get("/resume")).expect(303).location, other.payment.payment_url);
    await world.clean();
    const query = `paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
    const answers = await atOnce(40, () => browser.get(`/return?${query}`, { ...NAVIGATION, ...from(anAddress()) }));
    for (const answer of answers) assert.equal(answer.expect(303).location, `${RESULT_URL}&${query}`);
    assert.ok((await world.calls()).length < answers.length);
  });

  test("where the address is not known, and there is no session, nothing is limited", async () => {
    for (const answer of await atOnce(ADDRESSES.CREATE + 20, () => world.browser().create(world.body()))) answer.expect(201);
  });

  test("no address is in the log", () => {
    assert.doesNotMatch(world.edgeLog().join("\n"), /198\.51|2001:db8/);
  });
});

describe("bindings and options", () => {
  const key = () => randomUUID() + randomUUID();
  const keys = { order_key: key() };
  const service = `payment_service_${randomUUID()}`;
  const env = (more) => ({
    PAYSG_API_KEY: "paysg_stag_0123456789", PAYSG_API_URL: "http://127.0.0.1:9", PAYSG_PAYMENT_SERVICE_ID: service, PAYSG_WEBHOOK_SECRET: key(), PAYSG_ORDER_KEY: keys.order_key,
    PAYSG_SESSION_KEY: key(), PAYSG_PUBLIC_URL: "https://pay.agency.example", PAYSG_CATALOGUE: JSON.stringify(CATALOGUE), ...more,
  });
  const question = () => new Request(`https://pay.agency.example/paysg/payments/${service}/${UNKNOWN_ID}`, { headers: { "x-test": "1" } });
  const create = () => new Request("https://pay.agency.example/paysg/payments", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ order: orderToken(keys, order()) }) });
  const log = () => {};

  test("Cloudflare's bindings are asked where there are any, by a name from which no address can be read", async () => {
    const asked = [];
    const binding = (rule, success) => ({ limit: async ({ key }) => (asked.push([rule, key]), { success }) });
    const bindings = { CREATE_LIMIT: binding("CREATE_LIMIT", true), SESSION_LIMIT: binding("SESSION_LIMIT", true), STATUS_LIMIT: binding("STATUS_LIMIT", false) };
    const handle = createHandler(env(bindings), { log, clientAddress: () => "203.0.113.7" });
    const refused = await handle(question());
    assert.deepEqual([refused.status, refused.headers.get("retry-after"), (await refused.json()).error.code], [429, "60", "rate_limited"]);
    await handle(create());
    assert.deepEqual(asked.map(([rule]) => rule), ["STATUS_LIMIT", "CREATE_LIMIT"]);
    for (const [, name] of asked) assert.match(name, /^[0-9a-f]{24}$/);
    assert.notEqual(asked[0][1], asked[1][1]);
  });

  test("a binding that fails, and a function that throws, are nobody's reason to refuse", async () => {
    const broken = { limit: () => Promise.reject(new Error("counter")) };
    const handle = createHandler(env({ STATUS_LIMIT: broken }), { log, clientAddress: () => "203.0.113.8" });
    assert.equal((await handle(question())).status, 503);
    const throwing = createHandler(env(), { log, clientAddress: () => { throw new Error("no address"); } });
    assert.equal((await throwing(question())).status, 503);
  });

  test("the function gets what the handler got", async () => {
    const seen = [];
    const handle = createHandler(env(), { log, clientAddress: (request, info) => { seen.push([request.headers.get("x-test"), info.remoteAddr.hostname]); return undefined; } });
    await handle(question(), { remoteAddr: { hostname: "203.0.113.9" } });
    assert.deepEqual(seen, [["1", "203.0.113.9"]]);
  });

  test("the isolate's own books fill up again with time, and forget whoever asked longest ago", async (t) => {
    t.mock.timers.enable({ apis: ["Date"] });
    const limits = new Limits({});
    const charge = (name) => limits.charge(`SESSION_LIMIT:${name}`);
    for (let time = 0; time < 20; time += 1) assert.equal(await charge("a"), 0);
    const wait = await charge("a");
    assert.equal(wait, 3);
    t.mock.timers.tick(2_999);
    assert.equal(await charge("a"), 1);
    t.mock.timers.tick(1);
    assert.equal(await charge("a"), 0);
    assert.equal(await charge("a"), 3);
    t.mock.timers.tick(60_000);
    for (let time = 0; time < 20; time += 1) assert.equal(await charge("a"), 0);
    for (let other = 0; other < 9_999; other += 1) await charge(`b${other}`);
    assert.notEqual(await charge("a"), 0, "10 000 names are remembered");
    await charge("c");
    await charge("d");
    assert.equal(await charge("b0"), 0);
  });
});
