// Runs the checks against a proxy, and collects what it does otherwise than the contract says.
import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { anOrder, commandToken, orderToken, sign, verify } from "../tokens.mjs";
import { Browser } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { PaySG } from "./paysg.mjs";
import create from "./checks/create.mjs";
import order from "./checks/order.mjs";
import trouble from "./checks/trouble.mjs";
import returned from "./checks/returned.mjs";
import status from "./checks/status.mjs";
import webhook from "./checks/webhook.mjs";
import command from "./checks/command.mjs";
import wire from "./checks/wire.mjs";

/** The checks, by what they are about. */
export const AREAS = { create, order, trouble, return: returned, status, webhook, command, wire };
export const DOCUMENT = new URL("../../npm/openapi.json", import.meta.url);

/** The payer's own data: no answer may hold any of it. */
const PAYER = { payer_name: "Canary Payer", payer_identifier: "S0000001I", payer_email: "canary@payer.example", payer_address: "1 Canary Lane 099999" };

/** A check that does not apply to this proxy, and why. */
class NotHere extends Error {}

/**
 * Checks the proxy at `url` (its base path included). `simulator` is the PaySG behind it, `order_key`, `webhook_secret`, `payment_service_id` and `api_key`
 * are what it is configured with. `only`: areas; `first`: no further than the first check that finds something. Gives `{findings, checks, answers, seen}`, the
 * last one being the answers of the contract that came at least once.
 */
export async function conform(settings, { only = Object.keys(AREAS), first = false, report = () => {} } = {}) {
  const contract = new Contract(DOCUMENT);
  const paysg = new PaySG(settings.simulator, settings.payment_service_id);
  const findings = [];
  const checks = [];
  for (const area of only) {
    for (const group of grouped(Object.entries(AREAS[area]))) {
      if (first && findings.length > 0) break;
      await paysg.clearFaults();
      const done = group.map(async ([name, run]) => {
        const check = new Check({ area, name, settings, contract, paysg });
        try {
          await run(check);
        } catch (error) {
          if (error instanceof NotHere) check.skipped = error.message;
          else if (!(error instanceof Stop)) throw error;
        }
        return check;
      });
      for (const check of await Promise.all(done)) {
        findings.push(...check.findings);
        checks.push(check);
        report(check);
      }
    }
  }
  await paysg.clearFaults();
  const seen = new Set(checks.flatMap((check) => [...check.seen]));
  return { findings, checks, answers: checks.reduce((sum, { answers }) => sum + answers, 0), seen };
}

/** One after the other, as they share a PaySG that some of them make misbehave; those that mostly wait, together. */
function grouped(entries) {
  const groups = [];
  for (const entry of entries) {
    const [, run] = entry;
    if (run.waits && groups.at(-1)?.[0][1].waits) groups.at(-1).push(entry);
    else groups.push([entry]);
  }
  return groups;
}

/** What follows of a check would only repeat the finding. */
class Stop extends Error {}

/** One check: what it asks with, and what it finds. */
class Check {
  findings = [];
  answers = 0;
  /** `createPayment 201 -`, with the error's code for errors. */
  seen = new Set();

  constructor({ area, name, settings, contract, paysg }) {
    Object.assign(this, { area, name, settings, contract, paysg });
    this.secrets = ["order_key", "webhook_secret", "api_key", "session_key"].map((key) => settings[key]).filter(Boolean).flatMap((keys) => keys.split(","));
  }

  browser() {
    return new Browser(this.settings.url, (answer) => this.#take(answer));
  }

  /** An order with all the payer's data in it. */
  order(fields = {}) {
    return anOrder({ ...PAYER, ...fields });
  }

  /** The same, signed, as a request's body. */
  signed(fields = {}, claims = {}) {
    return { order: orderToken(this.settings, this.order(fields), claims) };
  }

  /** A token with these claims as they stand. */
  token(claims, { typ = "paysg-order+jwt", key = this.settings.order_key, ...header } = {}) {
    return sign({ typ, ...header }, { aud: "paysg-wasm", exp: Math.floor(Date.now() / 1000) + 600, ...claims }, key);
  }

  commanding(action, claims) {
    return { authorization: `Bearer ${commandToken(this.settings, action, claims)}` };
  }

  /** A payment of a browser of its own, and the order that it is of. */
  async pending(fields = {}) {
    const browser = this.browser();
    const order = this.order(fields);
    const answer = await browser.create({ order: orderToken(this.settings, order) });
    this.must(answer, answer.json?.payment?.id !== undefined, "201 with the payment");
    return { browser, order, payment: answer.json.payment, answer };
  }

  verify(receipt) {
    return verify(receipt, this.settings.order_key);
  }

  /** Sends an event as PaySG would. */
  deliver(payment, { type = "payment.succeeded", secret = this.settings.webhook_secret, t = Math.floor(Date.now() / 1000), header, body, event = {} } = {}) {
    const text = body ?? JSON.stringify({ id: `evt_${randomUUID()}`, object: "event", type, payment_service_id: payment.payment_service_id, created_at: new Date().toISOString(), data: { object: payment }, ...event });
    const tag = createHmac("sha256", secret).update(`${t}.`).update(text).digest("hex");
    const signature = (header ?? "t=T, v1=TAG").replaceAll("HALF", tag.slice(0, 32)).replaceAll("TAG", tag).replaceAll("T", t);
    return this.browser().send("POST", "/webhooks", { "content-type": "application/json", ...(header === null ? {} : { "paysg-signature": signature }) }, text);
  }

  /** Notes what is not so. `at` is where the contract says it; by default, at the operation that was asked. */
  expect(answer, holds, contract, at) {
    if (holds) return true;
    const where = at ?? this.contract.find(answer.method, answer.path)?.at ?? "#/paths";
    const finding = { check: `${this.area}: ${this.name}`, asked: answer.asked, came: answer.came, contract, where: `openapi.json${where}` };
    if (!this.findings.some((other) => other.contract === contract && other.asked === answer.asked)) this.findings.push(finding);
    return false;
  }

  /** The same where the rest of the check makes no sense without. */
  must(answer, holds, contract, at) {
    if (!this.expect(answer, holds, contract, at)) throw new Stop();
  }

  /** An error of this status and code. */
  refused(answer, status, ...codes) {
    return this.expect(answer, answer.status === status && codes.includes(answer.code), `${status} \`${codes.join("` or `")}\``);
  }

  /** What is found at PaySG, after what was asked. */
  expectAtPaySG(answer, holds, contract, found) {
    const shown = Object.assign(Object.create(Object.getPrototypeOf(answer), Object.getOwnPropertyDescriptors(answer)), { text: `${answer.text}\n          at PaySG: ${JSON.stringify(found)}` });
    return this.expect(shown, holds, contract);
  }

  /** An optional route that this proxy does not serve. */
  notServed(answer) {
    if (answer.status === 404 && answer.code === "not_found") throw new NotHere("not served");
    if (answer.status === 501) throw new NotHere("there is no ledger");
  }

  skip(why) {
    throw new NotHere(why);
  }

  /** Asks again until it holds: a proxy may remember a payment for two seconds. */
  async eventually(ask, holds) {
    for (const started = Date.now(); ; await sleep(250)) {
      const answer = await ask();
      if (holds(answer) || Date.now() - started > 5_000) return answer;
    }
  }

  #take(answer) {
    this.answers += 1;
    const operation = this.contract.find(answer.method, answer.path)?.operation;
    if (operation) this.seen.add(`${operation.operationId} ${answer.status} ${answer.code ?? "-"}`);
    for (const { says, at } of this.contract.judge(answer)) this.expect(answer, false, says, at);
    const whole = `${[...answer.headers].map((line) => line.join(": ")).join("\n")}\n${answer.text}`;
    for (const [name, value] of Object.entries(PAYER)) this.expect(answer, !whole.includes(value), `no answer holds the payer's data: ${name}`, "#/info");
    for (const secret of this.secrets) this.expect(answer, !whole.includes(secret), "no answer holds a key or secret", "#/info");
    return answer;
  }
}
