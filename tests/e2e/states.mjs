// How to bring a payment, and with it the gallery's elements, into each state.
import { after } from "node:test";
import { openGallery } from "./gallery.mjs";
import { returnOf } from "./payer.mjs";

/** PaySG's API does not answer. */
const AWAY = [{ method: "GET", path: "/v1/payment-services/", times: 10_000, status: 503 }];

/** What `<paysg-status>` can show: what to do to the payment beforehand, and what to add to the page's address. */
export const STATUS_STATES = {
  confirming: {},
  unpaid: { query: { timeout: 0 } },
  paid: { act: (stack, id) => stack.sim(`/payments/${id}/pay`, {}) },
  partially_refunded: {
    act: async (stack, id) => {
      await stack.sim(`/payments/${id}/pay`, { webhook: false });
      await stack.sim(`/payments/${id}/refund`, { refund_amount_in_cents: 650 });
    },
  },
  refunded: {
    act: async (stack, id) => {
      await stack.sim(`/payments/${id}/pay`, { webhook: false });
      await stack.sim(`/payments/${id}/refund`, {});
    },
  },
  cancelled: { act: (stack, id) => stack.sim(`/payments/${id}/cancel`, {}) },
  unknown: { act: (stack, id) => stack.sim(`/payments/${id}/show`, { payment_status: "in_escrow", latest_status: "in_escrow" }), query: { timeout: 0 } },
  unreachable: { act: (stack) => stack.sim("/faults", AWAY), query: { timeout: 0 } },
  "not-found": { payment: { id: "AAAAAAAAAAAAAAAAAAAAA" } },
  refused: { query: { fault: "refused" } },
  nothing: { payment: null },
  forgotten: { act: (stack, id) => stack.sim(`/payments/${id}/pay`, {}), shown: "paid", presses: ["forget", "cancel-yes"] },
};

/** What `<paysg-pay>` can show: what to add to the address, what to press, and the state that follows. */
export const PAY_STATES = {
  ready: { state: null },
  paying: { query: { fault: "hang" }, press: true, state: "paying" },
  slow: { query: { fault: "hang" }, press: true, state: "paying", part: "stop" },
  redirecting: { query: { fault: "leave" }, press: true, state: "redirecting" },
  fields: { email: "not an address", press: true, state: "failed" },
  unreachable: { query: { fault: "unreachable" }, press: true, state: "failed" },
  busy: { query: { fault: "busy" }, press: true, state: "failed" },
  expired: { query: { fault: "expired" }, press: true, state: "failed" },
  cancelled: { query: { fault: "cancelled" }, press: true, state: "failed" },
  refused: { query: { fault: "refused" }, press: true, state: "failed" },
};

/** For a file's journeys: gives a journey's world a visitor. The gallery beside the file's stack is there from the first visit on. */
export function visitors() {
  let gallery;
  after(() => gallery?.close());
  return async ({ stack, browser }) => {
    gallery ??= await openGallery(stack);
    return new Visitor(browser.driver, stack, gallery);
  };
}

/** The gallery in a browser. */
class Visitor {
  constructor(driver, stack, gallery) {
    this.driver = driver;
    this.stack = stack;
    this.gallery = gallery;
  }

  open(path, query = {}) {
    return this.driver.get(`${this.gallery.url}${path}?${new URLSearchParams({ simulator: this.stack.simulator_url, ...query })}`);
  }

  /** Opens a page and waits for its element. Gives this visitor. */
  async opens(path, query) {
    await this.open(path, query);
    await this.waits("the element", () => this.part("base"));
    return this;
  }

  /** Has this browser make a payment, through the page that it is on. */
  async makesPayment() {
    return this.driver.executeAsyncScript((done) => {
      const body = JSON.stringify({ item: "signboard-1y", payer_name: `Tan Ah Kow ${crypto.randomUUID()}` });
      fetch("/paysg/payments", { method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body })
        .then((answer) => answer.json())
        .then(({ payment }) => done(payment));
    });
  }

  /** Shows a payment in this state. Gives it. */
  async showsStatus(state, query = {}) {
    const { act, query: more, payment: given, shown = state, presses = [] } = STATUS_STATES[state];
    await this.open("/pay", query);
    const payment = given === undefined ? await this.makesPayment() : given && { ...given, payment_service_id: this.stack.payment_service_id };
    await act?.(this.stack, payment?.id);
    await this.open("/status", { ...query, ...more, ...(payment && Object.fromEntries(returnOf(payment))) });
    await this.seesState(shown, shown === "confirming" ? "Asked" : null);
    for (const press of presses) await (await this.part(press)).click();
    await this.seesState(state);
    return payment;
  }

  /** Shows the pay part in this state. */
  async showsPay(name, query = {}) {
    const { query: more, email, press, state, part } = PAY_STATES[name];
    await this.open("/pay", { ...query, ...more });
    await this.waits("the button", () => this.part("button"));
    if (email) await this.driver.executeScript((email) => (document.getElementById("payer_email").value = email), email);
    if (press) await (await this.part("button")).click();
    await this.seesState(state);
    if (part) await this.waits(part, async () => (await this.part(part))?.isDisplayed());
  }

  /** An element of the part's shadow tree. */
  part(name) {
    return this.driver.executeScript((name) => document.getElementById("part").shadowRoot?.querySelector(`[part~="${name}"]`), name);
  }

  text(name) {
    return this.driver.executeScript((name) => document.getElementById("part").shadowRoot?.querySelector(`[part~="${name}"]`)?.innerText, name);
  }

  seesState(state) {
    return this.waits(`state ${state}`, async () => (await this.state()) === state, () => this.state());
  }

  state() {
    return this.driver.executeScript(() => document.getElementById("part").getAttribute("state"));
  }

  async waits(what, ask, last = () => "") {
    const patience_ms = 20_000;
    for (const started = Date.now(); Date.now() - started < patience_ms; ) {
      const answer = await ask();
      if (answer) return answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`waited ${patience_ms} ms for ${what}; ${await last()}`);
  }
}
