import { createHandler } from "paysg-wasm/edge";

const handler = createHandler(JSON.parse(ENVIRONMENT));

addEventListener("fetch", (event) => event.respondWith(handler(event.request, event)));
