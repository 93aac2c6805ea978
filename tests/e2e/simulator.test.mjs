// A tester with the simulator's own page, beside an edge that is asked for payments meanwhile.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { By, error as errors, Key } from "selenium-webdriver";
import { startStack } from "../stack.mjs";
import { anOrder, orderToken } from "../tokens.mjs";
import { violations } from "./axe.mjs";
import { engineName, startBrowser } from "./browser.mjs";

let stack, browser, driver;
before(async () => {
  const started = await Promise.allSettled([startStack({ www: false }), startBrowser()]);
  [stack, browser] = started.map(({ value }) => value);
  for (const { reason } of started) if (reason) throw reason;
  driver = browser.driver;
});
after(async () => {
  await browser?.quit();
  await stack?.stop();
});
beforeEach(async () => {
  await stack.sim("/reset", {});
  await driver.get(`${stack.simulator_url}/_sim`);
  await until("the page to be ready", () => driver.findElement(By.css("body[data-ready]")));
});

/** A list that is being replaced under our hands; WebKit's driver says it in words of its own. */
const moving = (error) =>
  [errors.NoSuchElementError, errors.StaleElementReferenceError, errors.ElementClickInterceptedError].some((kind) => error instanceof kind) || error.message.includes("displayedness");

async function until(what, ask) {
  for (const started = Date.now(); ; await sleep(40)) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      if (!moving(error)) throw error;
    }
    if (Date.now() - started > 15_000) throw new Error(`waited 15 s for ${what}; ${await read("main")}`);
  }
}

/** As the page itself gives it: WebKit's driver runs words together that stand side by side. */
const read = (css) => driver.executeScript((css) => document.querySelector(css)?.innerText ?? "", css);
const field = (form, name) => driver.findElement(By.css(`#${form} [name="${name}"]`));

/** Presses a button by what it says. */
const press = (text, within = "body") => until(`the button ${text}`, async () => {
  const buttons = await driver.findElements(By.css(`${within} button`));
  for (const button of buttons) {
    if ((await button.getText()) !== text) continue;
    await driver.executeScript("arguments[0].scrollIntoView({ block: 'center' })", button);
    await button.click();
    return true;
  }
  return false;
});

async function types(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const input = await field(form, name);
    if ((await input.getTagName()) === "select") await (await input.findElement(By.css(`option[value="${value}"]`))).click();
    else {
      await input.clear();
      // WebKit's driver drops a line feed.
      await input.sendKeys(value.replaceAll("\n", Key.ENTER));
    }
  }
}

const sees = (words, css = "main") => until(`${css} to say ${words}`, async () => words.test(await read(css)));
const complaints = async () => (await browser.console()).map(({ text }) => text);

/** Asks the edge for a payment, as an e-service's page does. */
async function asksTheEdge(order = anOrder()) {
  const response = await fetch(stack.edge("/payments"), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", origin: stack.edge_url },
    body: JSON.stringify({ order: orderToken(stack, order) }),
  });
  return { status: response.status, body: await response.json() };
}

test("a fault is armed by two clicks, and is seen to strike without a reload", { timeout: 60_000 }, async () => {
  await press("Done, answer lost");
  assert.match(await read("#fault-why"), /nobody was told/);
  await press("Arm it");
  await sees(/drops once it is done/, "#faults");
  const order = anOrder();
  const { status, body } = await asksTheEdge(order);
  assert.equal(status, 201);
  await sees(new RegExp(order.reference_id), "#payments-list");
  await sees(/dropped once it was done/, "#requests-list");
  await sees(/the simulator behaves/, "#faults");
  const payments = await driver.findElements(By.css("#payments-list [data-payment]"));
  assert.equal(payments.length, 1, "the edge made one payment of it");
  assert.equal(await payments[0].getAttribute("data-payment"), body.payment.id);
  assert.deepEqual(await complaints(), []);
});

test("every field of a fault can be set, and what is shown is what is armed and copied", { timeout: 60_000 }, async () => {
  const wanted = {
    path: "/v1/payment-services", times: 3, method: "POST", status: 503, headers: { "retry-after": "7", "x-other": "a: b" },
    body: { error: { type: "a", code: "b" } }, record: true, delay_ms: 20, drop: "after",
  };
  await press("Connection drops");
  await types("fault", {
    path: wanted.path, times: "3", method: "POST", status: "503", headers: "retry-after: 7\nx-other: a: b", body: JSON.stringify(wanted.body), delay_ms: "20", drop: "after",
  });
  await (await field("fault", "record")).click();
  assert.deepEqual(JSON.parse(await read("#fault-json")), wanted);
  await press("Arm it");
  await sees(/waits 20 ms; answers 503, recorded/, "#faults");
  assert.deepEqual((await stack.sim("/faults")).data, [wanted]);

  await types("fault", { headers: "no colon" });
  assert.match(await read("#fault-problem"), /name: value/);
  await press("Arm it");
  await types("fault", { headers: "retry-after: 8" });
  await press("Arm it");
  await until("the second fault", async () => (await stack.sim("/faults")).data.length === 2);
  assert.equal((await stack.sim("/faults")).data[1].headers["retry-after"], "8", "what was wrong was not armed");

  await press("Disarm", "#faults .item:first-child");
  await until("one fault", async () => (await stack.sim("/faults")).data.length === 1);
  await press("Disarm all");
  await sees(/the simulator behaves/, "#faults");
});

test("a lost webhook is delivered again, a refund is made, and time moves on", { timeout: 60_000 }, async () => {
  const { body } = await asksTheEdge();
  const { id, payment_service_id } = body.payment;
  await press("Pay, webhook lost");
  await sees(/Not sent to anybody/, "#events-list");
  await press("Deliver again");
  await sees(/delivered/, "#events-list");
  const [event] = (await stack.sim("/events")).data;
  assert.equal(event.deliveries[0].attempts.at(-1).status, 200);
  const status = await (await fetch(stack.edge(`/payments/${payment_service_id}/${id}`), { headers: { accept: "application/json" } })).json();
  assert.equal(status.status, "paid");

  await (await driver.findElement(By.css('#payments-list input[name="refund"]'))).sendKeys("1200");
  await press("Refund");
  await sees(/partially refunded/, "#payments-list");
  assert.equal((await stack.sim("/payments")).data[0].refund_status, "partially_refunded");

  await press("24 hours on");
  await sees(/ahead by 1 d/, "header");
  assert.equal((await stack.sim("/clock")).offset_ms, 86_400_000);
  assert.deepEqual(await complaints(), []);
});

test("what was clicked together is a scenario that does the same again", { timeout: 60_000 }, async () => {
  await press("429, Retry-After");
  await press("Arm it");
  // What is armed is listed above, and moves what is to be pressed next.
  await sees(/answers 429/, "#faults");
  await press("Twice", "#webhook-presets");
  await until("the habit to be on", async () => (await stack.sim("/settings")).webhook_copies === 2);
  await press("From what is set now");
  const scenario = JSON.parse(await (await field("scenario-form", "json")).getAttribute("value"));
  const [faults, settings] = [await stack.sim("/faults"), await stack.sim("/settings")];
  await stack.sim("/reset", {});
  await sees(/the simulator behaves/, "#faults");
  await press("Play");
  await sees(/answers 429/, "#faults");
  assert.deepEqual([await stack.sim("/faults"), await stack.sim("/settings")], [faults, settings]);
  assert.deepEqual(scenario.settings, { webhook_copies: 2 });
  await press("Twice", "#webhook-presets");
  await until("the habit to end", async () => (await stack.sim("/settings")).webhook_copies === 1);
});

test("the lists can be filtered, and nothing that is open or focused is lost when more comes in", { timeout: 60_000 }, async () => {
  for (const reference_id of ["FIRST-1", "SECOND-2"]) await stack.sim("/payments", { reference_id });
  await sees(/SECOND-2/, "#payments-list");
  const summary = () => driver.findElement(By.css("#payments-list .item:last-child summary"));
  await (await summary()).click();
  await driver.executeScript("arguments[0].focus()", await summary());
  const { data } = await stack.sim("/payments");
  // The first is replaced by what became of it, and a third is put before both.
  await stack.sim(`/payments/${data[0].id}/pay`, {});
  await stack.sim("/payments", { reference_id: "THIRD-3" });
  await sees(/THIRD-3[^]*FIRST-1\s+paid/, "#payments-list");
  assert.equal(await driver.executeScript("return document.querySelector('#payments-list .item:last-child details').open"), true);
  assert.match(await driver.executeScript("return document.activeElement.getAttribute('aria-label')"), /FIRST-1/);

  await (await driver.findElement(By.id("filter"))).sendKeys("second");
  await until("one payment", async () => (await driver.findElements(By.css("#payments-list [data-payment]"))).length === 1);
  await sees(/SECOND-2/, "#payments-list");
  assert.match(await read("#h-payments"), /1 of 3/);
});

const otherEngine = engineName === "chromium" ? false : "the screen's width is set by Chromium's own protocol";

test("from a telephone to a wide screen nothing is cut off, and each control has a name", { timeout: 60_000, skip: otherEngine }, async () => {
  await stack.sim("/payments", { reference_id: `LONG-${"x".repeat(200)}` });
  await press("HTML, not JSON");
  await press("Arm it");
  await sees(/LONG-/, "#payments-list");
  for (const width of [360, 768, 1440]) {
    await driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
    assert.ok((await driver.executeScript("return document.documentElement.scrollWidth")) <= width, `at ${width} px something is wider`);
    const { found, passed } = await violations(driver);
    assert.deepEqual(found, [], `at ${width} px`);
    assert.ok(passed > 8, `axe checked only ${passed} rules`);
  }
  await driver.sendDevToolsCommand("Emulation.clearDeviceMetricsOverride", {});
  const nameless = await driver.executeScript(() => [...document.querySelectorAll("button, input, select, textarea, summary")]
    .filter((each) => !(each.labels?.[0]?.textContent || each.getAttribute("aria-label") || each.textContent).trim())
    .map((each) => each.outerHTML));
  assert.deepEqual(nameless, []);
});
