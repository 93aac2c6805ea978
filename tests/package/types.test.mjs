// The types of the browser's module, as a strict compiler reads them: the package's, and those of the module that wasm-pack makes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { consumer, pkg, root } from "./pkg.mjs";

const USE = `
async function use(paysg: PaySG, order: Order): Promise<string> {
  const payment: Payment = await paysg.createPayment(order, { signal: new AbortController().signal });
  paysg.redirectToPayment(payment);
  const returned: ReturnParams | null = paysg.readReturn(new URL("https://example.sg/"));
  if (returned) await paysg.verifyPayment(returned, { timeoutMs: 0, onStatus: ({ status }) => status === "paid" });
  const verified: Verification | undefined = await paysg.startVerification() ?? undefined;
  paysg.clearReturn();
  try {
    await paysg.pay(order);
  } catch (error) {
    if (error instanceof PaySGError) return error.code;
  }
  // @ts-expect-error A payment is no text.
  const wrong: string = payment;
  // @ts-expect-error There is no such option.
  await paysg.pay(order, { idempotencykey: "k" });
  return verified?.status ?? wrong;
}
`;

const NAMES = "PaySG, PaySGError, type Order, type Payment, type ReturnParams, type Verification";
const SOURCES = {
  "the package": `import { ${NAMES}, load } from "paysg-wasm";\n${USE}\nvoid load({ proxyUrl: "/paysg" }).then((paysg) => use(paysg, { order: "a.b.c" }));`,
  "the module that wasm-pack makes": `import init, { ${NAMES} } from "./node_modules/paysg-wasm/browser/paysg_wasm.js";\n${USE}\nvoid init().then(() => use(new PaySG({ proxyUrl: "/paysg" }), "a.b.c"));`,
};

for (const [name, source] of Object.entries(SOURCES)) {
  test(`${name} says what it takes and gives, to the strictest compiler`, () => {
    const folder = consumer();
    writeFileSync(join(folder, "use.ts"), source.replace("PaySG, PaySGError", name === "the package" ? "type PaySG, PaySGError" : "PaySG, PaySGError"));
    const options = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext", "--moduleResolution", "nodenext", "--types", ""];
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...options, "use.ts"], { cwd: folder, encoding: "utf8" });
  });
}

test("nothing of the module is any", () => {
  // What follows is the wasm itself, as its glue sees it.
  const [types] = readFileSync(join(pkg, "browser/paysg_wasm.d.ts"), "utf8").split("export interface InitOutput");
  assert.match(types, /pay\(order: Order, options\?: CreateOptions\): Promise<never>;/);
  assert.doesNotMatch(types, /[:<|] *any\b/);
});
