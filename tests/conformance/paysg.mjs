// The PaySG behind the proxy: the simulator, by its control.
export class PaySG {
  constructor(url, service) {
    this.url = url;
    this.service = service;
  }

  async control(path, body, method = body === undefined ? "GET" : "POST") {
    const response = await fetch(`${this.url}/_sim${path}`, { method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`the simulator's ${path} answered ${response.status}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Its payments of a reference. */
  async payments(reference) {
    const { data } = await this.control("/payments");
    return data.filter(({ reference_id }) => reference_id === reference);
  }

  /** Those that can be paid, or are. */
  async payable(reference) {
    return (await this.payments(reference)).filter(({ latest_status }) => latest_status !== "cancelled");
  }

  /** How many calls there have been, and those since: `const since = await mark(); … await since()`. */
  async mark() {
    const before = (await this.control("/requests")).data.length;
    return async () => (await this.control("/requests")).data.slice(before);
  }

  /** The payer pays; nobody is told. */
  pay({ id }) {
    return this.control(`/payments/${id}/pay`, { webhook: false });
  }

  cancel({ id }) {
    return this.control(`/payments/${id}/cancel`, {});
  }

  refund({ id }, fields = {}) {
    return this.control(`/payments/${id}/refund`, fields);
  }

  /** Fields to show in place of the true ones. */
  show({ id }, fields) {
    return this.control(`/payments/${id}/show`, fields);
  }

  fault(...faults) {
    return this.control("/faults", faults);
  }

  clearFaults() {
    return this.control("/faults", undefined, "DELETE");
  }

  /** The path of the service's payments in the API. */
  get path() {
    return `/v1/payment-services/${this.service}/payments`;
  }
}
