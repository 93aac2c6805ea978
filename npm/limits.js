// How often something may be asked for: by Cloudflare's rate-limiting bindings where there are any, else by this isolate's own books.
//
// The numbers are for people: an office behind one address pays side by side, a payer reloads and presses twice. They are not a payer's
// protection (that is the ledger, one payment for each order) but PaySG's and the operator's, against somebody who would make thousands.

const PERIOD_MS = 60_000;
/** How many a minute. wrangler.toml states the same for the bindings. */
const RULES = { CREATE_LIMIT: 60, SESSION_LIMIT: 20, STATUS_LIMIT: 300 };
/** Beyond so many names, the one that asked longest ago is forgotten: at worst it may ask again at once. */
const MAX_NAMES = 10_000;

/** The books of one environment. */
export class Limits {
  #bindings = {};
  /** When a name will have nothing left to pay off: one number for each (the generic cell rate algorithm). */
  #free = new Map();

  constructor(env) {
    for (const rule of Object.keys(RULES)) {
      if (typeof env[rule]?.limit === "function") this.#bindings[rule] = env[rule];
    }
  }

  /** Charges `RULE:NAME`s, separated by spaces. How many seconds to wait, 0 where there is nothing to wait for. */
  async charge(charges) {
    for (const charge of charges.split(" ")) {
      const [rule, name] = charge.split(":");
      const secs = this.#bindings[rule] === undefined ? this.#own(rule, charge) : await this.#bound(rule, name);
      if (secs > 0) return secs;
    }
    return 0;
  }

  async #bound(rule, name) {
    try {
      const { success } = await this.#bindings[rule].limit({ key: name });
      // The binding does not say for how long.
      return success ? 0 : PERIOD_MS / 1_000;
    } catch {
      // Payers do not pay for the counter's failure.
      return 0;
    }
  }

  #own(rule, charge) {
    const now = Date.now();
    const each = PERIOD_MS / RULES[rule];
    const free = Math.max(this.#free.get(charge) ?? 0, now);
    const wait = free + each - now - PERIOD_MS;
    if (wait > 0) return Math.ceil(wait / 1_000);
    // Deleted first, so that the oldest is first.
    this.#free.delete(charge);
    this.#free.set(charge, free + each);
    if (this.#free.size > MAX_NAMES) this.#free.delete(this.#free.keys().next().value);
    return 0;
  }
}
