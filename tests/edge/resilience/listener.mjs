// Stands between the edge and the e-service, and writes down when the edge called, under which key, and what it was answered.
import { once } from "node:events";
import { createServer } from "node:http";

export class Listener {
  /** `{at, key, payment, receipt, status}`, oldest first. */
  calls = [];
  /** Where the calls go on to; without it each is answered 200. */
  target;

  static async start() {
    const listener = new Listener();
    listener.server = createServer((request, response) => listener.#take(request, response).catch(() => response.destroy()));
    listener.server.listen(0, "127.0.0.1");
    await once(listener.server, "listening");
    listener.url = `http://127.0.0.1:${listener.server.address().port}/told`;
    return listener;
  }

  about(payment) {
    return this.calls.filter((call) => call.payment.id === payment.id);
  }

  /** The first call about a payment that was answered with 2xx. */
  heard(payment) {
    return this.about(payment).find(({ status }) => status >= 200 && status < 300);
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  async #take(request, response) {
    const at = Date.now();
    const body = Buffer.concat(await request.toArray());
    const key = request.headers["idempotency-key"];
    const { payment, receipt } = JSON.parse(body);
    const call = { at, key, payment, receipt, status: 200 };
    this.calls.push(call);
    if (this.target === undefined) return response.writeHead(200).end();
    call.status = 0;
    const answer = await fetch(this.target, { method: "POST", headers: { "content-type": "application/json", "idempotency-key": key }, body });
    call.status = answer.status;
    const wait = answer.headers.get("retry-after");
    return response.writeHead(answer.status, wait === null ? {} : { "retry-after": wait }).end(await answer.text());
  }
}
