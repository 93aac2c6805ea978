// A backend's own webhook endpoint, written by hand: verified and acknowledged.
import { Refusal, bodyOf } from "./http.js";
import { settingsOf } from "./settings.js";
import { readEvent } from "./webhook.js";

export default {
  async fetch(request, env) {
    try {
      const event = await readEvent(await settingsOf(env), request.headers.get("paysg-signature"), await bodyOf(request));
      return Response.json({ received: event.fresh });
    } catch (error) {
      return Response.json({ error: error.code }, { status: error instanceof Refusal ? error.status : 500 });
    }
  },
};
