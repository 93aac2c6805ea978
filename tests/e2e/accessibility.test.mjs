// Nobody is kept from paying: every page and every state under axe, at 320 px, zoomed, in forced colours, without motion, heard and not seen.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { violations } from "./axe.mjs";
import { openGallery } from "./gallery.mjs";
import { eventually, journeys } from "./journey.mjs";
import { returnOf } from "./payer.mjs";
import { PAY_STATES, STATUS_STATES, Visitor } from "./states.mjs";

const journey = journeys();
/** Answers that a state is made of: a failed load is said in the console. */
const ANSWERS = { console: /Failed to load resource: the server responded with a status of \d+/ };
const LANGUAGES = ["en", "zh", "ms", "ta"];

/** The gallery of the file's stack, which is there once the first journey begins. */
let gallery;
const visit = async ({ stack, browser }) => {
  gallery ??= await openGallery(stack);
  return new Visitor(browser.driver, stack, gallery);
};
before(() => {});
after(() => gallery?.close());

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

journey("the question before a payment is cancelled is accessible, and answered by keyboard", ANSWERS, async (world) => {
  const visitor = await visit(world);
  await visitor.showsStatus("unpaid");
  await (await visitor.part("cancel")).click();
  await isAccessible(visitor.driver, "the question");
  await reflows(visitor.driver, "the question");
});

for (const language of LANGUAGES) {
  journey(`in ${language}, every state is in that language, for eyes and for screen readers, and fits at 320 px`, ANSWERS, async (world) => {
    const visitor = await visit(world);
    const { default: texts } = await import(`../../pkg/elements/texts/${language}.js`);
    const heard = () => visitor.driver.executeScript(() => document.getElementById("part").shadowRoot.firstElementChild.lang);
    for (const state of Object.keys(STATUS_STATES)) {
      await visitor.showsStatus(state, { lang: language });
      assert.equal(await visitor.text("title"), texts[`status.${state}_title`]);
      assert.equal(await heard(), language);
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
