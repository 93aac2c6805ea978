// The documentation as it is read: on a telephone and on a wide screen, with scripts and without.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { By } from "selenium-webdriver";
import { addressOf, chapters } from "../../www/documentation/pages.mjs";
import { startStack } from "../stack.mjs";
import { violations } from "./axe.mjs";
import { engineName, startBrowser } from "./browser.mjs";

const deep = process.env.PAYSG_DEEP === "1";
const pages = chapters().flatMap((chapter) => chapter.pages);
/** What pages are made of stands in these: chapters, pictures, tables, code and recipes. All come from one template, and are looked through in the long form. */
const KINDS = ["index", "flow", "errors", "front-end", "recipes/parts"];
const skip = engineName === "chromium" ? false : "the screen's width is set by Chromium's own protocol";
let stack;
before(async () => (stack = skip ? undefined : await startStack()));
after(() => stack?.stop());

for (const scripting of [true, false]) {
  // Scripts draw the site's head alone, which has its own tests.
  const looked = scripting && !deep ? KINDS : pages;
  const whose = looked === pages ? "each page" : "each kind of page";
  test(`${whose}, ${scripting ? "with" : "without"} scripts, from 360 to 1440 px: nothing is wider than the screen, its contents lead to its headings`, { timeout: 240_000, skip }, async () => {
    const browser = await startBrowser({ scripting });
    const { driver } = browser;
    try {
      const hasWidth = (width) => driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
      const widths = scripting ? [360, 1440] : [360];
      assert.deepEqual(looked.filter((page) => !pages.includes(page)), []);
      for (const page of looked) {
        for (const width of widths) {
          await hasWidth(width);
          if (width === 360) await driver.get(new URL(addressOf(page), stack.www_url).href);
          const measure = "return [document.documentElement.scrollWidth, document.querySelector('h1').innerText, getComputedStyle(document.body).fontFamily]";
          const [wide, title, font] = await driver.executeScript(measure);
          assert.ok(wide <= width, `${page} is ${wide} px wide on ${width} px`);
          assert.ok(title.length > 2);
          assert.match(font, /Inter/, "the design system's typeface");
          if (scripting) {
            const { found, passed } = await violations(driver);
            assert.deepEqual(found, [], `${page} on ${width} px`);
            assert.ok(passed > 8, `${page}: axe checked only ${passed} rules`);
          }
        }
      }
      // What a reader does: to the flow's second picture by the list of contents.
      for (const width of widths) {
        await hasWidth(width);
        await driver.get(new URL(addressOf("flow"), stack.www_url).href);
        await driver.findElement(By.css('.docs-contents a[href="#the-answer-is-lost"]')).click();
        const [top, seen] = await driver.executeScript("return [document.querySelector('#the-answer-is-lost').getBoundingClientRect().top, getComputedStyle(document.querySelector('.sequence svg')).display]");
        assert.ok(top >= -1 && top < 200, `the heading is ${top} px below the top`);
        assert.equal(seen, width < 640 ? "none" : "block", "a picture where there is room, words where there is none");
      }
      assert.deepEqual((await browser.console()).map(({ text }) => text), []);
    } finally {
      await browser.quit();
    }
  });
}
