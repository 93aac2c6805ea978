// The browser's module from the tarball, through bundlers as they come: built, served under a strict policy, and paid with in Chromium.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../e2e/browser.mjs";
import { Front } from "../packaging/front.mjs";
import { pays } from "../packaging/payer.mjs";
import { installTarball, Project } from "../packaging/project.mjs";
import { freePort } from "../port.mjs";
import { startStack } from "../stack.mjs";

const deep = process.env.PAYSG_DEEP === "1";
const WASM = "node_modules/paysg-wasm/browser/paysg_wasm_bg.wasm";

/** How a page is built with each; what it gives is what serves it. */
const BUNDLERS = {
  "no bundler": {
    async build(project) {
      project.copy("node_modules/paysg-wasm/index.js", "paysg-wasm/index.js");
      project.copy("node_modules/paysg-wasm/browser", "paysg-wasm/browser");
      project.write("main.js", project.read("main.js").replace('from "paysg-wasm"', 'from "./paysg-wasm/index.js"'));
      return { folder: project.folder };
    },
    folder: "plain",
  },
  Vite: {
    async build(project) {
      await project.run("vite/bin/vite.js", ["build"]);
      return { folder: project.path("dist") };
    },
    folder: "vite",
  },
  "Vite's development server": {
    async build(project) {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      await project.serve(process.execPath, [`${project.tools}/vite/bin/vite.js`, "--host", "127.0.0.1", "--port", `${port}`, "--strictPort"], url);
      return { upstream: url };
    },
    folder: "vite-dev",
  },
  "webpack 5": {
    async build(project) {
      await project.run("webpack-cli/bin/cli.js", []);
      project.copy("index.html", "dist/index.html");
      return { folder: project.path("dist") };
    },
    folder: "webpack",
  },
  esbuild: {
    async build(project) {
      await project.run("esbuild/bin/esbuild", ["main.js", "--bundle", "--minify", "--format=esm", "--outdir=dist", "--log-level=warning"]);
      project.copy("index.html", "dist/index.html");
      // The README's line for bundlers that leave files beside a module alone.
      project.copy(WASM, "dist/paysg_wasm_bg.wasm");
      return { folder: project.path("dist") };
    },
    folder: "esbuild",
  },
  Rollup: {
    async build(project) {
      await project.run("rollup/dist/bin/rollup", ["--config", "--silent"]);
      project.copy("index.html", "dist/index.html");
      project.copy(WASM, "dist/paysg_wasm_bg.wasm");
      return { folder: project.path("dist") };
    },
    folder: "rollup",
  },
  Parcel: {
    kind: "deep",
    async build(project) {
      await project.run("parcel/lib/bin.js", ["build", "index.html", "--no-cache"]);
      return { folder: project.path("dist") };
    },
    folder: "parcel",
  },
  // Its server renders the page first: the import is inert there.
  "Next (App Router)": {
    kind: "deep",
    async build(project) {
      await project.run("next/dist/bin/next", ["build"]);
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      await project.serve(process.execPath, [`${project.tools}/next/dist/bin/next`, "start", "--hostname", "127.0.0.1", "--port", `${port}`], url);
      assert.match(await (await fetch(url)).text(), /<button id="pay" disabled=""/, "rendered on the server");
      return { upstream: url };
    },
    folder: "next",
    parts: ["next"],
  },
};

describe("a page built with", () => {
  let front;
  let stack;
  let browser;
  before(async () => {
    front = await Front.listen();
    installTarball("light");
    if (deep) installTarball("deep");
    [stack, browser] = await Promise.all([
      startStack({ www: false, edgeEnv: { PAYSG_PUBLIC_URL: front.origin, PAYSG_RESULT_URL: `${front.origin}/` } }),
      startBrowser(),
    ]);
    front.use(stack);
  });
  after(async () => {
    await browser?.quit();
    await stack?.stop();
    front?.stop();
  });

  for (const [name, { kind = "light", build, folder, parts = ["app", folder] }] of Object.entries(BUNDLERS)) {
    test(`${name} takes a payment`, { skip: kind === "deep" && !deep && "only in the long form" }, async (t) => {
      const project = new Project(kind, folder, parts);
      t.after(() => project.stop());
      front.asked = [];
      front.pages = await build(project);
      await pays(browser, front);
      const missing = front.asked.filter(({ status }) => status !== 200);
      assert.deepEqual(missing, []);
    });
  }
});
