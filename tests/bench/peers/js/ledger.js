// A bare Durable Object by hand: it writes the rows that the ledger writes, when it writes them, and calls whom it calls. It knows one way through,
// the common one: a new intent, its webhook, paid, told. It weighs nothing that could go otherwise.
import { createHash } from "node:crypto";
import { DurableObject } from "cloudflare:workers";
import { Refusal, bodyOf, callPaysg, getPayment, json, statusOf } from "./http.js";
import { idempotencyKey, intentName, signReceipt } from "./session.js";
import { settingsOf } from "./settings.js";
import { readEvent } from "./webhook.js";
import { answerCreated, createBody, health, isStatus, ordered, serve } from "./worker.js";

const SCHEDULE = '{"tells":[],"hints":[],"polls":[],"rechecks":[],"cancels":[],"searches":[]}';
const FIRST_LOOK_MS = 300_000;

export class PaymentLedger extends DurableObject {
  #sql = this.ctx.storage.sql;
  #head = "";
  #length = 0;
  #loaded = false;
  #payment;
  #service;

  #load() {
    if (this.#loaded) return;
    this.#loaded = true;
    const [{ tables }] = this.#sql.exec("SELECT count(*) AS tables FROM sqlite_master WHERE name = 'schema_version'");
    if (tables === 0) return;
    for (const { number, entry, hash } of this.#sql.exec("SELECT number, at_ms, entry, hash FROM journal ORDER BY number")) {
      this.#length = number;
      this.#head = hash;
      const { payment_id, payment_service_id } = JSON.parse(entry);
      this.#payment ??= payment_id;
      this.#service ??= payment_service_id;
    }
  }

  #store(...entries) {
    this.ctx.storage.transactionSync(() => {
      if (this.#length === 0) {
        this.#sql.exec(
          `CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
           CREATE TABLE journal (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, entry TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
           CREATE TABLE timers (id INTEGER PRIMARY KEY CHECK (id = 1), schedule TEXT NOT NULL) STRICT;
           INSERT INTO schema_version VALUES (1)`,
        );
        this.#sql.exec("INSERT INTO timers VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET schedule = excluded.schedule", SCHEDULE);
      }
      for (const entry of entries) {
        const text = JSON.stringify(entry);
        const at = Date.now();
        this.#length += 1;
        this.#head = createHash("sha256").update(`${this.#head} ${this.#length} ${at} ${text}`).digest("hex");
        this.#sql.exec("INSERT INTO journal VALUES (?, ?, ?, ?)", this.#length, at, text, this.#head);
      }
    });
  }

  async pay(service, order, body) {
    this.#load();
    const settings = await settingsOf(this.env);
    const { reference_id, amount_in_cents } = order;
    if (this.#payment !== undefined) return getPayment(settings, service, this.#payment);
    const digest = createHash("sha256").update(body).digest("hex");
    this.#service = service;
    this.#store(
      { what: "began", payment_service_id: service, reference_id },
      { what: "started", attempt: 1, digest, amount_in_cents },
    );
    const payment = await callPaysg(settings, service, "", { method: "POST", body, key: await idempotencyKey(service, reference_id, 1) });
    if (payment.reference_id !== reference_id || payment.amount_in_cents !== amount_in_cents) throw new Error("mismatch");
    this.#payment = payment.id;
    this.#store({ what: "opened", attempt: 1, payment_id: payment.id, adopted: false, same_order: true });
    this.ctx.storage.setAlarm(Date.now() + FIRST_LOOK_MS);
    return payment;
  }

  hint(id) {
    this.#load();
    if (id !== this.#payment) return false;
    this.#store({ what: "hinted", payment_id: id });
    this.ctx.storage.setAlarm(Date.now());
    return true;
  }

  async alarm() {
    this.#load();
    const settings = await settingsOf(this.env);
    const payment = await getPayment(settings, this.#service, this.#payment);
    if (statusOf(payment) !== "paid") return;
    this.#store(
      { what: "paid", attempt: 1, paid_at: payment.payment_succeeded_timestamp },
      { what: "examined", payment_id: payment.id },
    );
    const { id, payment_service_id, reference_id, amount_in_cents, payment_succeeded_timestamp: paid_at } = payment;
    const receipt = await signReceipt(settings, payment);
    const { ok } = await fetch(settings.fulfilmentUrl, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json", "idempotency-key": id },
      body: JSON.stringify({ receipt, payment: { id, payment_service_id, reference_id, amount_in_cents, status: "paid", paid_at } }),
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
    });
    if (!ok) throw new Error("not acknowledged");
    this.#store({ what: "told", key: id });
  }
}

const objectOf = async (settings, service, reference) => settings.ledger.get(settings.ledger.idFromName(await intentName(service, reference)));

async function create({ settings, request, requestId }) {
  const { service, order, session } = await ordered(settings, request);
  const object = await objectOf(settings, service, order.reference_id);
  return answerCreated(settings, requestId, session, await object.pay(service, order, createBody(settings, order)));
}

async function webhook({ settings, request, requestId }) {
  const event = await readEvent(settings, request.headers.get("paysg-signature"), await bodyOf(request));
  if (event.type === "payment.succeeded" && settings.services.has(event.service)) {
    if (typeof event.reference !== "string") throw new Refusal(400, "invalid_event", "The event names no reference.");
    await (await objectOf(settings, event.service, event.reference)).hint(event.payment);
  }
  return json(requestId, 200, { received: true });
}

const ROUTES = { "POST /payments": create, "POST /webhooks": webhook, "GET /health": health };

export default { fetch: (request, env) => serve(request, env, ROUTES, isStatus) };
