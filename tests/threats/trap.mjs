// The wasm instance traps: row 21. Nothing is pretended: the very core runs in a memory that it can fill, and fills it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { pkg } from "../package/pkg.mjs";
import { Answer, order, statusPath } from "../edge/support.mjs";
import { orderToken } from "../tokens.mjs";
import { memorySection, withMemory } from "../wasm.mjs";
import { threat } from "./proof.mjs";

/** What a module needs for an ordinary request, in pages of 64 KiB beyond those that it starts with. */
const SPARE_PAGES = 10;
/** The most that a body may hold, in as many values as it can: 30 000 of them need more memory than that. */
const BOMB = `[${"1,".repeat(30_000)}1]`;

/** The module with an end to its memory. */
function bounded(wasm) {
  const { least } = memorySection(wasm);
  return withMemory(wasm, { least, most: least + SPARE_PAGES });
}

export function bursting(world) {
  threat(21, "a core that runs out of memory fails one request, and the next ones find everything as it was", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "paysg-bursting-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(pkg, folder, { recursive: true });
    const wasm = join(folder, "edge/paysg_wasm_bg.wasm");
    writeFileSync(wasm, bounded(readFileSync(wasm)));
    const { createHandler } = await import(pathToFileURL(join(folder, "edge.js")).href);
    const lines = [];
    const env = {
      PAYSG_API_KEY: world.stack.api_key, PAYSG_API_URL: world.stack.simulator_url, PAYSG_PAYMENT_SERVICE_ID: world.service, PAYSG_WEBHOOK_SECRET: world.keys.webhook[0], PAYSG_ORDER_KEY: world.keys.order[0],
      PAYSG_SESSION_KEY: world.keys.session[0], PAYSG_PUBLIC_URL: "https://pay.agency.example",
    };
    const handle = createHandler(env, { log: (line) => lines.push(line) });
    const ask = async (method, path, headers = {}, body = undefined) => {
      const response = await handle(new Request(`https://pay.agency.example/paysg${path}`, { method, headers, body }));
      const answer = new Answer(response.status, response.headers, await response.text());
      answer.assertSafe(world.secrets);
      return answer;
    };
    const json = { "content-type": "application/json" };
    const reference_id = `trap-${randomUUID()}`;
    const create = () => ask("POST", "/payments", json, JSON.stringify({ order: orderToken(world.stack, order({ reference_id })) }));
    const made = (await create()).expect(201);
    const { payment } = made.json;
    const cookie = made.headers.getSetCookie()[0].split(";")[0];
    for (let round = 0; round < 10; round += 1) {
      const burst = (await ask("POST", "/payments", { ...json, cookie }, BOMB)).expect(500, "internal");
      assert.doesNotMatch(burst.text, /RuntimeError|unreachable|wasm|at .*\.rs/i, "and says nothing of what happened inside");
      const shown = (await ask("GET", statusPath(payment), { cookie })).expect(200).json;
      assert.equal(shown.reference_id, reference_id, "the cookie still opens");
      assert.equal((await create()).expect(201).json.payment.id, payment.id);
    }
    // Whoever is being served at that moment is served to the end, by an instance that knows nothing of them.
    const together = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 4 === 0 ? ask("POST", "/payments", json, BOMB) : create())));
    assert.deepEqual(together.map(({ status }) => status), together.map((_, at) => (at % 4 === 0 ? 500 : 201)));
    assert.deepEqual((await world.atPaySG(reference_id)).map(({ id }) => id), [payment.id], "one payment throughout");
    assert.ok(lines.some((line) => line.includes("RuntimeError") || line.includes("internal")), "the log says that it happened");
  });
}
