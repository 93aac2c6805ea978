import { createServer } from "node:http";
import { createListener } from "paysg-wasm/node";

createServer(createListener(process.env)).listen(Number(process.env.PORT), "127.0.0.1");
