import { createHandler } from "paysg-wasm/edge";

const handler = createHandler(Deno.env.toObject());

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")) }, (request) => handler(request));
