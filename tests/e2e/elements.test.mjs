// What the parts do on a page that is not ours, <paysg-pay> above all: with other forms, other buttons, other words, and where something is missing.
import assert from "node:assert/strict";
import { Key } from "selenium-webdriver";
import { journeys } from "./journey.mjs";
import { visitors } from "./states.mjs";

const journey = journeys();
const visit = visitors();
const opens = async (world, path, query) => (await visit(world)).opens(path, query);

const type = (driver, id, text) => driver.executeScript((id, text) => (document.getElementById(id).value = text), id, text);

journey("a form around the element is paid, with the item of the element's attribute", async (world) => {
  const visitor = await opens(world, "/pay");
  await (await visitor.part("button")).click();
  const id = await world.payer.isAtPaySG();
  const payment = await world.payer.onePayment();
  assert.deepEqual([payment.id, payment.amount_in_cents, payment.payer_name], [id, 12_000, "Tan Ah Kow"]);
});

journey("a form in the element is paid by Enter in its field", async (world) => {
  const { driver } = await opens(world, "/inside");
  await driver.findElement({ id: "payer_name" }).sendKeys(Key.ENTER);
  const id = await world.payer.isAtPaySG();
  assert.equal((await world.payer.onePayment()).id, id);
});

journey("the form's own checks come first, and the page's button keeps its words but while it is busy", async (world) => {
  const { driver } = await opens(world, "/own");
  const button = await driver.findElement({ css: "paysg-pay > button" });
  await button.click();
  assert.equal(await driver.executeScript(() => document.querySelector("form").checkValidity()), false);
  assert.deepEqual(await world.payer.payments(), []);

  await type(driver, "payer_name", "Tan Ah Kow");
  await driver.executeScript(() => (document.getElementById("part").order = () => new Promise(() => {})));
  await button.click();
  assert.equal(await button.getText(), "Preparing payment…");
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  await driver.executeScript(() => document.getElementById("part").stop());
  assert.equal(await button.getText(), "Renew and pay");
  assert.equal(await button.getAttribute("aria-disabled"), null);

  await driver.executeScript(() => (document.getElementById("part").order = null));
  await button.click();
  await world.payer.isAtPaySG();
  await world.payer.onePayment();
});

journey("an e-service that prevents the submission has prevented the payment", async (world) => {
  const visitor = await opens(world, "/pay");
  await visitor.driver.executeScript(() => document.querySelector("form").addEventListener("submit", (event) => event.preventDefault()));
  await (await visitor.part("button")).click();
  assert.equal(await visitor.state(), null);
  assert.deepEqual(await world.payer.payments(), []);
});

journey("where there is no wasm the form goes its plain way, and still pays once", async (world) => {
  const visitor = await opens(world, "/pay", { fault: "wasmless" });
  await (await visitor.part("button")).click();
  const id = await world.payer.isAtPaySG();
  const payment = await world.payer.onePayment();
  assert.deepEqual([payment.id, payment.amount_in_cents], [id, 12_000]);
});

journey("where what is prepared fails under Stop, the focus is on the button", async (world) => {
  const visitor = await opens(world, "/pay");
  const { driver } = visitor;
  await driver.executeScript(() => (document.getElementById("part").order = () => new Promise((_, reject) => (window.fails = () => reject(new TypeError("away"))))));
  await (await visitor.part("button")).click();
  await visitor.waits("Stop", async () => (await visitor.part("stop")).isDisplayed());
  await driver.executeScript(() => {
    document.getElementById("part").shadowRoot.querySelector("[part=stop]").focus();
    window.fails();
  });
  await visitor.seesState("failed");
  assert.equal(await driver.executeScript(() => document.activeElement.shadowRoot?.activeElement?.getAttribute("part")), "button");
});

journey("an alert is written once for each failure, however often the rest is drawn", async (world) => {
  const visitor = await opens(world, "/pay", { fault: "refused" });
  const { driver } = visitor;
  const same = () => driver.executeScript(() => {
    const now = document.getElementById("part").shadowRoot.querySelector("[role=alert]").firstElementChild;
    const same = now === window.alerted;
    window.alerted = now;
    return same;
  });
  await (await visitor.part("button")).click();
  await visitor.seesState("failed");
  assert.equal(await same(), false);
  await driver.executeScript(() => (document.getElementById("part").amountInCents = 1));
  assert.equal(await same(), true);
  await driver.executeScript(() => document.getElementById("part").pay());
  await visitor.seesState("failed");
  assert.equal(await same(), false, "a failure that nobody is told of");
});

journey("a button deeper in the element is pressed and speaks, with no form around", async (world) => {
  const visitor = await opens(world, "/nested");
  const { driver } = visitor;
  const button = await driver.findElement({ css: "paysg-pay button" });
  await driver.executeScript(() => {
    const part = document.getElementById("part");
    part.order = () => new Promise((resolve) => (window.orders = () => resolve({ item: "stall-1y", payer_name: "Tan Ah Kow" })));
  });
  await button.click();
  assert.equal(await visitor.state(), "paying");
  assert.deepEqual([await button.getText(), await button.getAttribute("aria-disabled")], ["Preparing payment…", "true"]);
  await driver.executeScript(() => window.orders());
  await world.payer.isAtPaySG();
  await world.payer.onePayment();
});

journey("before a language has come the page's own button is there and can be pressed, in English", async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  const comes = visitor.gallery.hold("/pkg/elements/texts/ta.js");
  try {
    await visitor.open("/own", { lang: "ta", fault: "refused" });
    const button = await driver.findElement({ css: "paysg-pay > button" });
    await visitor.waits("the button", () => button.isDisplayed());
    await type(driver, "payer_name", "Tan Ah Kow");
    await button.click();
    await visitor.seesState("failed");
    assert.equal(await visitor.text("error-title"), "This payment could not be started");
  } finally {
    comes();
  }
  const { default: texts } = await import("../../pkg/elements/texts/ta.js");
  await visitor.waits("Tamil", async () => (await visitor.text("error-title")) === texts["error.refused_title"]);
  assert.equal(await driver.executeScript(() => document.getElementById("part").shadowRoot.firstElementChild.lang), "ta");
});

journey("a field that the proxy refuses is invalid until it is changed, with or without a place for the words", { console: /400 \(Bad Request\)/ }, async (world) => {
  const visitor = await opens(world, "/pay");
  const { driver } = visitor;
  const field = await driver.findElement({ id: "payer_email" });
  const facts = () => driver.executeScript(() => {
    const field = document.getElementById("payer_email");
    const place = document.querySelector("[data-paysg-error]");
    return { valid: field.validity.valid, said: field.validationMessage, place: place && !place.hidden ? place.textContent : null, focused: document.activeElement === field };
  });
  const text = "Give an address like name@example.com";
  for (const place of [text, null]) {
    if (place === null) await driver.executeScript(() => document.querySelector("[data-paysg-error]").remove());
    await field.clear();
    await field.sendKeys("nobody@localhost");
    await (await visitor.part("button")).click();
    await visitor.seesState("failed");
    assert.deepEqual(await facts(), { valid: false, said: text, place, focused: true });
    assert.equal(await visitor.text("error-fields"), `E-mail: ${text}`);
    await field.sendKeys("x");
    assert.deepEqual(await facts(), { valid: true, said: "", place: null, focused: true });
  }
  assert.deepEqual(await world.payer.payments(), []);
});

journey("what no field can mend is the element's own, and it can be pressed again", { console: /400 \(Bad Request\)/ }, async (world) => {
  const visitor = await opens(world, "/pay");
  const { driver } = visitor;
  await driver.executeScript(() => (document.getElementById("part").item = "no-such-item"));
  await (await visitor.part("button")).click();
  await visitor.seesState("failed");
  assert.equal(await visitor.text("error-fields"), null, "the payer is shown no field that is not theirs");
  assert.equal(await driver.executeScript(() => document.getElementById("part").validity.customError), true);
  assert.equal(await driver.executeScript(() => document.querySelector("form").checkValidity()), false);
  await driver.executeScript(() => (document.getElementById("part").item = "stall-1y"));
  await (await visitor.part("button")).click();
  await world.payer.isAtPaySG();
});

journey("the page shows errors itself if it says so", async (world) => {
  const visitor = await opens(world, "/pay", { fault: "unreachable" });
  await visitor.driver.executeScript(() => addEventListener("paysg-error", (event) => {
    event.preventDefault();
    window.told = event.detail.kind;
  }));
  await (await visitor.part("button")).click();
  await visitor.seesState("failed");
  assert.equal(await visitor.driver.executeScript(() => window.told), "unreachable");
  assert.ok(!(await (await visitor.part("error")).isDisplayed()));
  assert.equal(await visitor.text("label"), "Try again");
});

journey("where the browser does not leave the page, another press tries again", async (world) => {
  const visitor = await opens(world, "/pay", { fault: "leave" });
  await (await visitor.part("button")).click();
  await visitor.seesState("redirecting");
  await visitor.waits("another try", async () => (await visitor.text("label")) === "Try again");
  await (await visitor.part("button")).click();
  assert.match(await visitor.driver.executeScript(() => document.documentElement.dataset.seen), /^ paying redirecting paying/);
});

journey("where the browser does not leave the page, another element can be pressed", async (world) => {
  const visitor = await opens(world, "/two", { fault: "leave" });
  const { driver } = visitor;
  const other = () => driver.executeScript(() => document.getElementById("other").shadowRoot.querySelector("[part~=button]"));
  await driver.executeScript(() => (document.getElementById("other").order = { item: "stall-1y", payer_name: "Siti binte Rahman" }));
  await (await visitor.part("button")).click();
  await visitor.seesState("redirecting");
  // What the payer presses last is what they want.
  await (await other()).click();
  const id = await world.payer.isAtPaySG();
  const payment = await world.payer.onePayment();
  assert.deepEqual([payment.id, payment.payer_name], [id, "Siti binte Rahman"]);
});

journey("an element that leaves the page gives up what it had begun, and another can be pressed", async (world) => {
  const visitor = await opens(world, "/pay");
  const aborted = await visitor.driver.executeScript(() => {
    const part = document.getElementById("part");
    part.order = ({ signal }) => new Promise(() => signal.addEventListener("abort", () => (window.aborted = true)));
    void part.pay();
    return Promise.resolve().then(() => {
      part.remove();
      const next = document.createElement("paysg-pay");
      next.id = "part";
      next.devPaymentOrigin = new URLSearchParams(location.search).get("simulator");
      next.order = { item: "stall-1y", payer_name: "Siti binte Rahman" };
      document.querySelector("main").append(next);
      return window.aborted;
    });
  });
  assert.equal(aborted, true);
  await (await visitor.part("button")).click();
  await world.payer.isAtPaySG();
  assert.equal((await world.payer.onePayment()).payer_name, "Siti binte Rahman");
});

/** In the page: another view in place of the element's, with an element of its own. */
const showsAnotherView = () => {
  document.getElementById("part").remove();
  const next = document.createElement("paysg-pay");
  next.id = "part";
  next.devPaymentOrigin = new URLSearchParams(location.search).get("simulator");
  next.order = { item: "stall-1y", payer_name: "Siti binte Rahman" };
  document.querySelector("main").append(next);
};

journey("where the browser did not leave the page and another view took the element's place, what that orders is paid", async (world) => {
  const visitor = await opens(world, "/pay");
  const { driver } = visitor;
  await world.stack.sim("/faults", [{ method: "GET", path: "/payments/", times: 1, status: 204 }]);
  await (await visitor.part("button")).click();
  await visitor.seesState("redirecting");
  await driver.executeScript(showsAnotherView);
  await (await visitor.part("button")).click();
  const id = await world.payer.isAtPaySG();
  const names = (await world.payer.payments()).map(({ payer_name }) => payer_name);
  assert.deepEqual(names, ["Tan Ah Kow", "Siti binte Rahman"]);
  assert.equal((await world.payer.payments()).find(({ payer_name }) => payer_name === "Siti binte Rahman").id, id);
});

journey("a payer who goes on within the page while a payment is prepared is not pulled out of it", async (world) => {
  const visitor = await opens(world, "/pay");
  const { driver } = visitor;
  await driver.executeScript(() => {
    document.getElementById("part").order = ({ signal }) => new Promise((resolve) => {
      window.orders = () => resolve({ item: "stall-1y", payer_name: "Tan Ah Kow" });
      signal.addEventListener("abort", () => (window.aborted = true));
    });
    // A router's, where the browser has what routers build on.
    globalThis.navigation?.addEventListener("navigate", (event) => event.intercept());
  });
  await (await visitor.part("button")).click();
  await visitor.seesState("paying");
  await driver.executeScript(() => (globalThis.navigation ? location.assign("/elsewhere") : history.pushState(null, "", "/elsewhere")));
  await driver.executeScript(showsAnotherView);
  assert.equal(await driver.executeScript(() => window.aborted), true);
  // Its order comes all the same; the module is there already, and would be asked at once.
  await driver.executeScript(() => window.orders());
  await driver.executeAsyncScript((done) => setTimeout(done, 500));
  assert.equal(new URL(await driver.getCurrentUrl()).pathname, "/elsewhere");
  assert.deepEqual(await world.payer.payments(), []);
});

journey("the language follows the page, the e-service's own words come first, and a language can be added", async (world) => {
  const visitor = await opens(world, "/pay");
  const { driver } = visitor;
  const speaks = (text) => visitor.waits(`the label ${text}`, async () => (await visitor.text("label")) === text, () => visitor.text("label"));
  const language = () => driver.executeScript(() => document.getElementById("part").shadowRoot.firstElementChild.lang);
  await speaks("Pay S$120.00");
  await driver.executeScript(() => (document.documentElement.lang = "ms-SG"));
  await speaks("Bayar S$120.00");
  await driver.executeScript(() => (document.querySelector("form").lang = "zh-Hans"));
  await speaks("付款 S$120.00");
  assert.equal(await language(), "zh");
  await driver.executeScript(() => {
    elements.setTexts("zh", { "pay.pay_amount": "缴付 {amount}" });
    elements.setTexts("fr", { "pay.pay_amount": "Payer {amount}" });
  });
  await speaks("缴付 S$120.00");
  await driver.executeScript(() => (document.querySelector("form").lang = "fr"));
  await visitor.waits("French", async () => /^Payer/.test(await visitor.text("label")));
  // Nobody has words for it.
  await driver.executeScript(() => (document.querySelector("form").lang = "de"));
  await speaks("Pay S$120.00");
  assert.equal(await language(), "en");
  const refused = await driver.executeScript(() => {
    try {
      elements.setTexts("en", { "pay.payy": "" });
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(refused, "TypeError");
});

journey("a language that cannot be fetched is said in English, and called so", { console: /texts\/ta\.js/, needs: "devtools" }, async (world) => {
  const visitor = await visit(world);
  const { driver } = visitor;
  await driver.sendDevToolsCommand("Network.enable", {});
  await driver.sendDevToolsCommand("Network.setBlockedURLs", { urls: ["*texts/ta.js"] });
  try {
    await visitor.open("/status", { lang: "ta" });
    await visitor.seesState("nothing");
    await visitor.waits("the words", () => visitor.text("title"));
    assert.equal(await visitor.text("title"), "No payment to show");
    assert.equal(await driver.executeScript(() => document.getElementById("part").shadowRoot.firstElementChild.lang), "en");
  } finally {
    await driver.sendDevToolsCommand("Network.setBlockedURLs", { urls: [] });
  }
});
