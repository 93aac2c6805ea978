// Requests as they stand here, byte for byte, and what comes of them on the wire. Some are answered by the runtime before the edge sees them.
import assert from "node:assert/strict";
import { connect } from "node:net";

/** Sends the bytes, and returns everything that comes back, until the other side is done or has been silent for long enough. */
export function exchange(url, bytes, { silenceMs = 3_000 } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks = [];
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString("latin1"));
    };
    socket.setTimeout(silenceMs, done).on("data", (chunk) => chunks.push(chunk)).on("end", done).on("error", (error) => (chunks.length > 0 ? done() : reject(error)));
    for (const part of [bytes].flat()) socket.write(part);
  });
}

/** A request without a body, its path unparsed: `{status, location, text}`. */
export async function ask(world, method, path, headers = {}) {
  const { host } = new URL(world.stack.edge_url);
  const lines = Object.entries({ host, connection: "close", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = await exchange(world.stack.edge_url, Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1"));
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
  for (const secret of world.secrets) assert.ok(!text.includes(secret));
  return { status, location: /^location: (.*)\r$/im.exec(text)?.[1] ?? null, text };
}

/** No call but those that earlier intents make by themselves, for payments that this simulator once made. */
export async function assertQuiet(world, ...named) {
  const calls = (await world.calls()).filter(({ method, path }) => {
    const id = path.split("/").at(-1);
    return method !== "GET" || named.includes(id) || !/^[\w-]{20,21}$/.test(id);
  });
  assert.deepEqual(calls.map(({ method, path }) => `${method} ${path}`), [], "PaySG was called");
  assert.deepEqual(await world.atPaySG(), [], "PaySG has a payment");
}
