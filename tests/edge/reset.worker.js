// The worker, with objects that are reset while they are asked, as by a deployment: before their work, or when it is stored and nobody has the reply.
import worker, { PaymentLedger as Ledger } from "../../pkg/cloudflare.js";

let resets = { at: "", times: 0 };

export default {
  ...worker,
  async fetch(request, env, ctx) {
    const [, root, at, times] = new URL(request.url).pathname.split("/");
    if (root !== "_resets") return worker.fetch(request, env, ctx);
    resets = { at, times: Number(times) };
    return Response.json(resets);
  },
};

export class PaymentLedger extends Ledger {
  async ask(...message) {
    const resetsNow = resets.times > 0;
    resets.times -= 1;
    if (resetsNow && resets.at === "before") this.#reset();
    const reply = await super.ask(...message);
    if (resetsNow) {
      await this.ctx.storage.sync();
      this.#reset();
    }
    return reply;
  }

  #reset() {
    this.ctx.abort("reset by the test");
    throw new Error("never asked further");
  }
}
