// The worker, with lists of the sweep that cannot be reached; or that never answer, until the test says so.
import worker, { PaymentLedger as Ledger } from "../../pkg/cloudflare.js";

let lists = "away";

export default {
  ...worker,
  async fetch(request, env, ctx) {
    const [, root, intent, what] = new URL(request.url).pathname.split("/");
    if (root === "_lists") return new Response((lists = intent));
    if (root !== "_objects") return worker.fetch(request, env, ctx);
    const object = env.LEDGER.get(env.LEDGER.idFromName(intent));
    try {
      return Response.json((await object[what]()) ?? null);
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};

export class PaymentLedger extends Ledger {
  constructor(ctx, env) {
    const idFromName = (name) => {
      if (name.startsWith("watch-") && lists === "away") throw new Error("out of reach");
      return env.LEDGER.idFromName(name);
    };
    const get = (id) => {
      const object = env.LEDGER.get(id);
      return lists === "silent" ? { note: () => new Promise(() => {}) } : object;
    };
    super(ctx, { ...env, LEDGER: { get, idFromName } });
  }

  due() {
    return this.ctx.storage.getAlarm();
  }

  /** As a deployment, or a machine that goes: what was under way is lost, what was stored is not. */
  async reset() {
    await this.ctx.storage.sync();
    this.ctx.abort("reset by the test");
  }

  /** As its alarm does when its time has come. */
  async wake() {
    await this.ctx.storage.deleteAlarm();
    await this.alarm();
  }
}
