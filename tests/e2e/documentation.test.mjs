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
const skip = engineName === "chromium" ? false : "the screen's width is set by Chromium's own protocol";
let stack;
before(async () => (stack = skip ? undefined : await startStack()));
after(() => stack?.stop());

for (const scripting of [true, false]) {
  test(`each page, ${scripting ? "with" : "without"} scripts, from 360 to 1440 px: nothing is wider than the screen, its contents lead to its headings`, { timeout: 240_000, skip }, async () => {
    const browser = await startBrowser({ scripting });
    const { driver } = browser;
    try {
      const hasWidth = (width) => driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
      const widths = scripting ? [360, 1440] : [360];
      for (const [at, page] of pages.entries()) {
        for (const width of widths) {
          await hasWidth(width);
          if (width === 360) await driver.get(new URL(addressOf(page), stack.www_url).href);
          const measure = "return [document.documentElement.scrollWidth, document.querySelector('h1').innerText, getComputedStyle(document.body).fontFamily]";
          const [wide, title, font] = await driver.executeScript(measure);
          assert.ok(wide <= width, `${page} is ${wide} px wide on ${width} px`);
          assert.ok(title.length > 2);
          assert.match(font, /Inter/, "the design system's typeface");
          // Scripts draw the site's head, which has its own tests. Each page is looked through on one of the screens, and in the long form on both.
          if (scripting && (deep || width === widths[at % 2])) {
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
