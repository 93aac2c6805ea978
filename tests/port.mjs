// Ports of this machine.
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** A port that is free: of 16384 to 32767, which no system gives to outgoing connections, so that nobody takes it before its server listens there. */
export async function freePort() {
  for (;;) {
    const server = createServer().listen(randomInt(0x4000, 0x8000), "127.0.0.1");
    try {
      await once(server, "listening");
    } catch (error) {
      if (error.code === "EADDRINUSE") continue;
      throw error;
    }
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
  }
}
