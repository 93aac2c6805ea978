// The hook that the documentation shows and the parts, as a React project with strict types uses the packed package.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { consumer, root } from "./pkg.mjs";

const fixture = join(root, "tests/packaging/react");

function project() {
  const folder = consumer();
  cpSync(fixture, folder, { recursive: true, filter: (source) => !source.includes("node_modules") });
  mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
  for (const name of ["@types/react", "csstype"]) symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
  return folder;
}

const compile = (folder) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--project", folder], { cwd: folder, encoding: "utf8" });
  return { status, printed: stdout + stderr };
};

test("the hook and the parts compile in a React project with strict types, declarations included", () => {
  const { status, printed } = compile(project());
  assert.equal(printed, "");
  assert.equal(status, 0);
});

test("a mistake in using them does not", () => {
  const folder = project();
  writeFileSync(join(folder, "mistakes.tsx"), `
    import { cancelPayment, setTexts } from "paysg-wasm/elements";
    export const wrong = <paysg-pay order={42} />;
    setTexts("fr", { "pay.nothing": "" });
    document.createElement("paysg-status").state = "paid";
    document.createElement("paysg-pay").addEventListener("paysg-error", ({ detail }) => detail.kind === "nonsense");
    cancelPayment({ paymentId: "x" });
  `);
  const { printed } = compile(folder);
  for (const line of [3, 4, 5, 6, 7]) assert.match(printed, new RegExp(`mistakes\\.tsx\\(${line},`));
});

test("the documentation shows the hook as it is compiled here", () => {
  const [, shown] = /\n```ts\n(import \{ useCallback[^]+?)\n```/.exec(readFileSync(join(root, "docs/recipes/react.md"), "utf8"));
  assert.equal(shown.trim(), readFileSync(join(fixture, "usePaySG.ts"), "utf8").trim());
});
