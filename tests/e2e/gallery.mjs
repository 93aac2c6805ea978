// A page of nothing but our elements, in every state and language, for what is looked at rather than walked through. It is served beside the
// built package, and its proxy is the stack's own edge: the states are real payments'.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { Readable } from "node:stream";
import { once } from "node:events";

const pkg = new URL("../../pkg/", import.meta.url).pathname;
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

/** What www's server allows its pages: the elements have to look and work the same under it. */
const policy = ({ simulator_url }) =>
  `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; form-action 'self' ${simulator_url}; base-uri 'none'`;

/** The pages of the gallery: `/pay?lang=ta`, `/status?lang=zh&timeout=0`. */
const pages = {
  "/pay": `
    <form method="post" action="/paysg/payments" novalidate>
      <p><label for="payer_name">Name</label> <input id="payer_name" name="payer_name" autocomplete="name" value="Tan Ah Kow"></p>
      <p><label for="payer_email">E-mail</label> <input id="payer_email" name="payer_email" autocomplete="email" aria-describedby="payer_email-error"></p>
      <p id="payer_email-error" data-paysg-error="payer_email" hidden></p>
      <paysg-pay id="part" item="stall-1y" amount-in-cents="12000"></paysg-pay>
    </form>`,
  "/own": `
    <form method="post" action="/paysg/payments">
      <input type="hidden" name="item" value="stall-1y">
      <input type="hidden" name="idempotency_key" value="of-the-plain-form">
      <p><label for="payer_name">Name</label> <input id="payer_name" name="payer_name" autocomplete="name" required></p>
      <paysg-pay id="part"><button><span data-paysg-label>Renew and pay</span></button></paysg-pay>
    </form>`,
  "/inside": `
    <paysg-pay id="part">
      <form method="post" action="/paysg/payments">
        <input type="hidden" name="item" value="stall-1y">
        <p><label for="payer_name">Name</label> <input id="payer_name" name="payer_name" autocomplete="name" value="Tan Ah Kow"></p>
        <button>Pay inside</button>
      </form>
    </paysg-pay>`,
  "/two": `
    <paysg-pay id="part"></paysg-pay>
    <paysg-pay id="other"></paysg-pay>`,
  "/nested": `
    <paysg-pay id="part"><div class="actions"><button><span data-paysg-label>Pay nested</span></button></div></paysg-pay>`,
  "/status": `
    <paysg-status id="part" heading-level="1">
      <a href="/paysg/resume">Your payment, on a plain page</a>
      <p slot="receipt-header"><strong>Demonstration Agency</strong></p>
      <a slot="actions" href="/pay">Back</a>
    </paysg-status>`,
};

const SCRIPT = `
  const query = new URLSearchParams(location.search);
  const part = document.getElementById("part");
  for (const each of document.querySelectorAll("paysg-pay, paysg-status")) each.devPaymentOrigin = query.get("simulator");
  if (query.has("timeout")) part.timeoutMs = query.get("timeout");
  const { load, PaySGError } = await import("/pkg/index.js");
  const away = () => new Promise(() => {});
  const refuse = (init) => () => Promise.reject(new PaySGError({ message: "", ...init }));
  // Those of our states that no payment is in.
  ({
    hang: () => (part.order = away),
    leave: () => (part.loader = async () => ({ pay: () => (location.assign("/hang"), away()) })),
    unreachable: () => (part.order = refuse({ code: "unreachable", retryable: true })),
    busy: () => (part.order = refuse({ code: "rate_limited", retryable: true, status: 429 })),
    expired: () => (part.order = refuse({ code: "expired_token", status: 401 })),
    cancelled: () => (part.order = refuse({ code: "payment_cancelled" })),
    refused: () => (part.order = part.loader = refuse({ code: "paysg_refused", status: 400 })),
    // As a browser that allows no wasm would say.
    wasmless: () => (part.loader = refuse({ code: "wasm_blocked" })),
  })[query.get("fault")]?.();
  part.addEventListener("paysg-state", ({ detail }) => (document.documentElement.dataset.seen += " " + detail.state));
  document.documentElement.dataset.seen = "";
  // For tests: what a driver's script imports by itself is another instance in Firefox.
  globalThis.elements = await import("/pkg/elements.js");
`;

const html = (path, lang) => `<!doctype html>
<html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Gallery</title>
<link rel="stylesheet" href="/style.css"><script type="module" src="/script.js"></script></head>
<body><main>${path === "/status" ? "" : "<h1>Gallery</h1>"}${pages[path]}</main></body></html>`;

const CSS = "body { margin: 0; font: 1rem/1.5 'Noto Sans', 'Noto Sans Tamil', 'Noto Sans CJK SC', sans-serif } main { max-width: 44rem; margin: 0 auto; padding: 1rem } input { font: inherit; width: 100%; box-sizing: border-box }";

/** Serves the gallery for a stack. Gives its `url`, `close`, and `hold`: a file of the package that does not come until what this gives is called. */
export async function openGallery(stack) {
  const held = new Map();
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    const send = (type, body, status = 200) => response.writeHead(status, { "content-type": `${type}; charset=utf-8`, "content-security-policy": policy(stack) }).end(body);
    // The browser stays where it is, as if the answer were still to come.
    if (pathname === "/hang") return response.writeHead(204).end();
    // A proxy that takes questions and never answers, or not to the end.
    if (pathname.startsWith("/silent/")) return;
    if (pathname.startsWith("/stalling/")) return response.writeHead(200, { "content-type": "application/json" }).write("{");
    if (pathname.startsWith(`${stack.base_path}/`)) return passOn(stack, request, response);
    if (pathname === "/script.js") return send("text/javascript", SCRIPT);
    if (pathname === "/style.css") return send("text/css", CSS);
    if (pages[pathname]) return send("text/html", html(pathname, searchParams.get("lang") ?? "en"));
    const file = normalize(pathname);
    if (!file.startsWith("/pkg/")) return send("text/plain", "", 404);
    await held.get(file);
    try {
      const type = TYPES[/\.\w+$/.exec(file)?.[0]];
      response.writeHead(200, { "content-type": type }).end(readFileSync(join(pkg, file.slice(5))));
    } catch {
      send("text/plain", "", 404);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { hostname } = new URL(stack.edge_url);
  return {
    url: `http://${hostname}:${server.address().port}`,
    hold(file) {
      let release;
      held.set(file, new Promise((resolve) => (release = resolve)));
      return () => (held.delete(file), release());
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The edge under the gallery's own origin, as an e-service has it. */
async function passOn(stack, request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const { host, connection, origin, "content-length": _, ...headers } = request.headers;
  const answer = await fetch(new URL(request.url, stack.edge_url), {
    method: request.method,
    headers: { ...headers, ...(origin && { origin: new URL(stack.edge_url).origin }) },
    body: chunks.length > 0 ? Buffer.concat(chunks) : undefined,
    redirect: "manual",
  }).catch(() => null);
  if (!answer) return response.writeHead(502).end();
  const { "content-encoding": __, "content-length": ___, "transfer-encoding": ____, ...rest } = Object.fromEntries(answer.headers);
  // The proxy sends a browser's first form again, to its public URL, which here is ours.
  if (answer.status === 307) rest.location = rest.location.replace(stack.edge_url, "");
  response.writeHead(answer.status, { ...rest, ...(answer.headers.getSetCookie().length > 0 && { "set-cookie": answer.headers.getSetCookie() }) });
  if (answer.body) Readable.fromWeb(answer.body).pipe(response);
  else response.end();
}
