// The demo's front door: the edge under its base path, the e-service's own server for all else. One origin, as behind
// any government reverse proxy, so that the session cookie and the return need no CORS.
import * as paysg from "./pkg/cloudflare.js";

// The ledger's class, wherever the package has it.
export * from "./pkg/cloudflare.js";

export default {
  fetch(request, env, ctx) {
    const base = env.PAYSG_BASE_PATH ?? "/paysg";
    const { pathname } = new URL(request.url);
    if (pathname === base || pathname.startsWith(`${base}/`)) {
      return paysg.default.fetch(request, env, ctx);
    }
    if (env.WWW) return env.WWW.fetch(request);
    return new Response(`Only the edge is running here, under ${base}\n`, { status: 404 });
  },
};
