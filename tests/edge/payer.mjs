// The payer comes back, asks how the payment stands, and goes on where it was left: GET /return, status, GET /resume.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { eventually, NAVIGATION, PAYER, RESULT_URL, sleep, statusPath, test, UNKNOWN_ID, UNKNOWN_SERVICE, verify } from "./support.mjs";

const withParams = ({ id, payment_service_id }) => `paysg_payment_id=${id}&paysg_payment_service_id=${payment_service_id}`;

function returning(world) {
  const back = (browser, payment) => browser.get(`/return?${withParams(payment)}`, NAVIGATION);
  const resultOf = (payment) => `${RESULT_URL}&${withParams(payment)}`;
  const getting = (fault) => ({ method: "GET", path: `/v1/payment-services/${world.service}/payments/`, ...fault });

  test("the simulator sends the payer to /return, and it leads to the result with both parameters", async () => {
    const { browser, payment } = await world.pending();
    const { redirect_url } = await world.pay(payment.id);
    const asked = async () => (await world.calls("GET", payment.id)).length;
    const before = await asked();
    assert.equal(redirect_url, world.stack.edge(`/return?${withParams(payment)}`));
    const answer = (await browser.send("GET", "", { url: redirect_url, headers: NAVIGATION })).expect(303);
    assert.equal(answer.location, resultOf(payment));
    assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
    assert.equal((await asked()) - before, 1, "PaySG was asked");
  });

  for (const [what, prepare] of Object.entries({
    "is not paid yet": () => {},
    "was cancelled": ({ payment }) => world.stack.sim(`/payments/${payment.id}/cancel`, {}),
    "was refunded": async ({ payment }) => {
      await world.pay(payment.id);
      await world.stack.sim(`/payments/${payment.id}/refund`, {});
    },
    "has a status that nobody knows": ({ payment }) => world.show(payment.id, { payment_status: "processing" }),
    "PaySG is away for": () => world.fault(getting({ drop: "before", times: 50 })),
    "PaySG answers 500 for": () => world.fault(getting({ status: 500, times: 50 })),
    "PaySG does not let us see": () => world.fault(getting({ status: 401, times: 50 })),
    "PaySG answers nonsense for": () => world.fault(getting({ status: 200, body: "<html>", times: 50 })),
    "PaySG redirects for": () => world.fault(getting({ status: 302, headers: { location: "https://evil.example/" }, times: 50 })),
  })) {
    test(`a return for a payment that ${what} leads to the result all the same: with the cookie, and without`, async () => {
      const made = await world.pending();
      await prepare(made);
      for (const browser of [made.browser, world.browser()]) {
        assert.equal((await back(browser, made.payment)).expect(303).location, resultOf(made.payment));
      }
    });
  }

  test("a return for a payment that PaySG does not know leads to the result, which will say so", async () => {
    const payment = { id: UNKNOWN_ID, payment_service_id: world.service };
    assert.equal((await back(world.browser(), payment)).expect(303).location, resultOf(payment));
    (await world.browser().get(statusPath(payment))).expect(404, "unknown_payment");
  });

  test("a return is a redirect for programs, too", async () => {
    const { payment } = await world.paid();
    assert.equal((await world.browser().get(`/return?${withParams(payment)}`)).expect(303).location, resultOf(payment));
  });

  test("other parameters, and encodings of ours, change nothing", async () => {
    const { payment } = await world.pending();
    const encoded = withParams(payment).replaceAll("_", "%5F");
    for (const query of [`utm=1&${withParams(payment)}&x=%00`, encoded]) {
      assert.equal((await world.browser().get(`/return?${query}`)).expect(303).location, resultOf(payment));
    }
  });

  const id = UNKNOWN_ID;
  const malformed = {
    "no query at all": [() => "", "paysg_payment_id"],
    "neither parameter": [() => "page=2", "paysg_payment_id"],
    "no payment": [(service) => `paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "no payment service": [() => `paysg_payment_id=${id}`, "paysg_payment_service_id"],
    "an empty payment": [(service) => `paysg_payment_id=&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "an empty payment service": [() => `paysg_payment_id=${id}&paysg_payment_service_id=`, "paysg_payment_service_id"],
    "two payments": [(service) => `paysg_payment_id=${id}&paysg_payment_id=other&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "one payment twice": [(service) => `paysg_payment_id=${id}&paysg_payment_id=${id}&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "one payment in two encodings": [(service) => `paysg_payment_id=${id}&paysg%5Fpayment_id=${id}&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "two payment services": [(service) => `paysg_payment_id=${id}&paysg_payment_service_id=${service}&paysg_payment_service_id=${service}`, "paysg_payment_service_id"],
    "a payment of 65 characters": [(service) => `paysg_payment_id=${"x".repeat(65)}&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "a payment with a path in it": [(service) => `paysg_payment_id=../../x&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "a payment with an encoded slash": [(service) => `paysg_payment_id=a%2Fb&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "a payment with a line break": [(service) => `paysg_payment_id=a%0D%0Aset-cookie:x&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "a payment with NUL": [(service) => `paysg_payment_id=a%00&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "a payment that is no UTF-8": [(service) => `paysg_payment_id=%ff&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "a payment with a space": [(service) => `paysg_payment_id=a+b&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "a payment with markup": [(service) => `paysg_payment_id=%3Cscript%3E&paysg_payment_service_id=${service}`, "paysg_payment_id"],
    "a payment service without its prefix": [(service) => `paysg_payment_id=${id}&paysg_payment_service_id=${service.slice(16)}`, "paysg_payment_service_id"],
    "a payment service with a path in it": [(service) => `paysg_payment_id=${id}&paysg_payment_service_id=${service}/..`, "paysg_payment_service_id"],
    "a query of 9 KB": [(service) => `x=${"y".repeat(9000)}&paysg_payment_id=${id}&paysg_payment_service_id=${service}`, "query"],
  };
  for (const [what, [query, field]] of Object.entries(malformed)) {
    test(`a return with ${what}: 400, no call to PaySG, and nowhere to go`, async () => {
      const answer = (await world.browser().get(`/return?${query(world.service)}`)).expect(400, "invalid_return");
      assert.deepEqual(answer.error.data.fields.map((error) => error.field), [field]);
      assert.equal(answer.location, null);
      const page = (await world.browser().get(`/return?${query(world.service)}`, NAVIGATION)).expect(400);
      assert.match(page.headers.get("content-type"), /^text\/html/);
      assert.deepEqual(await world.calls(), []);
    });
  }

  test("a return for a payment service that is not ours is refused without a call", async () => {
    const answer = await world.browser().get(`/return?paysg_payment_id=${UNKNOWN_ID}&paysg_payment_service_id=${UNKNOWN_SERVICE}`);
    assert.equal(answer.location, null);
    answer.expect(404, "unknown_payment_service");
    assert.deepEqual(await world.calls(), []);
  });

  test("a return with the id of another's paid payment gives no proof of it, and changes neither order", async () => {
    const mine = await world.pending();
    const theirs = await world.paid();
    assert.equal((await back(mine.browser, theirs.payment)).expect(303).location, resultOf(theirs.payment));
    assert.deepEqual((await mine.browser.get(theirs.path)).expect(200).json, { id: theirs.payment.id, payment_service_id: world.service, status: "paid" });
    assert.equal((await mine.browser.get(mine.path)).expect(200).json.status, "unpaid");
    assert.equal((await theirs.browser.get(theirs.path)).expect(200).json.reference_id, theirs.payment.reference_id);
  });

  test("a return with a payment of ours under our other payment service is not that payment", async () => {
    const { browser, payment } = await world.paid();
    const swapped = { ...payment, payment_service_id: world.services[1] };
    assert.equal((await back(browser, swapped)).expect(303).location, resultOf(swapped));
    const answer = await browser.get(statusPath(swapped));
    assert.equal(answer.json.status, undefined, answer.text);
    assert.ok(!answer.text.includes("receipt"));
  });

  if (!world.stateless) {
    test("a return enters what PaySG says into the ledger, with the cookie and without", async () => {
      for (const forgetful of [false, true]) {
        const { browser, payment } = await world.paid();
        (await back(forgetful ? world.browser() : browser, payment)).expect(303);
        await eventually(async () => (await world.intent(payment.reference_id)).expect(200).json.state === "paid", "the ledger knows");
      }
    });
  }
}

function asking(world) {
  test("with proof, an unpaid payment has exactly these fields", async () => {
    const { browser, path, payment } = await world.pending();
    assert.deepEqual((await browser.get(path)).expect(200).json, {
      id: payment.id, payment_service_id: world.service, status: "unpaid", reference_id: payment.reference_id, amount_in_cents: 4200,
    });
  });

  test("without proof, a payment has exactly id, payment service and status: no cookie, another's, a broken one", async () => {
    const { path, payment, browser } = await world.paid();
    const other = (await world.pending()).browser;
    const broken = world.browser();
    const [[name, value]] = browser.cookies;
    broken.cookies.set(name, `${value.slice(0, -1)}${value.endsWith("A") ? "B" : "A"}`);
    for (const asker of [world.browser(), other, broken]) {
      assert.deepEqual((await asker.get(path)).expect(200).json, { id: payment.id, payment_service_id: world.service, status: "paid" });
    }
  });

  test("a paid payment with proof has a receipt that the order key signed, and that says exactly this", async () => {
    const before = Math.floor(Date.now() / 1000);
    const { browser, path, payment } = await world.paid();
    const { json } = (await browser.get(path)).expect(200);
    assert.deepEqual(Object.keys(json).sort(), ["amount_in_cents", "id", "payment_service_id", "receipt", "reference_id", "status"]);
    assert.equal(json.status, "paid");
    const { header, claims } = verify(json.receipt, world.keys.order[0]);
    assert.deepEqual(header, { alg: "HS256", typ: "paysg-receipt+jwt" });
    const { iat, ...rest } = claims;
    assert.ok(Number.isInteger(iat) && iat >= before && iat <= before + 30);
    const [{ payment_succeeded_timestamp }] = await world.atPaySG(payment.reference_id);
    assert.deepEqual(rest, {
      iss: world.stack.edge_url, aud: new URL(RESULT_URL).origin, payment_id: payment.id, payment_service_id: world.service,
      reference_id: payment.reference_id, amount_in_cents: 4200, status: "paid", paid_at: payment_succeeded_timestamp,
    });
    assert.throws(() => verify(json.receipt, world.keys.order[1]), "the first key signs");
    assert.throws(() => verify(json.receipt.replace(/\.(.)/, ".f"), world.keys.order[0]));
  });

  test("a receipt is no order and no command", async () => {
    const { browser, path, payment } = await world.paid();
    const { receipt } = (await browser.get(path)).expect(200).json;
    (await world.browser().create({ order: receipt })).expect(401, "invalid_token");
    (await world.browser().post(`${path}/cancel`, { authorization: `Bearer ${receipt}` })).expect(401, "invalid_token");
    (await world.browser().get(`/intents/${world.service}/${payment.reference_id}`, { authorization: `Bearer ${receipt}` })).expect(401, "invalid_token");
  });

  const shown = {
    "not paid": [{}, "unpaid"],
    "cancelled by latest_status": [{ latest_status: "cancelled" }, "cancelled"],
    "cancelled by its timestamp": [{ payment_cancelled_timestamp: "2026-01-02T03:04:05.678+08:00" }, "cancelled"],
    "unpaid with a latest_status that is new": [{ latest_status: "expired" }, "unpaid"],
    "paid": [{ payment_status: "paid" }, "paid"],
    "paid, refund status null": [{ payment_status: "paid", refund_status: null }, "paid"],
    "paid, latest_status cancelled": [{ payment_status: "paid", latest_status: "cancelled" }, "paid"],
    "paid, latest_status unpaid": [{ payment_status: "paid", latest_status: "unpaid" }, "paid"],
    "paid and fully refunded": [{ payment_status: "paid", refund_status: "fully_refunded" }, "refunded"],
    "paid and partly refunded": [{ payment_status: "paid", refund_status: "partially_refunded" }, "partially_refunded"],
    "paid with a refund pending": [{ payment_status: "paid", refund_status: "refund_pending" }, "paid"],
    "paid with a refund that failed": [{ payment_status: "paid", refund_status: "refund_failed" }, "paid"],
    "paid with a refund status that is new": [{ payment_status: "paid", refund_status: "anything" }, "paid"],
    "of a payment status that is new": [{ payment_status: "processing" }, "unknown"],
    "Paid with a capital": [{ payment_status: "Paid" }, "unknown"],
    "unpaid though refunded": [{ refund_status: "fully_refunded" }, "unpaid"],
  };
  for (const [what, [fields, status]] of Object.entries(shown)) {
    test(`a payment that PaySG shows ${what} is ${status}, to its payer and to others, and only \`paid\` has a receipt`, async () => {
      const { browser, path, payment } = await world.pending();
      await world.show(payment.id, fields);
      const own = (await browser.get(path)).expect(200).json;
      assert.equal(own.status, status);
      assert.equal("receipt" in own, status === "paid");
      assert.equal((await world.browser().get(path)).expect(200).json.status, status);
    });
  }

  test("refunds at PaySG show once they are made: a part, the rest", async () => {
    for (const [refund, status] of [[{ refund_amount_in_cents: 1 }, "partially_refunded"], [{}, "refunded"], [{ outcome: "pending" }, "paid"], [{ outcome: "failed" }, "paid"]]) {
      const { browser, path, payment } = await world.paid();
      await world.stack.sim(`/payments/${payment.id}/refund`, refund);
      const { json } = (await browser.get(path)).expect(200);
      assert.equal(json.status, status);
      assert.equal("receipt" in json, status === "paid");
    }
  });

  for (const [what, fields] of Object.entries({ amount: { amount_in_cents: 1 }, reference: { reference_id: "another" } })) {
    test(`a GET that shows another ${what} than was asked for is never a receipt`, async () => {
      const { browser, path, payment } = await world.paid();
      await world.show(payment.id, fields);
      const answer = await browser.get(path);
      assert.ok(!answer.text.includes("receipt") && !answer.text.includes("reference_id"), answer.text);
      if (world.stateless) return;
      const { json } = (await world.intent(payment.reference_id)).expect(200);
      assert.notEqual(json.state, "paid");
      assert.ok(JSON.stringify(json.flags).includes("mismatch"), JSON.stringify(json.flags));
    });
  }

  test("an unknown payment is a 404, as JSON and as a page", async () => {
    const path = statusPath({ payment_service_id: world.service, id: UNKNOWN_ID });
    (await world.browser().get(path)).expect(404, "unknown_payment");
    const page = (await world.browser().get(path, NAVIGATION)).expect(404);
    assert.match(page.headers.get("content-type"), /^text\/html/);
  });

  test("ids that are none are refused without a call", async () => {
    const payments = `${world.stack.base_path}/payments`;
    for (const [path, status] of [
      [`${payments}/${world.service}/${"x".repeat(65)}`, 400], [`${payments}/${world.service}/a%2Fb`, 400], [`${payments}/${world.service}/a%00`, 400], [`${payments}/${world.service}/..%2f..`, 400],
      [`${payments}/payment_service_x/${UNKNOWN_ID}`, 400], [`${payments}//${UNKNOWN_ID}`, 400], [`${payments}/${UNKNOWN_SERVICE}/${UNKNOWN_ID}`, 404],
      [`${payments}/${world.service}/%2e%2e/payments`, 405], [`${payments}/${world.service}/a/b/c`, 404],
    ]) {
      const answer = await world.browser().raw("GET", path, { headers: [["accept", "application/json"]] });
      assert.equal(answer.status, status, `${path}: ${answer.text}`);
    }
    assert.deepEqual(await world.calls(), []);
  });

  test("a query and a fragment cannot change what PaySG is asked", async () => {
    const { browser, path, payment } = await world.pending();
    (await browser.get(`${path}?x=/../other&limit=1`)).expect(200);
    const calls = await world.calls("GET", payment.id);
    assert.equal(calls.at(-1).path, `/v1${path.replace("/payments/", "/payment-services/").replace(`/${payment.id}`, `/payments/${payment.id}`)}`);
    assert.equal(calls.at(-1).query, null);
  });

  for (const proof of [true, false]) {
    test(`20 questions at once ${proof ? "with" : "without"} the cookie are one call to PaySG, and the answer is remembered`, async () => {
      const { browser, path, payment } = await world.pending();
      const asked = async () => (await world.calls("GET", payment.id)).filter(({ status }) => status === 200).length;
      const before = await asked();
      await world.fault({ method: "GET", path: "/v1/", delay_ms: 100 });
      const started = Date.now();
      const answers = await Promise.all(Array.from({ length: 20 }, () => (proof ? browser : world.browser()).get(path)));
      assert.deepEqual(new Set(answers.map(({ status, json }) => `${status} ${json.status}`)), new Set(["200 unpaid"]));
      assert.equal((await asked()) - before, 1);
      (await (proof ? browser : world.browser()).get(path)).expect(200);
      if (Date.now() - started < 1_900) assert.equal((await asked()) - before, 1, "remembered");
    });
  }

  test("what was remembered is forgotten after two seconds", async () => {
    const { browser, path, payment } = await world.pending();
    assert.equal((await browser.get(path)).expect(200).json.status, "unpaid");
    await world.pay(payment.id);
    await sleep(2_050);
    assert.equal((await browser.get(path)).expect(200).json.status, "paid");
  });

  test("an unpaid payment's page refreshes itself, more and more slowly, and stops in the end", async () => {
    const { browser, path } = await world.pending();
    const refresh = async (query = "") => /^(\d+); url=(.*)$/.exec((await browser.get(`${path}${query}`, NAVIGATION)).expect(200).headers.get("refresh") ?? "");
    const [, first, next] = await refresh();
    assert.deepEqual([first, next], ["2", "?refreshed=1"]);
    assert.equal((await refresh(next))[1], "4");
    assert.equal((await refresh("?refreshed=40"))[1], "30");
    assert.equal(await refresh("?refreshed=60"), null);
    assert.notEqual(await refresh("?refreshed=-1"), null);
    assert.notEqual(await refresh("?refreshed=99999999999999999999"), null);
  });

  test("the page tells a payer with proof the reference and the amount, and others neither", async () => {
    const { browser, path, payment } = await world.paid({ fields: { amount_in_cents: 120_005 } });
    const own = (await browser.get(path, NAVIGATION)).expect(200);
    assert.match(own.text, /data-state="paid"/);
    assert.equal(own.headers.get("refresh"), null);
    assert.ok(own.text.includes(payment.reference_id) && own.text.includes("S$1200.05"), own.text);
    const others = (await world.browser().get(path, NAVIGATION)).expect(200);
    assert.ok(!others.text.includes(payment.reference_id) && !others.text.includes("1200"));
  });

  test("each status has its page, and an unpaid one never says that anything failed", async () => {
    for (const [fields, state] of [[{}, "confirming"], [{ payment_status: "new" }, "confirming"], [{ latest_status: "cancelled" }, "cancelled"], [{ payment_status: "paid", refund_status: "fully_refunded" }, "refunded"], [{ payment_status: "paid", refund_status: "partially_refunded" }, "partially_refunded"]]) {
      const { browser, path, payment } = await world.pending();
      await world.show(payment.id, fields);
      const { text } = (await browser.get(path, NAVIGATION)).expect(200);
      assert.match(text, new RegExp(`data-state="${state}"`));
      if (state === "confirming") assert.doesNotMatch(text, /fail|error/i);
    }
  });

  test("a reference is text on the page, whatever it holds", async () => {
    const { browser, path } = await world.paid({ fields: { reference_id: `"><script>alert(1)</script>&'${randomUUID()}` } });
    const { text } = (await browser.get(path, NAVIGATION)).expect(200);
    assert.ok(text.includes("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;"), text);
  });

  test("a browser keeps proof of its eight newest payments", async () => {
    const browser = world.browser();
    const made = [];
    for (let count = 0; count < 9; count += 1) made.push(await world.pending({ browser }));
    const fields = await Promise.all(made.map(async ({ path }) => Object.keys((await browser.get(path)).expect(200).json).length));
    assert.deepEqual(fields, [3, ...Array(8).fill(5)]);
  });

  if (!world.stateless) {
    test("what was paid stays paid, with its receipt, when PaySG is away or says otherwise", async () => {
      const { browser, path, payment } = await world.paid();
      assert.equal((await browser.get(path)).expect(200).json.status, "paid");
      await world.show(payment.id, { payment_status: "unpaid", latest_status: "unpaid" });
      await sleep(2_050);
      const went = (await browser.get(path)).expect(200).json;
      assert.equal(went.status, "paid");
      assert.equal(verify(went.receipt, world.keys.order[0]).claims.payment_id, payment.id);
      await sleep(2_050);
      await world.fault({ drop: "before", times: 100 });
      const away = (await browser.get(path)).expect(200).json;
      assert.deepEqual([away.status, away.reference_id, typeof away.receipt], ["paid", payment.reference_id, "string"]);
    });
  }
}

function resuming(world) {
  const resume = (browser, headers = NAVIGATION) => browser.get("/resume", headers);

  test("resume leads to the newest open payment", async () => {
    const browser = world.browser();
    await world.pending({ browser });
    const { payment } = await world.pending({ browser });
    assert.equal((await resume(browser)).expect(303).location, payment.payment_url);
    assert.equal((await resume(browser, {})).expect(303).location, payment.payment_url);
  });

  test("resume leads to the result of a payment that is paid meanwhile", async () => {
    const { browser, payment } = await world.paid();
    assert.equal((await resume(browser)).expect(303).location, `${RESULT_URL}&${withParams(payment)}`);
  });

  test("resume passes over what was cancelled, and ends where nothing is open", async () => {
    const browser = world.browser();
    const older = await world.pending({ browser });
    const newer = await world.pending({ browser });
    await world.stack.sim(`/payments/${newer.payment.id}/cancel`, {});
    assert.equal((await resume(browser)).expect(303).location, older.payment.payment_url);
    await sleep(2_050);
    await world.stack.sim(`/payments/${older.payment.id}/cancel`, {});
    (await resume(browser, {})).expect(404, "nothing_to_resume");
  });

  test("resume without a cookie, or with one that is not ours, is a 404 without a call", async () => {
    const browser = world.browser();
    (await resume(browser, {})).expect(404, "nothing_to_resume");
    assert.match((await resume(browser)).expect(404).headers.get("content-type"), /^text\/html/);
    for (const value of ["", "x", "A".repeat(4000), "%00", "eyJrIjpbXX0"]) {
      browser.cookies.set(`paysg-${world.service.slice(16, 20)}`, value);
      (await resume(browser, {})).expect(404, "nothing_to_resume");
    }
    assert.deepEqual(await world.calls(), []);
  });

  test("resume while PaySG is away: 503 with Retry-After, then on", async () => {
    const { browser, payment } = await world.pending();
    await world.fault({ drop: "before", times: 50 });
    const answer = (await resume(browser, {})).expect(503, "paysg_unavailable");
    assert.ok(answer.headers.get("retry-after"));
    await world.clearFaults();
    assert.equal((await resume(browser)).expect(303).location, payment.payment_url);
  });

  test("resume never follows a payment page that is not PaySG's", async () => {
    const { browser, payment } = await world.pending();
    await world.show(payment.id, { payment_url: "https://evil.example/" });
    const answer = await resume(browser);
    assert.equal(answer.location, null);
    assert.ok(answer.status >= 400);
  });

  test("eight payments are remembered, each in a cookie of its own, and older ones are removed", async () => {
    const browser = world.browser();
    for (let count = 0; count < 9; count += 1) await world.pending({ browser, fields: { reference_id: `${randomUUID()}${"r".repeat(200)}`, ...PAYER } });
    assert.equal(browser.cookies.size, 9, "and the browser's own");
    assert.ok(browser.cookie.length < 4000, `${browser.cookie.length} bytes`);
  });

  test("creates that overlap leave a browser the proof of each payment", async () => {
    const browser = world.browser();
    await world.pending({ browser });
    await world.fault({ method: "POST", delay_ms: 300, times: 4 });
    const answers = await Promise.all(Array.from({ length: 4 }, () => browser.create(world.body({ reference_id: randomUUID(), ...PAYER }))));
    for (const answer of answers) {
      const { payment } = answer.expect(201).json;
      assert.equal((await browser.get(statusPath(payment))).expect(200).json.reference_id, payment.reference_id);
    }
  });

  test("a browser that forgets has no proof and nothing to resume, and the payments stay as they are", async () => {
    const { browser, payment } = await world.pending();
    await world.pending({ browser });
    const strangers = await browser.post("/forget", { origin: "https://evil.example" });
    strangers.expect(403, "origin_not_allowed");
    assert.equal(browser.cookies.size, 3);
    (await browser.post("/forget")).expect(204);
    assert.equal(browser.cookies.size, 0);
    (await resume(browser, {})).expect(404, "nothing_to_resume");
    assert.equal((await browser.get(statusPath(payment))).expect(200).json.reference_id, undefined);
    assert.equal((await world.atPaySG()).filter(({ latest_status }) => latest_status === "unpaid").length, 2);
  });

  test("resume is a GET and changes nothing at PaySG", async () => {
    const { browser } = await world.pending();
    const before = (await world.calls("POST")).length;
    await resume(browser);
    assert.equal((await world.calls("POST")).length, before);
  });
}

export const groups = [returning, asking, resuming];
