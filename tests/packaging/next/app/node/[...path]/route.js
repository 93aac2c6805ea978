import { createHandler } from "paysg-wasm/edge";

const handler = createHandler({ ...process.env, PAYSG_BASE_PATH: "/node" });

export { handler as GET, handler as POST, handler as OPTIONS };
