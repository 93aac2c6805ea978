// An HTTP proxy between the browser and everything else, that keeps all of what passes: whatever a browser can see went through here.
import { once } from "node:events";
import { createServer, request } from "node:http";

/** Starts one. `exchanges` grows: what was asked and answered, each with its headers and bodies as text. */
export async function startWiretap() {
  const exchanges = [];
  const server = createServer(async (incoming, outgoing) => {
    try {
      const sent = await bytesOf(incoming);
      const { "accept-encoding": _, ...headers } = incoming.headers;
      const onward = request(incoming.url, { method: incoming.method, headers });
      onward.end(sent);
      const [answer] = await once(onward, "response");
      const received = await bytesOf(answer);
      exchanges.push({
        method: incoming.method,
        url: incoming.url,
        sentHeaders: incoming.rawHeaders.join("\n"),
        sent: sent.toString("latin1"),
        status: answer.statusCode,
        type: answer.headers["content-type"] ?? "",
        receivedHeaders: answer.rawHeaders.join("\n"),
        received: received.toString("latin1"),
      });
      outgoing.writeHead(answer.statusCode, answer.rawHeaders).end(received);
    } catch {
      outgoing.destroy();
    }
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return { address: `127.0.0.1:${server.address().port}`, exchanges, stop: () => server.close() };
}

async function bytesOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
