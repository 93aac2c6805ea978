// PaySG's API, as far as a proxy needs it.
export class Client {
  #believed = new Map();

  constructor({ simulator_url, api_key, payment_service_id }, { follow, gullible, Problem, away }) {
    Object.assign(this, { url: `${simulator_url}/v1/payment-services/${payment_service_id}/payments`, api_key, redirect: follow ? "follow" : "manual", gullible, Problem, away });
  }

  /** The answer, or `undefined` where there was none, or none of PaySG's form. Never followed to another place: the key would go along. */
  async #call(method, path, body, headers = {}) {
    try {
      const response = await fetch(this.url + path, {
        method,
        redirect: this.redirect,
        headers: { "x-api-key": this.api_key, "content-type": "application/json", ...headers },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
      const text = await response.text();
      if (this.gullible) return { status: response.status, json: text.startsWith("{") ? JSON.parse(text) : {} };
      const json = JSON.parse(text);
      const own = response.ok ? json.id !== undefined || json.data !== undefined : response.status >= 400 && ["type", "code", "message"].every((word) => typeof json.error?.[word] === "string");
      return own ? { status: response.status, json } : undefined;
    } catch {
      return undefined;
    }
  }

  #check(answer) {
    if (answer === undefined || answer.status === 429 || answer.status >= 500) throw this.away();
    if (answer.status === 401 || answer.status === 403) throw new this.Problem(502, "paysg_credentials");
    if (answer.status === 400) throw new this.Problem(400, "paysg_refused");
    if (answer.status === 402) throw new this.Problem(502, "paysg_not_connected");
    if (answer.status === 404) throw new this.Problem(404, "unknown_payment");
    return answer.json;
  }

  async get(id) {
    const payment = this.#check(await this.#call("GET", `/${id}`));
    return { ...payment, ...this.#believed.get(id) };
  }

  async cancel(id) {
    await this.#call("POST", `/${id}/cancel`, {});
  }

  /** `{payment}`, or `{recorded: true}` where PaySG failed, which it may have recorded under the key, or gave no answer. */
  async create(body, key) {
    const answer = await this.#call("POST", "", body, { "idempotency-key": key });
    if (answer === undefined) return { recorded: false };
    if (answer.status === 500 || answer.status === 503) return { recorded: true };
    if (answer.status === 409) throw new this.Problem(400, "paysg_refused");
    return { payment: this.#check(answer) };
  }

  /** The payment of a reference that can be paid, in the list: PaySG has no search. */
  async find(reference, amount) {
    for (let page = ""; ; ) {
      const { data, page_info } = this.#check(await this.#call("GET", `?limit=100${page}`));
      const found = data.find((payment) => payment.reference_id === reference && payment.amount_in_cents === amount && payment.latest_status !== "cancelled");
      if (found !== undefined || !page_info.has_next_page) return found;
      page = `&after=${encodeURIComponent(page_info.end_cursor)}`;
    }
  }

  /** A fault: what an event says counts. */
  believe({ id, payment_status, latest_status }) {
    this.#believed.set(id, { payment_status, latest_status });
  }
}
