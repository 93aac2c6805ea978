// The demo's front door: the edge under its base path, the e-service's own server for all else. One origin, as behind
// any government reverse proxy, so that the session cookie and the return need no CORS.
import * as paysg from "./pkg/cloudflare.js";

// The ledger's class, wherever the package has it.
export * from "./pkg/cloudflare.js";

/**
 * The same machine by another name (localhost) is another origin, whose pages may not pay here: they are asked for where they may. In production
 * the worker's routes name one host.
 */
function elsewhere({ method }, url, env) {
  const home = new URL(env.PAYSG_PUBLIC_URL);
  const same = url.hostname === home.hostname || url.port !== home.port || ![url, home].every(({ hostname }) => LOOPBACK.has(hostname));
  if (same || (method !== "GET" && method !== "HEAD")) return undefined;
  return Response.redirect(`${home.origin}${url.pathname}${url.search}`, 307);
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export default {
  fetch(request, env, ctx) {
    const base = env.PAYSG_BASE_PATH ?? "/paysg";
    const url = new URL(request.url);
    const { pathname } = url;
    if (pathname === base || pathname.startsWith(`${base}/`)) {
      return paysg.default.fetch(request, env, ctx);
    }
    if (env.WWW) return elsewhere(request, url, env) ?? env.WWW.fetch(request);
    return new Response(`Only the edge is running here, under ${base}\n`, { status: 404 });
  },
};
