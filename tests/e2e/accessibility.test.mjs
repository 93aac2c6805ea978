// Nobody is kept from paying: every page and every state under axe, at 320 px, zoomed, in forced colours, without motion, heard and not seen.
import assert from "node:assert/strict";
import { By, Key } from "selenium-webdriver";
import { violations } from "./axe.mjs";
import { eventually, journeys } from "./journey.mjs";
import { returnOf } from "./payer.mjs";
import { PAY_STATES, STATUS_STATES, visitors } from "./states.mjs";

const journey = journeys();
const ANSWERS = {
  // Answers that a state is made of: a failed load is said in the console.
  console: /Failed to load resource: the server responded with a status of \d+/,
  // Windows, colours and motion are set, and the accessibility tree read, through its DevTools.
  needs: "devtools",
};
const deep = process.env.PAYSG_DEEP === "1";
/** Every language has every text (tests/package/texts.test.mjs), and Tamil's are the longest; two states of each are shown outside of the long form. */
const LANGUAGES = ["en", "zh", "ms", "ta"];
const statesIn = (language) => Object.keys(STATUS_STATES).filter((state) => deep || language === "ta" || ["unpaid", "paid"].includes(state));

const visit = visitors();

async function isAccessible(driver, what) {
  const { passed, found } = await violations(driver);
  assert.deepEqual(found, [], what);
  assert.ok(passed > 8, `${what}: axe checked only ${passed} rules`);
}

/** A window of this many CSS pixels, `zoom` times enlarged. */
async function hasWindow(driver, width, height = 800, zoom = 1) {
  await driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", { width: Math.round(width / zoom), height: Math.round(height / zoom), deviceScaleFactor: zoom, mobile: false });
}
const hasItsWindow = (driver) => driver.sendDevToolsCommand("Emulation.clearDeviceMetricsOverride", {});

/** Nothing lies beyond the right edge: nobody has to scroll in two directions. */
async function fits(driver, what) {
  const { page, window, beyond } = await driver.executeScript(() => {
    const beyond = [];
    const look = (root) => {
      for (const element of root.querySelectorAll("*")) {
        const { right, width, height } = element.getBoundingClientRect();
        if (width > 1 && height > 1 && right > innerWidth + 1) beyond.push(element.outerHTML.slice(0, 80));
        if (element.shadowRoot) look(element.shadowRoot);
      }
    };
    if (document.documentElement.scrollWidth > innerWidth) look(document);
    return { page: document.documentElement.scrollWidth, window: innerWidth, beyond: beyond.slice(-3) };
  });
  assert.ok(page <= window, `${what}: ${page} px in a window of ${window}: ${beyond.join(" | ")}`);
}

/** As small as a page may be held to (WCAG 1.4.10), and 200 % enlarged with text twice as large (1.4.4). */
async function reflows(driver, what) {
  try {
    await hasWindow(driver, 320);
    await fits(driver, `${what}, at 320 px`);
    await hasWindow(driver, 1280, 1000, 2);
    await fits(driver, `${what}, at 200 %`);
  } finally {
    await hasItsWindow(driver);
  }
}

for (const state of Object.keys(STATUS_STATES)) {
  journey(`<paysg-status> is accessible when it shows: ${state}`, ANSWERS, async (world) => {
    const visitor = await visit(world);
    await visitor.showsStatus(state);
    await isAccessible(visitor.driver, state);
    await reflows(visitor.driver, state);
  });
}

for (const name of Object.keys(PAY_STATES)) {
  journey(`<paysg-pay> is accessible when it shows: ${name}`, ANSWERS, async (world) => {
    const visitor = await visit(world);
    await visitor.showsPay(name);
    await isAccessible(visitor.driver, name);
    await reflows(visitor.driver, name);
  });
}

/** What has the focus, as the name of a part. */
const focusedPart = (driver) => driver.executeScript(() => document.activeElement.shadowRoot?.activeElement?.getAttribute("part"));
const press = (driver, ...keys) => driver.actions().sendKeys(...keys).perform();

journey("a payment is cancelled by keyboard: the focus is on the question, and then on what came of it", ANSWERS, async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  await visitor.showsStatus("unpaid");
  // Continue, check again, cancel.
  await press(driver, Key.TAB, Key.TAB, Key.TAB);
  assert.equal(await focusedPart(driver), "action cancel");
  await press(driver, Key.ENTER);
  // The safe answer: Enter that is held does not cancel.
  await visitor.waits("the question", async () => (await focusedPart(driver)) === "action cancel-no");
  await isAccessible(driver, "the question");
  await reflows(driver, "the question");
  await press(driver, Key.ENTER);
  await visitor.waits("the way back", async () => (await focusedPart(driver)) === "action cancel");
  await press(driver, Key.ENTER, Key.ENTER);
  assert.deepEqual([await visitor.state(), await focusedPart(driver)], ["unpaid", "action cancel"]);
  await press(driver, Key.ENTER);
  await driver.actions().keyDown(Key.SHIFT).sendKeys(Key.TAB).keyUp(Key.SHIFT).perform();
  assert.equal(await focusedPart(driver), "action cancel-yes danger");
  await press(driver, Key.ENTER);
  await visitor.seesState("cancelled");
  assert.equal(await focusedPart(driver), "title");
});

journey("a payment is begun, stopped and begun again by keyboard, and what is wrong has the focus", ANSWERS, async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  await visitor.open("/pay", { fault: "hang" });
  await visitor.waits("the button", () => visitor.part("button"));
  await press(driver, Key.TAB, Key.TAB, Key.TAB);
  assert.equal(await focusedPart(driver), "button");
  await press(driver, Key.SPACE);
  await visitor.waits("Stop", async () => (await visitor.part("stop")).isDisplayed());
  assert.equal(await focusedPart(driver), "button", "what is busy keeps the focus");
  await press(driver, Key.TAB, Key.ENTER);
  await visitor.seesState("ready");
  assert.equal(await focusedPart(driver), "button");
  assert.match(await visitor.text("status"), /^Stopped/);

  await visitor.showsPay("fields");
  const { id, invalid, described } = await driver.executeScript(() => {
    const { id, ariaInvalid } = document.activeElement;
    return { id, invalid: ariaInvalid, described: document.getElementById(document.activeElement.getAttribute("aria-describedby")).innerText };
  });
  assert.deepEqual({ id, invalid, described }, { id: "payer_email", invalid: "true", described: "Give an address like name@example.com" });
  // Mended, it is no longer wrong.
  await press(driver, "x");
  assert.equal(await driver.executeScript(() => document.activeElement.getAttribute("aria-invalid")), null);
});

/** What a screen reader is told of a live region, from the browser's own accessibility tree. */
async function announced(driver, role) {
  const { nodes } = await driver.sendAndGetDevToolsCommand("Accessibility.getFullAXTree", {});
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const textOf = ({ role, name, childIds }) => (role?.value === "StaticText" ? name.value : childIds.map((id) => byId.get(id)).filter(Boolean).map(textOf).join(""));
  return nodes.filter((node) => !node.ignored && node.role?.value === role).map((node) => ({
    live: node.properties.find(({ name }) => name === "live")?.value.value,
    text: textOf(node),
  }));
}

journey("each change of a payment's state is announced once, politely, as it is shown", ANSWERS, async (world) => {
  const visitor = await visit(world);
  const { driver, stack } = visitor;
  const { id } = await visitor.showsStatus("confirming");
  await visitor.waits("the first announcement", async () => (await (await visitor.part("announcement")).getAttribute("textContent")) !== "");
  await driver.executeScript(() => {
    window.said = [];
    const region = document.getElementById("part").shadowRoot.querySelector("[part=announcement]");
    new MutationObserver(() => window.said.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
  });
  // Several ticks of the clock that is shown.
  await visitor.waits("some seconds", async () => /· [3-9] s/.test(await visitor.text("progress-text")));
  await stack.sim(`/payments/${id}/pay`, { webhook: false });
  await visitor.seesState("paid");
  await visitor.waits("the announcement", () => driver.executeScript(() => window.said.length > 0));
  assert.deepEqual(await driver.executeScript(() => window.said), ["Payment received. PaySG has confirmed your payment."]);
  const regions = await announced(driver, "status");
  assert.deepEqual(regions, [{ live: "polite", text: "Payment received. PaySG has confirmed your payment." }]);
});

journey("the pay button says politely what it does, and what went wrong at once", ANSWERS, async (world) => {
  const visitor = await visit(world);
  await visitor.showsPay("paying");
  assert.deepEqual(await announced(visitor.driver, "status"), [{ live: "polite", text: "We are preparing your payment with PaySG. Please stay on this page." }]);
  await visitor.showsPay("unreachable");
  const [alert] = await announced(visitor.driver, "alert");
  assert.equal(alert.live, "assertive");
  assert.match(alert.text, /^We cannot reach the payment service/);
});

const emulates = (driver, features) => driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { media: "", features });

journey("in forced colours buttons have edges, what has the focus a ring, and the progress can be seen", ANSWERS, async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  await emulates(driver, [{ name: "forced-colors", value: "active" }, { name: "prefers-color-scheme", value: "dark" }]);
  try {
    const seen = (selector) => driver.executeScript((selector) => {
      const element = document.getElementById("part").shadowRoot.querySelector(selector);
      const { borderTopColor, borderTopStyle, outlineStyle, outlineColor, color, backgroundColor } = getComputedStyle(element);
      return { forced: matchMedia("(forced-colors: active)").matches, page: getComputedStyle(document.body).backgroundColor, borderTopColor, borderTopStyle, outlineStyle, outlineColor, color, backgroundColor };
    }, selector);
    await visitor.showsStatus("unpaid");
    await press(driver, Key.TAB);
    for (const selector of ["[part~=resume]", "[part~=cancel]"]) {
      const style = await seen(selector);
      assert.ok(style.forced);
      assert.equal(style.borderTopStyle, "solid");
      assert.notEqual(style.borderTopColor, style.backgroundColor, selector);
      assert.notEqual(style.color, style.backgroundColor, selector);
    }
    const { outlineStyle, outlineColor, page } = await seen("[part~=resume]");
    assert.equal(outlineStyle, "solid");
    assert.notEqual(outlineColor, page);
    await isAccessible(driver, "unpaid in forced colours");
    await visitor.showsStatus("confirming");
    assert.notEqual((await seen("[part=progress-value]")).backgroundColor, (await seen("[part=progress-bar]")).backgroundColor);
    await visitor.showsPay("paying");
    const button = await seen("[part=button]");
    assert.notEqual(button.borderTopColor, button.page);
    await isAccessible(driver, "paying in forced colours");
  } finally {
    await emulates(driver, []);
  }
});

journey("on a dark page everything can still be read", ANSWERS, async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  const darkens = () => driver.executeScript(() => Object.assign(document.documentElement.style, { colorScheme: "dark", background: "#101318", color: "#f2f4f7" }));
  for (const state of deep ? ["confirming", "paid", "unpaid"] : ["confirming", "unpaid"]) {
    await visitor.showsStatus(state);
    await darkens();
    if (state === "unpaid") await (await visitor.part("cancel")).click();
    // The page's own links are not ours.
    await driver.executeScript(() => document.querySelectorAll("a, label").forEach((element) => (element.style.color = "inherit")));
    await isAccessible(driver, `${state} on a dark page`);
  }
  for (const name of deep ? ["ready", "slow", "refused"] : ["refused"]) {
    await visitor.showsPay(name);
    await darkens();
    await isAccessible(driver, `${name} on a dark page`);
  }
});

journey("nothing moves for who asked for less motion, and something does for others", ANSWERS, async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  const moving = () => driver.executeScript(() => document.getElementById("part").shadowRoot.getAnimations({ subtree: true }).filter(({ playState }) => playState === "running").length);
  for (const [value, wanted] of [["reduce", 0], ["no-preference", 1]]) {
    await emulates(driver, [{ name: "prefers-reduced-motion", value }]);
    try {
      await visitor.showsStatus("confirming");
      assert.equal(await moving(), wanted, `confirming, ${value}`);
      await visitor.showsPay("paying");
      assert.equal(await moving(), wanted, `paying, ${value}`);
    } finally {
      await emulates(driver, []);
    }
  }
});

journey("on paper there is the receipt and nothing to press", ANSWERS, async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  const { id } = await visitor.showsStatus("paid");
  await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { media: "print", features: [] });
  try {
    const text = await visitor.text("base");
    assert.match(text, /Payment received[^]*Reference[^]*Amount paid\s+S\$36\.50[^]*Paid on/);
    assert.ok(text.includes(id), text);
    assert.ok(await (await driver.findElement(By.css("[slot=receipt-header]"))).isDisplayed());
    for (const part of ["print", "announcement"]) assert.ok(!(await (await visitor.part(part)).isDisplayed()), part);
  } finally {
    await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { media: "", features: [] });
  }
});

for (const language of LANGUAGES) {
  journey(`in ${language}, each state that is shown is in that language, for eyes and for screen readers, and fits at 320 px`, ANSWERS, async (world) => {
    const visitor = await visit(world);
    const { default: texts } = await import(`../../pkg/elements/texts/${language}.js`);
    const heard = () => visitor.driver.executeScript(() => document.getElementById("part").shadowRoot.firstElementChild.lang);
    for (const state of statesIn(language)) {
      await visitor.showsStatus(state, { lang: language });
      // Said in English until the words are there.
      await visitor.waits(`${state} in ${language}`, async () => (await heard()) === language, heard);
      assert.equal(await visitor.text("title"), texts[`status.${state}_title`]);
      await reflows(visitor.driver, state);
      if (state === "paid") await isAccessible(visitor.driver, state);
      await fetch(`${world.stack.simulator_url}/_sim/faults`, { method: "DELETE" });
    }
    await visitor.showsPay("fields", { lang: language });
    assert.equal(await visitor.text("error-title"), texts["error.fields_title"]);
    assert.equal(await heard(), language);
    await isAccessible(visitor.driver, "fields");
    await reflows(visitor.driver, "fields");
  });
}

const PAGES = { home: "/", licence: "/licence", invoices: "/invoices", "invoices without scripts": "/invoices-plain", about: "/about", "result without a payment": "/result", missing: "/nothing-here" };

for (const [name, path] of Object.entries(PAGES)) {
  journey(`the e-service's page is accessible: ${name}`, ANSWERS, async ({ payer }) => {
    await payer.opens(path);
    if (path === "/licence") await payer.seesState("licence-form", "ready");
    if (path === "/invoices") await payer.seesState("invoices", "ready");
    if (path === "/result") await payer.seesOutcome("nothing");
    await isAccessible(payer.driver, name);
    await reflows(payer.driver, name);
  });
}

journey("the e-service's pages are accessible on the way through a payment", ANSWERS, async ({ payer, stack }) => {
  const { driver } = payer;
  const look = async (what) => {
    await isAccessible(driver, what);
    await reflows(driver, what);
  };
  await payer.opens("/licence");
  await payer.types("payer-email", "nobody");
  await payer.presses("pay");
  await payer.reads("error-summary");
  await look("a form with errors");

  await payer.startsLicence();
  const payment = await payer.onePayment();
  await payer.goesBack();
  await payer.reads("notice");
  await look("come back by the back button");
  await payer.returnsWith(returnOf(payment));
  await payer.seesOutcome("confirming");
  await payer.presses("not-paid");
  await payer.seesOutcome("unpaid");
  await look("not paid yet");
  await stack.sim(`/payments/${payment.id}/pay`, { webhook: false });
  await payer.presses("retry");
  await payer.readsReceipt();
  await look("the receipt");
});

journey("the proxy's own pages are accessible, in every state", ANSWERS, async (world) => {
  const visitor = await visit(world);
  const { driver, stack } = visitor;
  const page = (payment) => driver.get(stack.edge(`/payments/${stack.payment_service_id}/${payment}`));
  const sees = async (state) => {
    // What is not settled is a page that refreshes itself: stopped, it stays as it is for as long as it is looked at.
    await visitor.waits(`the page ${state}`, () => driver.executeScript((state) => document.querySelector("main")?.dataset.state === state && (stop(), true), state));
    // These two have all its colours.
    for (const value of deep || ["paid", "error"].includes(state) ? ["light", "dark"] : ["light"]) {
      await emulates(driver, [{ name: "prefers-color-scheme", value }]);
      await isAccessible(driver, `the proxy's page: ${state}, ${value}`);
    }
    await emulates(driver, []);
    await reflows(driver, `the proxy's page: ${state}`);
  };
  // Each of them as the page shows it: not yet settled is being confirmed, whatever stands in the way.
  for (const [state, { act }] of Object.entries(STATUS_STATES)) {
    if (!["paid", "refunded", "partially_refunded", "cancelled", "confirming", "unreachable"].includes(state)) continue;
    await visitor.open("/pay");
    const { id } = await visitor.makesPayment();
    await act?.(stack, id);
    await page(id);
    await sees(state === "unreachable" ? "confirming" : state);
    await fetch(`${stack.simulator_url}/_sim/faults`, { method: "DELETE" });
  }
  await driver.get(stack.edge("/return?paysg_payment_id=x"));
  await sees("error");
  // PaySG's GET may lag behind its own create, so the page believes a 404 only after some refreshes.
  await page("AAAAAAAAAAAAAAAAAAAAA");
  await sees("confirming");
  await driver.get(`${await driver.getCurrentUrl()}?refreshed=4`);
  await sees("error");
  await driver.get(stack.edge("/nothing-here"));
  await sees("error");
  // A form that lacks something, without scripts.
  await visitor.open("/own");
  await driver.executeScript(() => HTMLFormElement.prototype.submit.call(document.querySelector("form")));
  await sees("error");
  assert.match(await driver.executeScript(() => document.querySelector("main").innerText), /payer_name|Name/);
});

journey("the simulator's pages are accessible: paying, failed, left, paid, cancelled, unknown, and its control", ANSWERS, async (world) => {
  const visitor = await visit(world);
  const { driver, stack } = visitor;
  const look = async (path, words) => {
    await driver.get(`${stack.simulator_url}${path}`);
    await visitor.waits(`${words} at ${path}`, async () => words.test(await driver.executeScript(() => document.body.innerText)));
    await isAccessible(driver, path);
    await reflows(driver, path);
  };
  await visitor.open("/pay");
  const { id } = await visitor.makesPayment();
  await look(`/payments/${id}`, /How would you like to pay/);
  await look(`/payments/${id}?outcome=failed`, /did not go through/);
  await look(`/payments/${id}?outcome=left`, /left without paying/);
  await stack.sim(`/payments/${id}/pay`, {});
  await look(`/payments/${id}`, /This payment is complete/);
  const { id: other } = await (await visitor.open("/pay"), visitor.makesPayment());
  await stack.sim(`/payments/${other}/cancel`, {});
  await look(`/payments/${other}`, /cancelled this payment/);
  await look("/payments/AAAAAAAAAAAAAAAAAAAAA", /Payment not found/);
  await look("/_sim", new RegExp(other));
});
