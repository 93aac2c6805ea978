// What payers' browsers and PaySG's page do, with the patience of people: what fails is done again until it is done.
import { setTimeout as sleep } from "node:timers/promises";
import { Counts } from "./figures.mjs";

// Where a call was lost and its key then answered by a recorded 500, the edge takes no new key for a minute: the call may still be on its
// way. An unlucky intent meets that twice.
const PATIENCE_MS = 200_000;
const CALL_TIMEOUT_MS = 40_000;

export class Payers {
  /** How the edge answered the creates, `lost` where it did not. */
  answers = new Counts();
  /** The events that have been sent, and how many copies of them. */
  events = [];
  copies = 0;
  #gone = false;

  constructor(stack) {
    this.stack = stack;
  }

  /** Goes home: whatever is still being tried fails. */
  leave() {
    this.#gone = true;
  }

  /** Presses the button until there is a payment. What an edge that is in trouble may answer meanwhile is 5xx or 429, nothing else. */
  async create(orderToken) {
    const body = JSON.stringify({ order: orderToken });
    let last;
    return this.#untilDone(() => `no payment, the last answer being ${last}`, async () => {
      const response = await this.#call(this.stack.edge("/payments"), { "content-type": "application/json" }, body);
      this.answers.add(response?.status ?? "lost");
      const text = await response?.text().catch(() => undefined);
      if (text === undefined) return undefined;
      if (response.ok) return JSON.parse(text).payment;
      last = `${response.status} ${text}`;
      if (response.status < 500 && response.status !== 429) throw new Error(`the edge answered a create with ${last}`);
      return undefined;
    });
  }

  /** Pays on PaySG's page. `webhook` is how the event is sent, false if it is lost. */
  async pay(payment, webhook = {}) {
    const paid = await this.#atPaySG(payment, "pay", { webhook }, "paid");
    if (webhook === false || paid.event_id === undefined) return;
    this.events.push(paid.event_id);
    this.copies += webhook.copies ?? 1;
  }

  async cancel(payment) {
    return this.#atPaySG(payment, "cancel", undefined, "cancelled");
  }

  /** Comes back from PaySG's page, or tries to. */
  async comeBack(payment) {
    const query = new URLSearchParams({ paysg_payment_id: payment.id, paysg_payment_service_id: payment.payment_service_id });
    const response = await this.#call(this.stack.edge(`/return?${query}`));
    await response?.text().catch(() => {});
  }

  #atPaySG({ id }, action, body, done) {
    return this.#untilDone(() => `not ${done}`, async () => {
      try {
        return await this.stack.sim(`/payments/${id}/${action}`, body ?? {});
      } catch {
        // A killed simulator may have done it before it could say so.
        return (await this.#status(id)) === done ? {} : undefined;
      }
    });
  }

  async #status(id) {
    try {
      const { data } = await this.stack.sim("/payments");
      return data.find((payment) => payment.id === id)?.latest_status;
    } catch {
      return undefined;
    }
  }

  async #call(url, headers, body) {
    const init = { method: body === undefined ? "GET" : "POST", headers, body, redirect: "manual" };
    return fetch(url, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) }).catch(() => undefined);
  }

  async #untilDone(complaint, work) {
    // Nobody presses twenty times a second for long: that makes a storm of refusals, and little happens in it.
    for (let started = Date.now(), pause = 50; ; await sleep(pause), pause = Math.min(pause * 1.5, 800)) {
      const result = await work();
      if (result) return result;
      if (this.#gone) throw new Error(`${complaint()} when the test ended`);
      if (Date.now() - started > PATIENCE_MS) throw new Error(`${complaint()} after ${PATIENCE_MS} ms`);
    }
  }
}
