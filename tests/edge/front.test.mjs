// The demo's front door: one origin, by whatever name of this machine it is opened.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startStack } from "../stack.mjs";

test("the demo opened as localhost leads to the origin whose pages can pay", async (t) => {
  const stack = await startStack();
  t.after(() => stack.stop());
  const { port } = new URL(stack.edge_url);
  const ask = (path, init) => fetch(`http://localhost:${port}${path}`, { redirect: "manual", ...init });
  const page = await ask("/licence?from=a%20bookmark");
  assert.equal(page.status, 307);
  assert.equal(page.headers.get("location"), `${stack.edge_url}/licence?from=a%20bookmark`);
  assert.equal((await fetch(`http://localhost:${port}/licence`)).url, `${stack.edge_url}/licence`);
  assert.equal((await ask("/paysg/health")).status, 200, "the edge answers by either name");
  assert.notEqual((await ask("/api/fulfilment", { method: "POST", body: "{}" })).status, 307, "what is sent is not sent on");
  assert.equal((await fetch(`${stack.edge_url}/licence`, { redirect: "manual" })).status, 200);
});
