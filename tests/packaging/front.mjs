// An e-service's origin: its pages, or the server that makes them, and the proxy under its base path. What a government's reverse proxy does.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request as ask } from "node:http";
import { extname, join, normalize } from "node:path";
import { anOrder, orderToken } from "../tokens.mjs";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm", ".map": "application/json" };
/** What the README asks a page's policy to allow, and nothing else but scripts that a bundler puts into the page itself, by their hash. */
function policyFor(html) {
  const scripts = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)].map(([, script]) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`);
  return `default-src 'none'; script-src ${["'self'", "'wasm-unsafe-eval'", ...scripts].join(" ")}; connect-src 'self'; style-src 'self'; img-src data:; base-uri 'none'`;
}

export class Front {
  /** What serves the pages: `{folder}`, under a strict policy, or `{upstream}`. */
  pages = {};
  /** Each asked-for path and what was answered. */
  asked = [];

  static async listen() {
    const front = new Front();
    front.server = createServer((request, response) => front.#serve(request, response).catch((error) => response.writeHead(502).end(String(error))));
    front.server.on("upgrade", (request, socket) => front.#upgrade(request, socket));
    front.server.listen(0, "127.0.0.1");
    await once(front.server, "listening");
    front.origin = `http://127.0.0.1:${front.server.address().port}`;
    return front;
  }

  /** The stack whose proxy stands behind this origin. */
  use(stack) {
    this.stack = stack;
  }

  async #serve(request, response) {
    const { pathname } = new URL(request.url, this.origin);
    if (pathname.startsWith(`${this.stack.base_path}/`)) return pass(this.edge ?? this.stack.edge_url, request, response);
    if (pathname === "/config.json") return json(response, { devPaymentOrigin: this.stack.simulator_url });
    if (pathname === "/api/order") return json(response, { order: orderToken(this.stack, (this.order = anOrder())) });
    if (this.pages.upstream) return pass(this.pages.upstream, request, response);
    const path = pathname === "/" ? "/index.html" : normalize(pathname);
    try {
      const body = await readFile(join(this.pages.folder, path));
      this.asked.push({ path, status: 200 });
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-security-policy": extname(path) === ".html" ? policyFor(body.toString()) : "default-src 'none'", "cache-control": "no-store" }).end(body);
    } catch {
      this.asked.push({ path, status: 404 });
      response.writeHead(404).end();
    }
  }

  /** A development server's socket. */
  #upgrade(request, socket) {
    if (!this.pages.upstream) return socket.destroy();
    const upstream = ask(new URL(request.url, this.pages.upstream), { headers: request.headers });
    upstream.on("upgrade", (answer, theirs) => {
      const lines = Array.from({ length: answer.rawHeaders.length / 2 }, (_, at) => `${answer.rawHeaders[2 * at]}: ${answer.rawHeaders[2 * at + 1]}`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
      theirs.pipe(socket).pipe(theirs);
      for (const end of [socket, theirs]) end.on("error", () => (socket.destroy(), theirs.destroy()));
    });
    upstream.on("response", () => socket.destroy()).on("error", () => socket.destroy()).end();
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const json = (response, body) => response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(body));

function pass(origin, request, response) {
  const upstream = ask(new URL(request.url, origin), { method: request.method, headers: request.headers });
  upstream.on("response", (answer) => {
    response.writeHead(answer.statusCode, answer.rawHeaders);
    answer.pipe(response);
  });
  upstream.on("error", (error) => (response.headersSent ? response.destroy() : response.writeHead(502).end(String(error))));
  request.pipe(upstream);
}
