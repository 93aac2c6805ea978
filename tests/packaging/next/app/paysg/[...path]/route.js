import { createHandler } from "paysg-wasm/edge";

export const runtime = "edge";

const handler = createHandler(process.env);

export { handler as GET, handler as POST, handler as OPTIONS };
