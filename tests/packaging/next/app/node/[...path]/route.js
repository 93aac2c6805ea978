import { createHandler } from "paysg-wasm/edge";

const handler = createHandler({ ...process.env, PAYSG_BASE_PATH: "/node" });

// All of them: what the proxy does not take, it says so itself.
export { handler as DELETE, handler as GET, handler as HEAD, handler as OPTIONS, handler as PATCH, handler as POST, handler as PUT };
