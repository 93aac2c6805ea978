import { createHandler } from "paysg-wasm/edge";

const handler = createHandler(process.env);

Bun.serve({ hostname: "127.0.0.1", port: Number(process.env.PORT), fetch: (request) => handler(request) });
