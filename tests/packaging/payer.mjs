// A payer at an e-service of any make: presses Pay, pays on PaySG's page, and is told that it is paid.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { By, error as errors } from "selenium-webdriver";
import { verify } from "../tokens.mjs";

const PATIENCE_MS = 30_000;
const MOVING = [errors.NoSuchElementError, errors.StaleElementReferenceError, errors.ElementNotInteractableError, errors.ElementClickInterceptedError];

/** The whole way, at `front`; its receipt must be of the order that the e-service signed. */
export async function pays(browser, front) {
  const { driver } = browser;
  const { stack } = front;
  if ((await driver.getCurrentUrl()).startsWith("http")) await driver.manage().deleteAllCookies();
  await browser.console();
  await driver.get(`${front.origin}/`);
  await until(browser, "the button", async () => {
    const button = await driver.findElement(By.id("pay"));
    if (!(await button.isEnabled())) return false;
    await button.click();
    return true;
  });
  await until(browser, "PaySG's page", async () => (await driver.getCurrentUrl()).startsWith(`${stack.simulator_url}/payments/`));
  await until(browser, "PaySG's button", async () => {
    await (await driver.findElement(By.id("pay"))).click();
    return true;
  });
  await until(browser, "the receipt", async () => (await (await driver.findElement(By.id("status"))).getText()) === "paid");
  const url = new URL(await driver.getCurrentUrl());
  assert.equal(url.origin, front.origin);
  assert.equal(url.search, "", "the address was cleared");
  const receipt = await (await driver.findElement(By.id("receipt"))).getText();
  const { header, claims } = verify(receipt, stack.order_key);
  assert.equal(header.typ, "paysg-receipt+jwt");
  assert.equal(claims.reference_id, front.order.reference_id);
  assert.equal(claims.amount_in_cents, front.order.amount_in_cents);
  const { data } = await stack.sim("/payments");
  const made = data.filter(({ reference_id }) => reference_id === front.order.reference_id);
  assert.deepEqual(made.map(({ id, payment_status }) => [id, payment_status]), [[claims.payment_id, "paid"]]);
  const complaints = (await browser.console()).filter(({ url }) => url.startsWith(front.origin));
  assert.deepEqual(complaints, [], "the browser complains of the page");
}

/** Asks until it is so; what is not there yet, or moves, is asked for again. */
export async function until(browser, what, ask) {
  for (const started = Date.now(); ; await sleep(40)) {
    try {
      if (await ask()) return;
    } catch (error) {
      if (!MOVING.some((kind) => error instanceof kind)) throw error;
    }
    if (Date.now() - started > PATIENCE_MS) {
      const page = await browser.driver.findElement(By.css("body")).getText().catch(() => "");
      throw new Error(`waited ${PATIENCE_MS} ms for ${what}, at ${await browser.driver.getCurrentUrl()}: ${page}\n${(await browser.console()).map(({ text }) => text).join("\n")}`);
    }
  }
}
