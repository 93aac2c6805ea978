// A trap in the wasm costs one request. The traps are real, sprung in a build that differs from the shipped one in nothing else
// (src/edge/trap.rs) but that it is optimised less outside of the long form: a request's URL, a message to an object or PaySG's `Retry-After` names
// them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, describe } from "node:test";
import { createHandler } from "../../pkg/edge.js";
import { verifyWebhook } from "../../pkg/webhook.js";
import { memorySection } from "../wasm.mjs";
import { each, eventually, sleep, test, UNKNOWN_ID, World } from "./support.mjs";

process.env.PAYSG_EDGE_WASM = "target/trapping";
const MEMORY = 32 << 20;
const PAGE = 65_536;
/** V8 gives such memory back when there is about 4 GiB of it. */
const INSTANCES = 200;
const root = new URL("../..", import.meta.url);

/** What each does to the instance, and what the runtime calls it. */
const KINDS = { panic: "RuntimeError", stack: "RangeError", frames: "RuntimeError", memory: "RuntimeError" };

/** Its looks come after 50 and 85 seconds: it begins with the file, so that the other tests pass the time. */
const slow = new World({ fulfilment: true, timeScale: 6 });
let unreported;
before(async () => {
  await slow.start();
  unreported = (await slow.pending()).payment;
  await slow.fault(trapsOf(slow).springs("panic", unreported));
});
after(() => slow.stop());

describe("the shipped build", () => {
  test("has no traps to spring", () => {
    const has = (folder) => Object.keys(KINDS).filter((kind) => readFileSync(new URL(`${folder}/paysg_wasm_bg.wasm`, root)).includes(`trap-${kind}`));
    assert.deepEqual(has("pkg/edge"), []);
    assert.deepEqual(has("target/trapping"), Object.keys(KINDS), "the look finds them where they are");
  });

  test("may use 32 MiB of memory at most", async () => {
    for (const folder of ["pkg/edge", "target/trapping"]) {
      assert.equal(memorySection(readFileSync(new URL(`${folder}/paysg_wasm_bg.wasm`, root))).most * PAGE, MEMORY, folder);
    }
  });
});

describe("the shipped build in Node", () => {
  test("an answer of PaySG's that takes more memory than there is costs one request", async (t) => {
    // Four megabytes are read; as numbers they take some fifty.
    const answers = [`[${"0,".repeat(2_000_000)}0]`, JSON.stringify({ error: { type: "not_found", code: "not_found", message: "" } })];
    const paysg = createServer((_, response) => response.writeHead(answers.length === 2 ? 200 : 404).end(answers.length === 2 ? answers.shift() : answers[0]));
    paysg.listen(0, "127.0.0.1");
    await once(paysg, "listening");
    t.after(() => (paysg.closeAllConnections(), paysg.close()));
    const key = () => randomUUID() + randomUUID();
    const service = `payment_service_${randomUUID()}`;
    const env = {
      PAYSG_API_KEY: "paysg_stag_0123456789", PAYSG_API_URL: `http://127.0.0.1:${paysg.address().port}`, PAYSG_PAYMENT_SERVICE_ID: service, PAYSG_WEBHOOK_SECRET: key(),
      PAYSG_ORDER_KEY: key(), PAYSG_SESSION_KEY: key(), PAYSG_PUBLIC_URL: "https://pay.agency.example",
    };
    const lines = [];
    const handle = createHandler(env, { log: (line) => lines.push(JSON.parse(line)) });
    const ask = () => handle(new Request(`https://pay.agency.example/paysg/payments/${service}/${UNKNOWN_ID}`));
    const failed = await ask();
    assert.deepEqual([failed.status, failed.headers.get("cache-control"), (await failed.json()).error.code], [500, "no-store", "internal"]);
    // What is asked next finds a new instance, whatever it is: the webhooks of a backend share it with the proxy.
    await assert.rejects(verifyWebhook("{}", { secret: "whsec", signature: `t=1,v1=${"0".repeat(64)}` }), { code: "invalid_signature" });
    assert.equal((await ask()).status, 404);
    assert.deepEqual(lines.map(({ outcome, route, error }) => [outcome, route, error]), [
      ["trapped", "GET /payments/{payment_service_id}/{payment_id}", "RuntimeError"],
      ["refused", "GET /payments/{payment_service_id}/{payment_id}", undefined],
    ]);
    assert.equal(lines[0].request_id, failed.headers.get("x-request-id"));
  });
});

/** What the tests do to a world, and look for in its log. */
function trapsOf(world) {
  const lines = () => world.edgeLog().filter((line) => line.includes('"outcome":"trapped"')).map((line) => JSON.parse(line.slice(line.indexOf("{"))));
  /** PaySG does what it is asked, and its answer springs the trap; of a payment, or a create. */
  const springs = (kind, payment, more = {}) => ({ method: payment ? "GET" : "POST", path: `/v1/payment-services/${world.service}/payments${payment ? `/${payment.id}` : ""}`, headers: { "retry-after": `trap-${kind}` }, ...more });

  /** Runs the work, and expects as many lines about traps as there were. */
  async function traps(count, kind, work) {
    const before = lines().length;
    const result = await work();
    await eventually(() => lines().length >= before + count, "the log says so");
    await sleep(50);
    const said = lines().slice(before);
    assert.equal(said.length, count, JSON.stringify(said));
    for (const { error } of said) assert.equal(error, KINDS[kind]);
    return result;
  }
  return { lines, springs, traps };
}

each({}, (world) => {
  const { springs, traps } = trapsOf(world);
  const internal = (answer) => {
    answer.expect(500, "internal");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    return answer;
  };

  for (const kind of Object.keys(KINDS)) {
    test(`${kind} as a request comes in: that one fails, and the next succeeds`, async () => {
      internal(await traps(1, kind, () => world.browser().get(`/health?trap-${kind}`)));
      (await world.browser().get("/health")).expect(200);
      (await world.browser().create(world.body())).expect(201);
    });

    test(`${kind} with PaySG's answer to a create in hand: the payment is made, and the next request finds it`, async () => {
      const reference_id = `trap-${randomUUID()}`;
      const create = () => world.browser().create(world.body({ reference_id }));
      await world.fault(springs(kind));
      internal(await traps(1, kind, create));
      const [made] = await world.atPaySG(reference_id);
      assert.ok(made, "PaySG has made it");
      const answer = await create();
      assert.ok([200, 201].includes(answer.status), answer.text);
      assert.equal(answer.json.payment.id, made.id);
      assert.equal((await world.atPaySG(reference_id)).length, 1);
    });

    test(`${kind} with PaySG's answer to a question in hand: the next question is answered`, async () => {
      const { browser, path, payment } = await world.pending();
      await world.fault(springs(kind, payment));
      internal(await traps(1, kind, () => browser.get(path)));
      assert.equal((await browser.get(path)).expect(200).json.status, "unpaid");
    });

    test(`${kind}, ten times in a row, each costs one`, async () => {
      await traps(10, kind, async () => {
        for (let time = 0; time < 10; time += 1) {
          internal(await world.browser().get(`/health?trap-${kind}`));
          (await world.browser().get("/health")).expect(200);
        }
      });
    });

    test(`${kind} while others wait for PaySG: they are answered as if nothing had been`, async () => {
      const others = Array.from({ length: 10 }, () => `trap-${randomUUID()}`);
      const path = `/v1/payment-services/${world.service}/payments`;
      await world.fault({ method: "POST", path, delay_ms: 700, times: others.length });
      const answers = Promise.all(others.map((reference_id) => world.browser().create(world.body({ reference_id }))));
      await sleep(200);
      await traps(3, kind, async () => {
        for (let time = 0; time < 3; time += 1) internal(await world.browser().get(`/health?trap-${kind}`));
      });
      for (const answer of await answers) answer.expect(201);
      for (const reference_id of others) assert.equal((await world.atPaySG(reference_id)).length, 1);
    });
  }

  test("a payer who comes back is sent on, whatever traps", async () => {
    const { browser, payment } = await world.paid();
    await world.fault(springs("panic", payment));
    const query = `paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`;
    const answer = await traps(1, "panic", () => browser.get(`/return?${query}`, { accept: "text/html" }));
    answer.expect(303);
    assert.ok(answer.location.includes(payment.id));
  });

  test("a trap before anything is on disk leaves nothing, and the next request begins", async () => {
    if (world.stateless) return;
    const reference_id = `trap-${randomUUID()}`;
    internal(await traps(1, "panic", () => world.browser().create(world.body({ reference_id, payer_name: "trap-panic" }))));
    assert.deepEqual(await world.atPaySG(reference_id), []);
    (await world.browser().create(world.body({ reference_id }))).expect(201);
    assert.equal((await world.atPaySG(reference_id)).length, 1);
  });

  // With a ledger as without; both in the long form.
  const twice = world.stateless && process.env.PAYSG_DEEP !== "1" ? "as with a ledger: in the long form" : false;
  test("memory that was exhausted is given back in time", { timeout: 120_000, skip: twice }, async (t) => {
    const resident = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${world.stack.pids.edge}/status`, "utf8"))[1]) / 1024;
    const before = resident();
    let peak = 0;
    for (let time = 0; time < INSTANCES; time += 1) {
      internal(await world.browser().get("/health?trap-memory"));
      peak = Math.max(peak, resident());
    }
    t.diagnostic(`${INSTANCES} instances of ${MEMORY >> 20} MiB: ${Math.round(before)} MiB before, ${Math.round(peak)} MiB at most, ${Math.round(resident())} MiB after`);
    // When is the runtime's affair; that it happens at all shows that nothing holds on to an instance.
    assert.ok(peak < (0.75 * INSTANCES * MEMORY) / 2 ** 20, `${peak} MiB`);
  });
});

describe("an intent's object by itself", () => {
  const world = new World({ fulfilment: true, timeScale: 120 });
  const { springs, traps } = trapsOf(world);
  before(() => world.start());
  after(() => world.stop());

  test("a trap as an alarm works: it comes again, and the e-service is told once", { timeout: 120_000 }, async () => {
    const { payment } = await world.pending();
    await world.fault(springs("panic", payment));
    await traps(1, "panic", async () => {
      await world.pay(payment.id, true);
      await eventually(() => world.eservice.about(payment).length > 0, "the e-service is told", 90_000);
    });
    assert.equal(new Set(world.eservice.about(payment).map(({ key }) => key)).size, 1);
  });
});

// The next look is due after the half minute in which a failed wake-up is tried again: what that finds is not due yet.
test("a trap at a look does not end the looks: what is paid after it is found", { timeout: 180_000 }, async () => {
  await eventually(() => trapsOf(slow).lines().length > 0, "a look traps", 70_000);
  await slow.pay(unreported.id);
  // An object that is left alone is put away by the runtime, and sets its alarm anew when it comes back.
  for (const trapped = Date.now(); Date.now() - trapped < 32_000; await sleep(2_000)) (await slow.intent(unreported.reference_id)).expect(200);
  await eventually(() => slow.eservice.about(unreported).length > 0, "the e-service is told", 30_000);
  assert.equal(trapsOf(slow).lines().length, 1);
});
