// `paysg-wasm doctor` over a deployment of real parts: each fault is found by its own code, and where there is none, nothing is.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startStack } from "../stack.mjs";
import { commandToken, verify } from "../tokens.mjs";
import { FINDINGS } from "../../npm/doctor/findings.js";
import { startBetween } from "./between.mjs";

const root = new URL("../..", import.meta.url).pathname;
const program = join(root, "pkg/doctor/main.js");

/** Runs the doctor as an operator does. */
function doctor(args, env = {}) {
  return new Promise((resolve) => {
    const { PATH } = process.env;
    execFile(process.execPath, [program, "doctor", ...args], { env: { PATH, ...env }, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

const codes = ({ findings }) => findings.map(({ code }) => code).sort();

async function findings(args, env) {
  const { status, stdout, stderr } = await doctor([...args, "--json"], env);
  assert.equal(stderr, "");
  return { status, ...JSON.parse(stdout) };
}

/** The e-service's server, which takes what the edge signed and nothing else; `manner` makes it another. */
async function startEService() {
  const eservice = { manner: undefined, trusted: undefined };
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()));
    const answer = (status) => response.writeHead(status).end();
    if (eservice.manner !== undefined) return eservice.manner(answer, body, response);
    const { keys, issuer, audience } = eservice.trusted;
    try {
      const { header, claims } = verify(body.receipt, keys);
      assert.deepEqual([header.typ, claims.iss, claims.aud, claims.payment_id], ["paysg-receipt+jwt", issuer, audience, body.payment.id]);
      answer(200);
    } catch {
      answer(401);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  eservice.url = `http://127.0.0.1:${server.address().port}/told`;
  eservice.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return eservice;
}

describe("a deployment", { concurrency: 1 }, () => {
  let between;
  let eservice;
  let stack;
  let args;
  let secrets;

  before(async () => {
    between = await startBetween();
    eservice = await startEService();
    stack = await startStack({
      fulfilmentUrl: eservice.url,
      // As far as payers and PaySG can tell, the proxy is the edge, and the e-service.
      edgeEnv: { PAYSG_PUBLIC_URL: between.url, PAYSG_RESULT_URL: `${between.url}/result`, PAYSG_ALLOWED_ORIGINS: "" },
    });
    between.target = stack.edge_url;
    await unregister();
    await register(between.url);
    eservice.trusted = { keys: stack.order_key, issuer: between.url, audience: between.url };
    args = [`--edge=${between.url}${stack.base_path}`, `--page=${between.url}/licence`, `--simulator=${stack.simulator_url}`];
    secrets = { PAYSG_ORDER_KEY: stack.order_key, PAYSG_WEBHOOK_SECRET: stack.webhook_secret };
  });
  after(async () => {
    await stack?.stop();
    eservice?.stop();
    between?.stop();
  });

  const at = (exchange, path) => exchange.path.split("?")[0] === `${stack.base_path}${path}`;
  const isPage = (answer) => answer.headers["content-type"]?.startsWith("text/html");
  const policy = (change) => (_, answer) => {
    if (isPage(answer)) answer.headers["content-security-policy"] = change(answer.headers["content-security-policy"]);
  };
  const cookies = (change) => (_, answer) => {
    const set = answer.headers["set-cookie"];
    if (set !== undefined) answer.headers["set-cookie"] = change(set);
  };
  const answering = (path, answer) => (exchange) => (at(exchange, path) ? answer : undefined);
  const isWasm = ({ path }) => path.endsWith(".wasm");
  const html = { status: 403, headers: { "content-type": "text/html" }, body: "<h1>Are you human?</h1>" };

  /** What goes wrong beside the edge: what to do about it, by each code that it is found by. */
  const FAULTS = [
    ["edge_unreachable", "nothing answers", () => (between.meddle = ({ path }) => {
      if (path.startsWith(stack.base_path)) throw new Error("cut");
    })],
    ["order_key_mismatch", "the operator has another order key", () => ({ env: { PAYSG_ORDER_KEY: randomUUID() + randomUUID() } })],
    ["doctor_refused", "an edge that knows no such question", () => (between.meddle = answering("/doctor", { status: 404, headers: { "content-type": "application/json" }, body: '{"error":{"code":"not_found","message":"There is nothing here."}}' }))],
    ["paysg_unauthorised", "PaySG does not take the key", () => paysg({ status: 401 })],
    ["paysg_unknown_service", "PaySG does not know the service", () => paysg({ status: 404 })],
    ["paysg_not_connected", "the service is not connected to Stripe", () => paysg({ status: 402 })],
    ["paysg_unreachable", "PaySG drops the connection", () => paysg({ drop: "before" })],
    ["paysg_unexpected", "a page of somebody else's answers for PaySG", () => paysg({ status: 200, body: "<h1>Welcome</h1>" })],
    ["clock_skew", "PaySG's clock is a minute off", () => paysg({ headers: { date: new Date(Date.now() - 60_000).toUTCString() }, times: 2 })],
    ["clock_skew", "the edge's clock is a minute off", () => (between.meddleAfter = (exchange, answer) => {
      if (!at(exchange, "/doctor")) return;
      const report = JSON.parse(answer.body);
      answer.body = JSON.stringify({ ...report, now: new Date(Date.parse(report.now) + 60_000).toISOString() });
    })],
    ["clock_skew", "the operator's clock is ten minutes behind", () => ({ env: { NODE_OPTIONS: `--import=${slow()}` } })],
    ["result_url_broken", "no page where payers come back to", () => (between.meddle = ({ path }) => (path === "/result" ? { status: 404, headers: {}, body: "" } : undefined))],
    ["cookie_stripped", "a gateway keeps Set-Cookie", () => (between.meddleAfter = (_, answer) => delete answer.headers["set-cookie"])],
    ["cookie_flags", "a gateway takes HttpOnly away", () => (between.meddleAfter = cookies((set) => set.map((each) => each.replace(/; HttpOnly/i, ""))))],
    ["cookie_flags", "a gateway adds a domain", () => (between.meddleAfter = cookies((set) => set.map((each) => `${each}; Domain=127.0.0.1`)))],
    ["cached", "a CDN keeps answers for a minute", () => {
      const kept = new Map();
      between.meddle = ({ method, path }) => (method === "GET" ? kept.get(path) : undefined);
      between.meddleAfter = ({ method, path }, answer) => method === "GET" && path.startsWith(stack.base_path) && kept.set(path, answer);
    }],
    ["cached", "a CDN writes Cache-Control anew", () => (between.meddleAfter = ({ path }, answer) => path.startsWith(stack.base_path) && (answer.headers["cache-control"] = "max-age=60"))],
    ["accept_stripped", "a CDN drops Accept", () => (between.meddle = ({ headers }) => void delete headers.accept)],
    ["webhook_blocked", "a firewall asks PaySG whether it is human", () => (between.meddle = answering("/webhooks", html))],
    ["webhook_secret_mismatch", "PaySG signs with another secret", () => ({ env: { PAYSG_WEBHOOK_SECRET: randomUUID() } })],
    ["webhook_header_stripped", "a gateway keeps PaySG-Signature", () => (between.meddle = ({ headers }) => void delete headers["paysg-signature"])],
    ["webhook_body_altered", "a gateway writes JSON anew", () => (between.meddle = (exchange) => {
      if (at(exchange, "/webhooks")) exchange.body = Buffer.from(JSON.stringify(JSON.parse(exchange.body)));
    })],
    ["webhook_unverified", "something says yes to every event", () => (between.meddle = answering("/webhooks", { status: 200, headers: { "content-type": "application/json" }, body: '{"received":true}' }))],
    ["webhook_undelivered", "the webhook is registered nowhere", async () => {
      await unregister();
      return { args: ["--patience=2"], undo: () => register(between.url) };
    }],
    ["webhook_undelivered", "the webhook is registered for another deployment", async () => {
      await unregister();
      await register(stack.edge_url);
      return { args: ["--patience=2"], undo: () => unregister().then(() => register(between.url)) };
    }],
    ["fulfilment_unreachable", "the e-service's server hangs up", () => (eservice.manner = (_, __, response) => response.destroy())],
    ["fulfilment_unexpected", "the e-service has nothing at the URL", () => (eservice.manner = (answer, { payment }) => answer(payment.id.startsWith("doctor-") ? 404 : 200))],
    ["fulfilment_takes_forgeries", "the e-service does not look at the receipt", () => (eservice.manner = (answer) => answer(200))],
    ["fulfilment_refuses_receipts", "the e-service has another order key", () => {
      eservice.manner = (answer) => answer(401);
      return { args: ["--patience=3"] };
    }],
    ["payment_refused", "PaySG makes no payment", () => stack.sim("/faults", [{ method: "POST", path: "/v1/payment-services/", times: 9, status: 400 }])],
    ["page_unreachable", "the page is not there", () => (between.meddle = ({ path }) => (path === "/licence" ? { status: 404, headers: {}, body: "" } : undefined))],
    ["csp_wasm", "the page's policy forbids wasm", () => (between.meddleAfter = policy((text) => text.replace(" 'wasm-unsafe-eval'", "")))],
    ["csp_wasm", "a second policy in the page forbids wasm", () => (between.meddleAfter = (_, answer) => {
      if (isPage(answer)) answer.body = answer.body.toString().replace("<head>", `<head><meta http-equiv="Content-Security-Policy" content="script-src 'self'">`);
    })],
    ["csp_connect", "the page's policy forbids calls", () => (between.meddleAfter = policy((text) => text.replace(/connect-src [^;]*/, "connect-src https://elsewhere.example")))],
    ["csp_form_action", "the page's policy keeps forms at home", () => (between.meddleAfter = policy((text) => text.replace(/form-action [^;]*/, "form-action 'self'")))],
    ["wasm_missing", "the wasm was not deployed", () => (between.meddle = (exchange) => (isWasm(exchange) ? { status: 404, headers: {}, body: "" } : undefined))],
    ["wasm_missing", "every missing file is the home page", () => (between.meddle = (exchange) => (isWasm(exchange) ? { status: 200, headers: { "content-type": "text/html" }, body: "<h1>Home</h1>" } : undefined))],
    ["wasm_type", "the wasm is served as bytes", () => (between.meddleAfter = (exchange, answer) => isWasm(exchange) && (answer.headers["content-type"] = "application/octet-stream"))],
    ["wasm_cors", "the wasm is of another origin", async () => {
      between.meddleAfter = policy((text) => text.replace("connect-src", `connect-src ${stack.edge_url}`));
      return { args: [`--wasm=${await wasmOf(stack.edge_url)}`] };
    }],
    ["origin_not_allowed", "the page is of another origin", async () => ({ args: [`--page=${await elsewhere()}`] })],
    // The last --edge or --page counts. Another address of this machine is no loopback to the doctor, and another origin.
    [["edge_insecure", "public_url_mismatch"], "the edge is asked over plain HTTP", () => ({ args: [`--edge=${notLoopback(between.url)}${stack.base_path}`], without: "--page" })],
    [["origin_not_allowed", "page_insecure"], "the page is served over plain HTTP", async () => ({ args: [`--page=${notLoopback(await elsewhere())}`] })],
  ];

  const notLoopback = (url) => url.replace("//127.0.0.1:", "//127.0.0.2:");

  /** The next reads of PaySG's list go wrong. */
  const paysg = (fault) => stack.sim("/faults", [{ method: "GET", path: "/v1/payment-services/", times: 1, ...fault }]);

  function slow() {
    const file = join(stack.state, "slow.mjs");
    writeFileSync(file, "const now = Date.now; Date.now = () => now() - 600_000;");
    return file;
  }

  const register = (origin) => stack.sim("/webhooks", { url: `${origin}${stack.base_path}/webhooks`, secret: stack.webhook_secret });
  async function unregister() {
    const { data } = await stack.sim("/webhooks");
    for (const { id } of data) await fetch(`${stack.simulator_url}/_sim/webhooks/${id}`, { method: "DELETE" });
  }

  async function wasmOf(origin) {
    const page = await (await fetch(`${origin}/licence`)).text();
    for (const [, script] of page.matchAll(/(?:src|href)="([^"]+\.js)"/g)) {
      const named = /\/assets\/[^"'`]+\.wasm/.exec(await (await fetch(origin + script)).text());
      if (named) return origin + named[0];
    }
    return assert.fail("the page has no wasm");
  }

  /** The same page, of an origin that the edge does not know; its policy allows the edge. */
  async function elsewhere() {
    const other = await startBetween();
    after(other.stop);
    other.target = stack.edge_url;
    other.meddleAfter = (_, answer) => {
      const text = answer.headers["content-security-policy"];
      if (text !== undefined) answer.headers["content-security-policy"] = text.replace(/(connect-src|form-action)/g, `$1 ${between.url}`);
    };
    return `${other.url}/licence`;
  }

  async function restore() {
    between.honest();
    eservice.manner = undefined;
    await fetch(`${stack.simulator_url}/_sim/faults`, { method: "DELETE" });
  }

  test("nothing is found where nothing is wrong, and everything was looked at", async () => {
    const { status, ok, findings: found, checks } = await findings(args, secrets);
    assert.deepEqual(found, []);
    assert.deepEqual(checks.filter(({ outcome }) => outcome !== "good"), []);
    assert.equal(checks.length, 13);
    assert.deepEqual([status, ok], [0, true]);
  });

  for (const [expected, name, seed] of FAULTS) {
    test(`${[expected].flat().join(" and ")}: ${name}`, async (t) => {
      t.after(restore);
      const { env = {}, args: more = [], without, undo } = (await seed()) ?? {};
      if (undo) t.after(undo);
      const given = args.filter((argument) => without === undefined || !argument.startsWith(without));
      const { status, ok, findings: found } = await findings([...given, ...more], { ...secrets, ...env });
      assert.deepEqual([...new Set(codes({ findings: found }))], [expected].flat(), JSON.stringify(found));
      const wrong = found.some(({ severity }) => severity === "error");
      assert.deepEqual([status, ok], wrong ? [1, false] : [0, true]);
      assert.ok(found.every(({ meaning, mend }) => meaning && mend));
    });
  }

  test("a report for people names the code, what it means and how it is mended, and no secret", async (t) => {
    t.after(restore);
    eservice.manner = (answer) => answer(200);
    const { status, stdout } = await doctor(args, secrets);
    assert.equal(status, 1);
    assert.match(stdout, /✗ fulfilment_takes_forgeries \(HTTP 200\)\n {2}The e-service's server takes[^\n]+\n {2}Verify the receipt/);
    assert.match(stdout, /✓ the wasm loads/);
    assert.match(stdout, /\n1 wrong, 0 doubtful\n$/);
    for (const secret of [stack.api_key, stack.order_key, stack.session_key, stack.webhook_secret]) assert.ok(!stdout.includes(secret));
  });

  test("warnings count with --strict", async (t) => {
    t.after(restore);
    between.meddleAfter = policy((text) => text.replace(" 'wasm-unsafe-eval'", ""));
    assert.equal((await findings([...args, "--strict"], secrets)).status, 1);
  });

  test("what it is not given it does not look at, and says so", async () => {
    const { status, findings: found, checks } = await findings([args[0]]);
    assert.deepEqual([status, found], [0, []]);
    const why = Object.fromEntries(checks.filter(({ outcome }) => outcome === "skipped").map(({ name, why }) => [name, why]));
    assert.equal(why["from inside: secrets, PaySG, fulfilment, ledger"], "PAYSG_ORDER_KEY is not set");
    assert.equal(why["the webhook arrives, and is verified"], "PAYSG_WEBHOOK_SECRET is not set");
    assert.equal(why["the page answers"], "no --page");
  });

  test("it reads its variables from a file, and finds the edge by them", async () => {
    const file = join(stack.state, "dev.vars");
    writeFileSync(file, `PAYSG_PUBLIC_URL="${between.url}"\nexport PAYSG_ORDER_KEY=${stack.order_key}\nPAYSG_WEBHOOK_SECRET='${stack.webhook_secret}'\n`);
    const { findings: found, checks } = await findings([`--env-file=${file}`]);
    assert.deepEqual(found, []);
    assert.deepEqual(checks.filter(({ outcome }) => outcome === "good").length, 8);
  });

  test("without knowing where to look it says how it is used", async () => {
    for (const wrong of [[], ["--edge=ftp://example"], ["--nonsense"], ["--edge=https://eservice.example", "--patience=soon"]]) {
      const { status, stderr } = await doctor(wrong);
      assert.equal(status, 2);
      assert.match(stderr, /npx --no paysg-wasm doctor/);
    }
  });

  test("the edge tells how it is only to who has a command for that", async () => {
    const ask = async (headers) => (await fetch(stack.edge("/doctor"), { headers })).status;
    const bearer = (...command) => ({ authorization: `Bearer ${commandToken(stack, ...command)}` });
    assert.equal(await ask({}), 401);
    assert.equal(await ask(bearer("read", { reference_id: "x" })), 403);
    assert.equal(await ask({ authorization: "Bearer nonsense" }), 401);
    const response = await fetch(stack.edge("/doctor"), { headers: bearer("doctor") });
    assert.equal(response.status, 200);
    const report = await response.text();
    for (const secret of [stack.api_key, stack.order_key, stack.session_key, stack.webhook_secret]) assert.ok(!report.includes(secret));
    assert.equal(response.headers.get("cache-control"), "no-store");
  });

  test("looking makes no payment, and tells of none that is", async () => {
    const before = (await stack.sim("/payments")).data.map(({ id }) => id);
    const told = [];
    eservice.manner = (answer, body) => {
      told.push(body);
      answer(401);
    };
    await findings(args.slice(0, 2), secrets);
    eservice.manner = undefined;
    assert.deepEqual((await stack.sim("/payments")).data.map(({ id }) => id), before);
    // Payments of tests before this one may still be told again.
    const ours = told.filter(({ payment }) => !before.includes(payment.id));
    assert.deepEqual(ours.map(({ receipt, payment }) => [receipt, payment.id.slice(0, 7), payment.reference_id.slice(0, 7)]), [["signed.by.nobody", "doctor-", "doctor-"]]);
  });

  /** What is wrong with the edge's own variables: each an edge of its own. */
  const LIVE_KEY = `paysg_live_${"0123456789abcdef".repeat(2)}`;
  const ONE_KEY = randomUUID() + randomUUID();
  const VARIABLES = [
    [["api_key_malformed"], { PAYSG_API_KEY: "paysg_stag_with_a_space " }],
    [["api_key_malformed"], { PAYSG_API_KEY: "sk_test_of_somebody_else" }],
    [["api_url_mismatch"], { PAYSG_API_KEY: LIVE_KEY }],
    [["service_id_malformed"], { PAYSG_PAYMENT_SERVICE_ID: randomUUID() }],
    [["webhook_secret_malformed"], { PAYSG_WEBHOOK_SECRET: `${ONE_KEY}\n` }],
    [["order_key_malformed"], { PAYSG_ORDER_KEY: "too short" }],
    [["session_key_malformed"], { PAYSG_SESSION_KEY: ` ${ONE_KEY}` }],
    [["public_url_insecure"], { PAYSG_PUBLIC_URL: "http://eservice.example.gov.sg" }],
    [["variable_malformed"], { PAYSG_CATALOGUE: "{" }],
    [["secrets_equal"], { PAYSG_SESSION_KEY: ONE_KEY, PAYSG_ORDER_KEY: ONE_KEY }],
    [["secret_short"], { PAYSG_WEBHOOK_SECRET: "swordfish" }],
    [["secret_guessable"], { PAYSG_SESSION_KEY: "ab".repeat(16) }],
    [["fulfilment_missing"], { PAYSG_FULFILMENT_URL: "" }],
    [["ledger_missing"], {}, { stateless: true }],
    [["result_url_other_site"], { PAYSG_RESULT_URL: "https://www.example.gov.sg/result" }],
    [["platform_domain", "public_url_mismatch"], { PAYSG_PUBLIC_URL: "https://agency.workers.dev" }],
  ];

  describe("the edge's variables", { concurrency: 2 }, () => {
    for (const [expected, edgeEnv, options = {}] of VARIABLES) {
      test(`${expected.join(" and ")}: ${Object.entries(edgeEnv).map((pair) => pair.join("=")).join(", ") || "no LEDGER"}`, async (t) => {
        const its = await startStack({ www: false, fulfilmentUrl: eservice.url, edgeEnv, ...options });
        t.after(() => its.stop());
        const args = [`--edge=${its.edge_url}${its.base_path}`];
        const env = { PAYSG_ORDER_KEY: edgeEnv.PAYSG_ORDER_KEY ?? its.order_key, PAYSG_WEBHOOK_SECRET: edgeEnv.PAYSG_WEBHOOK_SECRET ?? its.webhook_secret };
        const report = await findings(args, env);
        assert.deepEqual(codes(report), expected, JSON.stringify(report.findings));
        for (const value of Object.values(edgeEnv)) assert.ok(value.length < 12 || value.startsWith("http") || !JSON.stringify(report).includes(value), "a value is shown");
      });
    }
  });

  test("every finding is documented, and seeded here", () => {
    const text = readFileSync(new URL(import.meta.url), "utf8");
    const documented = readFileSync(join(root, "docs/operating.md"), "utf8");
    assert.ok(Object.keys(FINDINGS).length >= 40);
    for (const [code, { severity, meaning, mend }] of Object.entries(FINDINGS)) {
      const row = `| \`${code}\`${severity === "warning" ? " (warning)" : ""} | ${meaning} | ${mend} |`;
      assert.ok(documented.includes(row), `docs/operating.md lacks the row ${row}`);
      assert.match(text, new RegExp(`"${code}"`), `${code} is not seeded`);
    }
  });
});

test("the demo for a page at localhost is a deployment with which nothing is wrong", async (t) => {
  const eservice = await startEService();
  // Payers pay and come back there: anything that answers.
  const page = createServer((_, response) => response.end("a page")).listen(0, "localhost");
  await once(page, "listening");
  const origin = `http://localhost:${page.address().port}`;
  const stack = await startStack({ page: `${origin}/`, fulfilmentUrl: eservice.url });
  t.after(async () => {
    await stack.stop();
    eservice.stop();
    page.closeAllConnections();
    page.close();
  });
  const edge = `http://localhost:${new URL(stack.edge_url).port}`;
  eservice.trusted = { keys: stack.order_key, issuer: edge, audience: origin };
  const { findings: found, checks } = await findings([`--edge=${edge}${stack.base_path}`, `--simulator=${stack.simulator_url}`], { PAYSG_ORDER_KEY: stack.order_key, PAYSG_WEBHOOK_SECRET: stack.webhook_secret });
  assert.deepEqual(found, []);
  assert.equal(checks.find(({ name }) => name.startsWith("a payment"))?.outcome, "good");
});
