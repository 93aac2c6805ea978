// The runtime under a server of Node's: its own development server dies of a body that is not read to its end.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { EdgeRuntime } from "edge-runtime";

const runtime = new EdgeRuntime({ initialCode: readFileSync("out.js", "utf8") });

createServer(async (incoming, outgoing) => {
  const body = Buffer.concat(await incoming.toArray());
  const { method, url, rawHeaders } = incoming;
  const headers = Array.from({ length: rawHeaders.length / 2 }, (_, at) => rawHeaders.slice(2 * at, 2 * at + 2));
  const response = await runtime.dispatchFetch(`http://127.0.0.1${url}`, { method, headers, redirect: "manual", ...(body.length > 0 && { body }) });
  const cookies = response.headers.getSetCookie();
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), ...(cookies.length > 0 && { "set-cookie": cookies }) });
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}).listen(Number(process.env.PORT), "127.0.0.1");
