// A person with a browser: what they do and what they see. Names are those of the pages' `data-testid`.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { By, error as errors } from "selenium-webdriver";

const PATIENCE_MS = 15_000;
/** A page that is being replaced under our hands. */
const MOVING = [errors.NoSuchElementError, errors.StaleElementReferenceError, errors.ElementNotInteractableError, errors.ElementClickInterceptedError];

export class Payer {
  constructor(browser, stack) {
    this.browser = browser;
    this.driver = browser.driver;
    this.stack = stack;
  }

  /** A new tab, and no cookies or storage of an earlier journey. */
  async begins() {
    const { driver } = this;
    // Cookies belong to a host, whatever its port, and all of a stack is on one.
    if ((await driver.getCurrentUrl()).startsWith("http")) await driver.manage().deleteAllCookies();
    await this.browser.newTab();
    const mine = await driver.getWindowHandle();
    for (const other of await driver.getAllWindowHandles()) {
      if (other === mine) continue;
      await driver.switchTo().window(other);
      await driver.close();
    }
    await driver.switchTo().window(mine);
    // Said of earlier journeys.
    await this.browser.console();
    this.paymentsBefore = (await this.stack.sim("/payments")).data.length;
  }

  async opens(path) {
    await this.driver.get(new URL(path, this.stack.www_url).href);
  }

  /** Opens another tab and goes on there. Gives both tabs, and `to`, which goes on in one of them. */
  async opensTab(path) {
    const before = await this.driver.getWindowHandle();
    await this.browser.newTab();
    await this.opens(path);
    const here = await this.driver.getWindowHandle();
    return { before, here, to: (handle) => this.driver.switchTo().window(handle) };
  }

  /** Comes back as PaySG sends payers back. `params` are those that PaySG adds, or that somebody made of them. */
  returnsWith(params) {
    return this.opens(`${this.stack.base_path}/return?${new URLSearchParams(params)}`);
  }

  async goesBack() {
    await this.driver.navigate().back();
    // WebKit scrolls a page that it has kept some frames later, and our notice scrolls after that: no place to click at before then.
    if (this.browser.name === "webkit") await sleep(500);
  }

  reloads() {
    return this.driver.navigate().refresh();
  }

  /** Clicks what has this test id. */
  presses(id) {
    return this.#retry(id, async () => (await this.finds(id)).click());
  }

  /** What has this test id: on the page, or a part of one of our elements on it. */
  async finds(id) {
    const found = await this.driver.executeScript((id, part) => {
      const parts = [...document.querySelectorAll("paysg-pay, paysg-status")].map((element) => element.shadowRoot?.querySelector(`[part~="${part}"]`));
      return document.querySelector(`[data-testid="${id}"]`) ?? parts.find(Boolean);
    }, id, PARTS[id] ?? id.replace(/^outcome-/, ""));
    if (!found) throw new errors.NoSuchElementError(`nothing is called ${id}`);
    return found;
  }

  async types(id, text) {
    await this.#retry(`the field ${id}`, async () => {
      const field = await this.driver.findElement(byTestId(id));
      await field.clear();
      await field.sendKeys(text);
    });
  }

  /** Fills in the licence form. */
  async fillsIn({ item, quantity, name = "Tan Ah Kow", email } = {}) {
    await this.seesState("licence-form", "ready");
    if (item) await this.presses(`item-${item}`);
    if (quantity) await this.#click(By.css(`[data-testid="quantity"] option:nth-child(${quantity})`));
    await this.types("payer-name", name);
    if (email) await this.types("payer-email", email);
  }

  /** Pays a licence up to PaySG's page. Gives the payment there. */
  async startsLicence(choice) {
    await this.opens("/licence");
    await this.fillsIn(choice);
    await this.presses("pay");
    return this.isAtPaySG();
  }

  /** Has an invoice issued, and opens the page with all of them. */
  async getsInvoice() {
    const response = await fetch(new URL("/api/invoices", this.stack.www_url), { method: "POST" });
    assert.equal(response.status, 201);
    const { invoice } = await response.json();
    await this.opens("/invoices");
    await this.seesState("invoices", "ready");
    return invoice;
  }

  /** Waits for PaySG's page with something to pay. Gives the payment's id, from the address. */
  async isAtPaySG() {
    const { simulator_url } = this.stack;
    const url = await this.#until("PaySG's page", async () => {
      const url = await this.driver.getCurrentUrl();
      return url.startsWith(`${simulator_url}/payments/`) && url;
    });
    await this.#until("what is to be paid", () => this.driver.findElement(By.css("main h1")));
    return new URL(url).pathname.split("/").at(-1);
  }

  /** Presses a button of PaySG's page: `pay`, `fail`, `leave`. Returns once the page has gone: going elsewhere sooner would be a race of two navigations. */
  async pressesAtPaySG(button) {
    const pressed = await this.driver.findElement(By.id(button));
    await pressed.click();
    await this.#until(`PaySG's page to go after ${button}`, () => pressed.isEnabled().then(() => false, () => true));
  }

  /** Waits until PaySG's page says this. */
  async readsAtPaySG(words) {
    await this.isAtPaySG();
    let last;
    await this.#until(`PaySG's page to say ${words}`, async () => {
      last = await textOf(await this.driver.findElement(By.css("main")));
      return words.test(last);
    }, () => `; it says ${JSON.stringify(last)}`);
  }

  /** Waits until an element is in one of these states. Gives the state. */
  async seesState(id, ...states) {
    let last;
    return this.#until(`${id} in state ${states.join(" or ")}`, async () => {
      last = await this.driver.executeScript((id) => document.querySelector(`[data-testid="${id}"]`)?.dataset.state, id);
      return states.includes(last) && last;
    }, () => `; it is ${last} at last`);
  }

  /** Waits for the outcome of a payment on the result page. */
  seesOutcome(...states) {
    return this.seesState("outcome", ...states);
  }

  /** Waits until this is to be read, and gives it. */
  reads(id, patience_ms) {
    return this.#until(`something to read in ${id}`, async () => textOf(await this.finds(id)), undefined, patience_ms);
  }

  /** Waits until this is so. */
  waitsFor(what, ask, wanted) {
    let last;
    return this.#until(what, async () => (last = await ask()) === wanted, () => `; it is ${last} at last`);
  }

  /** Whether this is on the page and visible, now. */
  async sees(id) {
    return this.finds(id).then((element) => element.isDisplayed(), () => false);
  }

  /** All that is to be read on the page. */
  async readsAll() {
    return textOf(await this.driver.findElement(By.css("body")));
  }

  /** The receipt, line by line. */
  async readsReceipt() {
    await this.seesOutcome("paid");
    const receipt = {};
    for (const line of ["reference", "amount", "payment-id"]) receipt[line] = await this.reads(`receipt-${line}`);
    if (await this.sees("receipt-description")) receipt.description = await this.reads("receipt-description");
    return receipt;
  }

  /** The address that the payer could copy. */
  async address() {
    return new URL(await this.driver.getCurrentUrl());
  }

  /** What this journey's payments are at PaySG, oldest first. */
  async payments() {
    return (await this.stack.sim("/payments")).data.slice(this.paymentsBefore);
  }

  /** The one payment that PaySG has of this journey. */
  async onePayment() {
    const payments = await this.payments();
    assert.equal(payments.length, 1, `PaySG has ${payments.length} payments of this journey`);
    return payments[0];
  }

  /** Waits until the e-service was told that this payment is paid, and looks that it acted once. */
  async isFulfilled(payment) {
    const list = async (path) => (await (await fetch(new URL(path, this.stack.www_server_url))).json()).data.filter((each) => each.payment_id === payment.id);
    const [told] = await this.#until("the e-service to be told", async () => {
      const told = await list("/api/fulfilments");
      return told.length > 0 && told;
    });
    assert.equal(told.status, "paid");
    assert.equal(told.reference_id, payment.reference_id);
    assert.equal(told.amount_in_cents, payment.amount_in_cents);
    assert.equal((await list("/api/effects")).length, 1);
  }

  /** Whether the e-service knows anything of this payment. */
  async isTold(payment) {
    const { data } = await (await fetch(new URL("/api/fulfilments", this.stack.www_server_url))).json();
    return data.some((each) => each.payment_id === payment.id);
  }

  #click(by) {
    return this.#retry(String(by), async () => (await this.driver.findElement(by)).click());
  }

  /** Tries again while the page is moving. */
  #retry(what, act) {
    return this.#until(what, async () => {
      await act();
      return true;
    });
  }

  async #until(what, ask, last = () => "", patience_ms = PATIENCE_MS) {
    for (const started = Date.now(); ; await sleep(40)) {
      try {
        const answer = await ask();
        if (answer) return answer;
      } catch (error) {
        if (!MOVING.some((kind) => error instanceof kind)) throw error;
      }
      if (Date.now() - started > patience_ms) throw new Error(`waited ${patience_ms} ms for ${what}${last()}, at ${await this.driver.getCurrentUrl()}`);
    }
  }
}

/** What PaySG adds to the return address. */
export const returnOf = ({ id, payment_service_id }) => [["paysg_payment_id", id], ["paysg_payment_service_id", payment_service_id]];

/** Parts of our elements that have another name than the pages' own test id for the same thing. */
const PARTS = { retry: "check" };

/** What is to be read in an element, line by line: WebKit's driver makes one line of what WebDriver calls its text. */
export const textOf = async (element) => (await element.getProperty("innerText")).trim();

export const byTestId = (id) => By.css(`[data-testid="${id}"]`);
