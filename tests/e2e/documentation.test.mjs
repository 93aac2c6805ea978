// The documentation as readers see it: on a phone and on a wide screen, with scripts and without.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { By, until } from "selenium-webdriver";
import { startStack } from "../stack.mjs";
import { violations } from "./axe.mjs";
import { engineName, startBrowser } from "./browser.mjs";

const deep = process.env.PAYSG_DEEP === "1";
const folder = new URL("../../docs", import.meta.url).pathname;
const all = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".md") && !file.includes("node_modules")).map((file) => file.replace(/\.md$/, ""));
/** One page of each kind: lists, diagrams, tables, code and recipes. The long form reads all pages. */
const pages = deep ? all : ["index", "flow", "errors", "front-end", "recipes/parts"];
const skip = engineName === "chromium" ? false : "the screen's width is set by Chromium's own protocol";
const PATIENCE_MS = 20_000;
let stack;
before(async () => (stack = skip ? undefined : await startStack()));
after(() => stack?.stop());

const address = (page) => new URL(page === "index" ? "/docs" : `/docs/${page}`, stack.www_url).href;

/** Opens the documentation in a browser of its own, and checks at the end that nothing was complained of. */
const reader = (name, scripting, read) =>
  test(name, { timeout: 240_000, skip }, async () => {
    const browser = await startBrowser({ scripting });
    try {
      await read(browser.driver);
      assert.deepEqual((await browser.console()).map(({ text }) => text), []);
    } finally {
      await browser.quit();
    }
  });

const setWidth = (driver, width) => driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });

async function assertFits(driver, page, width) {
  const [wide, title] = await driver.executeScript("return [document.documentElement.scrollWidth, document.querySelector('h1').innerText]");
  assert.ok(wide <= width, `${page} is ${wide} px wide on ${width} px`);
  assert.ok(title.length > 2, page);
}

reader("each page fits phones and wide screens, passes axe, and draws its diagrams", true, async (driver) => {
  for (const page of pages) {
    const diagrams = readFileSync(join(folder, `${page}.md`), "utf8").split("```mermaid").length - 1;
    for (const width of [360, 1440]) {
      await setWidth(driver, width);
      if (width === 360) await driver.get(address(page));
      await driver.wait(async () => (await driver.findElements(By.css(".mermaid svg"))).length === diagrams, PATIENCE_MS, `${page}: ${diagrams} diagrams`);
      await assertFits(driver, page, width);
      const { found, passed } = await violations(driver);
      assert.deepEqual(found, [], `${page} on ${width} px`);
      assert.ok(passed > 8, `${page}: axe checked only ${passed} rules`);
    }
  }
});

reader("each page can be read on a phone without scripts", false, async (driver) => {
  await setWidth(driver, 360);
  for (const page of all) {
    await driver.get(address(page));
    await assertFits(driver, page, 360);
  }
});

reader("a reader searches, follows a result and turns the page", true, async (driver) => {
  await setWidth(driver, 1440);
  await driver.get(address("index"));
  await driver.findElement(By.css(".DocSearch-Button")).click();
  const box = await driver.wait(until.elementLocated(By.css("#localsearch-input")), PATIENCE_MS);
  await box.sendKeys("PAYSG_SESSION_KEY");
  const result = await driver.wait(until.elementLocated(By.css("#localsearch-list .result")), PATIENCE_MS);
  await result.click();
  await driver.wait(until.urlContains("/docs/"), PATIENCE_MS);
  await driver.get(address("front-end"));
  await driver.findElement(By.css(".pager-link.next")).click();
  await driver.wait(until.urlIs(address("backend")), PATIENCE_MS);
});
