// The worker, with lists of the sweep that cannot be reached.
import worker, { PaymentLedger as Ledger } from "../../pkg/cloudflare.js";

export default worker;

export class PaymentLedger extends Ledger {
  constructor(ctx, env) {
    const idFromName = (name) => {
      if (name.startsWith("watch-")) throw new Error("out of reach");
      return env.LEDGER.idFromName(name);
    };
    super(ctx, { ...env, LEDGER: { get: (id) => env.LEDGER.get(id), idFromName } });
  }
}
