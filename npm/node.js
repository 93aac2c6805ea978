// The proxy as a listener of `node:http`, which speaks neither Request nor Response.
import { createHandler } from "./edge.js";
import { noted } from "./handler.js";
import { failure, print } from "./log.js";

const BODILESS = new Set(["GET", "HEAD"]);

/** @type {import("./node.d.ts").createListener} */
export function createListener(env, { log = print, clientAddress } = {}) {
  const handle = createHandler(env, { log, clientAddress: clientAddress && ((_, incoming) => clientAddress(incoming)) });
  return async (incoming, outgoing) => {
    try {
      if (isReadAlready(incoming)) {
        refuse(outgoing, log);
        return;
      }
      const response = await handle(requestOf(incoming), incoming);
      // The rest of a body that was too large is let pass, and no other request behind it.
      if (!incoming.complete) outgoing.setHeader("connection", "close");
      await answer(outgoing, response);
    } catch {
      // The handler never rejects: the connection broke, or somebody has answered before us.
      if (outgoing.headersSent) return void outgoing.destroy();
      outgoing.writeHead(500, { "cache-control": "no-store" });
      outgoing.end();
    }
  };
}

function requestOf(incoming) {
  const headers = new Headers();
  const lines = incoming.rawHeaders;
  for (let at = 0; at + 1 < lines.length; at += 2) headers.append(lines[at], lines[at + 1]);
  const { method } = incoming;
  const body = BODILESS.has(method) ? null : bodyOf(incoming);
  // As it came: Express takes a mounted path away. The proxy knows its own origin, and reads only path and query.
  const target = incoming.originalUrl ?? incoming.url;
  return new Request(new URL(`http://proxy${target.startsWith("/") ? target : "/"}`), { method, headers, body, duplex: "half" });
}

/** Whether somebody has read the body before us: what is left of it is empty, and would be taken for an empty one. */
function isReadAlready(incoming) {
  if (BODILESS.has(incoming.method) || incoming.readableDidRead !== true) return false;
  const { "content-length": length, "transfer-encoding": encoding } = incoming.headers ?? {};
  return encoding !== undefined || Number(length) > 0;
}

function refuse(outgoing, log) {
  const message = "The request's body was read before the proxy could: mount the proxy before any body parser.";
  void noted(log, failure(undefined, { status: 500, code: "misconfigured" }));
  outgoing.writeHead(500, { "cache-control": "no-store", "content-type": "application/json" });
  outgoing.end(JSON.stringify({ error: { type: "api_error", code: "misconfigured", message } }));
}

/** Not `Readable.toWeb`: who stops reading that breaks the connection, and with it the answer that says why. */
function bodyOf(incoming) {
  const chunks = incoming.iterator({ destroyOnReturn: false });
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return();
      incoming.resume();
    },
  });
}

async function answer(outgoing, response) {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie") outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}
