// What every journey has: a stack, a browser, and a payer who uses it; and what is looked at after each of them.
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "../stack.mjs";
import { needsWhole, startBrowser, whyNot } from "./browser.mjs";
import { Payer } from "./payer.mjs";

const evidence = new URL("../../target/e2e/", import.meta.url).pathname;

/**
 * Declares a file's journeys: they share one stack and one browser. `browser` and `stack` are the options of `startBrowser` and `startStack`;
 * `browser` may be a function that makes them.
 *
 * What it gives is used like `test`; the function gets `{payer, stack, browser}`. Each begins with a new tab and without cookies. After each, the browser has
 * to be without complaints about our pages, save those that match `console`. `needs`, of a journey or of a file's browser, names what not every engine
 * has: one that lacks it skips the journey, and says why.
 */
export function journeys({ browser: browserOptions = {}, stack: stackOptions = {} } = {}) {
  const world = {};
  before(async () => {
    const [stack, browser] = await Promise.allSettled([startStack(stackOptions), browserWith(browserOptions)]);
    Object.assign(world, { stack: stack.value, browser: browser.value });
    for (const { reason } of [stack, browser]) if (reason) throw reason;
  });
  after(async () => {
    await world.browser?.quit();
    await world.stack?.stop();
  });

  return function journey(name, ...rest) {
    const walk = rest.pop();
    const { console: expected, needs: ownNeeds = [], skip, ...options } = rest.pop() ?? {};
    const needs = [ownNeeds, browserOptions.needs ?? []].flat();
    /** A driver that waits for what never comes takes no other command: what a journey spoils is not the next one's. */
    const endsBrowser = async (browser) => {
      await Promise.race([browser.quit(), sleep(5_000, undefined, { ref: false })]).catch(() => {});
      browser.kill();
      world.browser = undefined;
    };
    test(name, { timeout: 60_000, ...options, skip: skip || whyNot(needs) || false }, async (t) => {
      const { stack } = world;
      const browser = (world.browser ??= await browserWith(browserOptions));
      t.after(() => t.passed === false && endsBrowser(browser));
      const payer = new Payer(browser, stack);
      for (const kind of ["png", "txt"]) rmSync(`${evidenceOf(name)}.${kind}`, { force: true });
      await payer.begins();
      try {
        await walk({ payer, stack, browser });
        assert.deepEqual(await complaints(browser, stack, expected), []);
      } catch (error) {
        await keepEvidence(name, browser, stack);
        throw error;
      } finally {
        await clearFaults(stack);
      }
    });
  };
}

async function browserWith(options) {
  const { needs, ...chosen } = typeof options === "function" ? await options() : options;
  return startBrowser({ ...chosen, whole: needsWhole(needs) });
}

/** What the browser said about our pages. PaySG's page is PaySG's. */
async function complaints(browser, { simulator_url }, expected) {
  const all = await browser.console();
  return all.filter(({ url, text }) => !url.startsWith(simulator_url) && !expected?.test(text)).map(({ text }) => text);
}

async function clearFaults({ simulator_url }) {
  await fetch(`${simulator_url}/_sim/faults`, { method: "DELETE" }).catch(() => {});
}

const evidenceOf = (name) => `${evidence}${name.replace(/[^A-Za-z0-9]+/g, "-").slice(0, 100)}`;

/** A picture and the surroundings of a journey that went wrong, in target/e2e. */
async function keepEvidence(name, { driver }, stack) {
  const file = evidenceOf(name);
  mkdirSync(evidence, { recursive: true });
  const noted = async (what) => {
    try {
      return await what();
    } catch (error) {
      return String(error);
    }
  };
  const picture = await noted(() => driver.takeScreenshot());
  writeFileSync(`${file}.png`, Buffer.from(picture, "base64"));
  const url = await noted(() => driver.getCurrentUrl());
  const source = await noted(() => driver.getPageSource());
  writeFileSync(`${file}.txt`, `${url}\n\n${source}\n\n${stack.log.slice(-8000)}`);
}

/** Asks until the answer is something, and gives it. */
export async function eventually(what, ask, patience_ms = 15_000) {
  for (const started = Date.now(); ; await sleep(50)) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() - started > patience_ms) throw new Error(`waited ${patience_ms} ms for ${what}`);
  }
}
