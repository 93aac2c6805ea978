// A receipt is an ordinary JWT: whoever has the order key verifies it with the usual library of their language.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { jwtVerify } from "jose";
import { startStack } from "../stack.mjs";
import { anOrder, orderToken, sign } from "../tokens.mjs";
import { Listener } from "./resilience/listener.mjs";
import { eventually } from "./support.mjs";

const root = new URL("../..", import.meta.url).pathname;
const PYJWT = "PyJWT==2.15.1";
const TYP = "paysg-receipt+jwt";
const CLAIMS = ["amount_in_cents", "aud", "iat", "iss", "paid_at", "payment_id", "payment_service_id", "reference_id", "status"];

describe("receipts", () => {
  let stack;
  let listener;
  let payment;
  /** The e-service was told with the one, the payer's browser was shown the other. */
  let receipts;
  let wanted;
  let forged;

  before(async () => {
    listener = await Listener.start();
    stack = await startStack({ www: false, fulfilmentUrl: listener.url, edgeEnv: { PAYSG_RESULT_URL: "https://www.eservice.example/result?step=3" } });
    // A reference that JSON and base64url have to work for.
    const order = anOrder({ reference_id: `试-"é"\\${Date.now()}`, amount_in_cents: 123_456 });
    const created = await fetch(stack.edge("/payments"), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ order: orderToken(stack, order) }),
    });
    assert.equal(created.status, 201);
    ({ payment } = await created.json());
    await stack.sim(`/payments/${payment.id}/pay`, {});
    const { receipt: told } = await eventually(() => listener.heard(payment), "the e-service is told");
    const cookie = created.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    const status = await fetch(stack.edge(`/payments/${payment.payment_service_id}/${payment.id}`), { headers: { accept: "application/json", cookie } });
    const { receipt: shown } = await status.json();
    receipts = [told, shown];
    wanted = { key: stack.order_key, issuer: stack.edge_url, audience: "https://www.eservice.example" };
    forged = forgeries(told, wanted);
  });
  after(async () => {
    await stack?.stop();
    listener?.stop();
  });

  function check(claims) {
    assert.deepEqual(Object.keys(claims).sort(), CLAIMS);
    const { iss, aud, iat, paid_at, status, ...rest } = claims;
    const { id: payment_id, payment_service_id, reference_id, amount_in_cents } = payment;
    assert.deepEqual(rest, { payment_id, payment_service_id, reference_id, amount_in_cents });
    assert.deepEqual({ iss, aud, status }, { iss: wanted.issuer, aud: wanted.audience, status: "paid" });
    assert.ok(Math.abs(iat - Date.now() / 1000) < 60);
    assert.ok(Math.abs(Date.parse(paid_at) - Date.now()) < 60_000);
  }

  test("jose verifies them, and nothing that was changed", async () => {
    const key = new TextEncoder().encode(wanted.key);
    const options = { algorithms: ["HS256"], issuer: wanted.issuer, audience: wanted.audience, typ: TYP };
    for (const receipt of receipts) check((await jwtVerify(receipt, key, options)).payload);
    for (const [what, token] of Object.entries(forged)) await assert.rejects(jwtVerify(token, key, options), { name: /^J/ }, `jose takes ${what}`);
  });

  test("Python verifies them, and nothing that was changed", async (t) => {
    const python = pythonWithJwt();
    if (python === undefined) return t.skip("there is no Python on this machine");
    const input = JSON.stringify({ ...wanted, good: receipts, bad: Object.values(forged) });
    const output = execFileSync(python, [new URL("resilience/receipts.py", import.meta.url).pathname], { input, encoding: "utf8" });
    const { library, claims, refused } = JSON.parse(output);
    t.diagnostic(`by ${library}`);
    assert.equal(claims.length, receipts.length);
    for (const each of claims) check(each);
    for (const [at, what] of Object.keys(forged).entries()) assert.ok(refused[at], `Python takes ${what}`);
  });

  test("one payment, one receipt: each of its tellings vouches for the same", () => {
    const [told, shown] = receipts.map((receipt) => JSON.parse(Buffer.from(receipt.split(".")[1], "base64url")));
    assert.deepEqual({ ...told, iat: 0 }, { ...shown, iat: 0 });
  });
});

/** Every way in which the receipt could have been tampered with. */
function forgeries(receipt, { key }) {
  const [header, claims, signature] = receipt.split(".");
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const told = JSON.parse(Buffer.from(claims, "base64url"));
  const head = JSON.parse(Buffer.from(header, "base64url"));
  const changed = Object.keys(told).map((name) => {
    const value = typeof told[name] === "number" ? told[name] + 1 : `${told[name]}x`;
    return [`another ${name}`, `${header}.${encode({ ...told, [name]: value })}.${signature}`];
  });
  const removed = Object.keys(told).map((name) => [`no ${name}`, `${header}.${encode({ ...told, [name]: undefined })}.${signature}`]);
  const bytes = Buffer.from(signature, "base64url");
  bytes[0] ^= 1;
  return {
    ...Object.fromEntries([...changed, ...removed]),
    "a claim more": `${header}.${encode({ ...told, note: "" })}.${signature}`,
    "no signature": `${header}.${claims}.`,
    "an unsigned header": `${encode({ ...head, alg: "none" })}.${claims}.`,
    "another signature": `${header}.${claims}.${bytes.toString("base64url")}`,
    "another key": sign(head, told, `${key}x`),
    "an order token's type": sign({ ...head, typ: "paysg-order+jwt" }, told, key),
    "another issuer, signed": sign(head, { ...told, iss: "https://other.example" }, key),
    "another audience, signed": sign(head, { ...told, aud: "https://other.example" }, key),
  };
}

/** A Python, with PyJWT in an environment of its own where that can be had; `undefined` without any Python. */
function pythonWithJwt() {
  const works = (command, ...args) => spawnSync(command, args, { stdio: "ignore", timeout: 120_000 }).status === 0;
  if (!works("python3", "--version")) return undefined;
  const home = join(root, "target/python");
  const python = join(home, "bin/python");
  if (!existsSync(python) && !works("python3", "-m", "venv", home)) return "python3";
  const imports = works(python, "-c", "import jwt") || works(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PYJWT);
  return imports ? python : "python3";
}
