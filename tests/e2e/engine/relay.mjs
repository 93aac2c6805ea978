// An HTTP proxy that changes the headers of answers.
import { once } from "node:events";
import { createServer, request } from "node:http";

/** Starts one, and gives its `host:port`. It passes on to `next`, another proxy, where there is one. `seen` gets each request. */
export async function startRelay(change, next, seen = () => {}) {
  const server = createServer((incoming, outgoing) => {
    const [hostname, port] = next?.split(":") ?? [];
    const { method, headers, url } = incoming;
    seen({ method, headers, url });
    const onward = next ? request({ hostname, port, path: url, method, headers }) : request(url, { method, headers });
    const cut = () => outgoing.destroy();
    onward.on("error", cut);
    onward.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode, change(answer.headers));
      answer.on("error", cut).pipe(outgoing);
    });
    incoming.on("error", cut).pipe(onward);
    outgoing.on("close", () => onward.destroy());
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return {
    address: `127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
