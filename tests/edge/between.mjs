// What stands between: an HTTP proxy of our own that passes everything on as it came, until it is told to do otherwise.
import { once } from "node:events";
import { createServer, request } from "node:http";

/**
 * Starts one. `target` is where it passes requests on to; `meddle(exchange)` may change `{method, path, headers, body}` before, or
 * `answer` them itself with `{status, headers, body}`, or throw to cut the connection; `meddleAfter(exchange, answer)` changes an answer.
 */
export async function startBetween() {
  const between = { target: undefined, meddle: undefined, meddleAfter: undefined };
  const server = createServer(async (incoming, outgoing) => {
    try {
      const exchange = { method: incoming.method, path: incoming.url, headers: { ...incoming.headers }, body: await bytes(incoming) };
      const own = await between.meddle?.(exchange);
      const answer = own ?? (await pass(exchange, between.target));
      between.meddleAfter?.(exchange, answer);
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      outgoing.destroy();
    }
  });
  // At all of this machine's addresses: the doctor takes one of them for another machine's.
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
  between.url = `http://127.0.0.1:${server.address().port}`;
  between.honest = () => Object.assign(between, { meddle: undefined, meddleAfter: undefined });
  between.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return between;
}

async function pass({ method, path, headers, body }, target) {
  const { host, "accept-encoding": _, "content-length": __, ...rest } = headers;
  const onward = request(new URL(path, target), { method, headers: { ...rest, ...(body.length > 0 && { "content-length": body.length }) } });
  onward.end(body);
  const [answer] = await once(onward, "response");
  const received = await bytes(answer);
  const { "content-length": ___, "transfer-encoding": ____, ...kept } = answer.headers;
  return { status: answer.statusCode, headers: kept, body: received };
}

async function bytes(stream) {
  return Buffer.concat(await stream.toArray());
}
