// Personal data and secrets, wherever they could come to light: row 14. Everything that is secret or the payer's is a canary; whole flows run,
// good ones and those that fail in every way; then everything that the edge has written anywhere is looked through.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createHandler } from "../../pkg/edge.js";
import { packedFiles, pkg } from "../package/pkg.mjs";
import { ALLOWED_ORIGIN, Browser, CATALOGUE, FOREIGN_ORIGIN, NAVIGATION, sleep, succeeded, tag, World } from "../edge/support.mjs";
import { commandToken, orderToken, sign } from "../tokens.mjs";
import { threat } from "./proof.mjs";
import { Scanner } from "./scanner.mjs";

const letters = (count) => Array.from({ length: count }, () => "abcdefghijklmnopqrstuvwxyz"[randomInt(26)]).join("");

/** A payer nobody else is. Long enough that nothing else is written so by accident. */
export const aPayer = () => {
  const name = `Kanariah Zs${letters(8)}`;
  return {
    payer_name: name,
    payer_identifier: `S${String(randomInt(10_000_000)).padStart(7, "0")}Q`,
    payer_email: `zs${letters(10)}@canary.example`,
    payer_address: `${randomInt(100, 999)} Zs${letters(8)} Crescent #09-${randomInt(10, 99)}`,
    metadata: { note: `zs-note-${letters(12)}` },
  };
};

/** A browser that keeps what it is answered. */
class Watcher extends Browser {
  take(status, headers, text) {
    this.world.seen.push(`${status}\n${[...headers].map((line) => line.join(": ")).join("\n")}\n\n${text}`);
    return super.take(status, headers, text);
  }
}

export class CanaryWorld extends World {
  seen = [];
  payer = aPayer();

  browser() {
    return new Watcher(this);
  }

  order(fields = {}) {
    return { reference_id: `canary-${randomUUID()}`, description: "Renewal of a licence", amount_in_cents: 4200, ...this.payer, ...fields };
  }

  body(fields = {}, claims = {}) {
    return { order: orderToken(this.stack, this.order(fields), claims) };
  }

  async clean() {}

  get canaries() {
    const { metadata, ...payer } = this.payer;
    const keys = Object.entries(this.keys).flatMap(([name, keys]) => keys.map((key, at) => [`${name} ${at + 1}`, key]));
    return { ...payer, metadata: metadata.note, "API key": this.stack.api_key, ...Object.fromEntries(keys) };
  }

  /** Every file that the edge keeps, WAL and all. Its configuration holds the secrets, as that of any server does. */
  ledgerFiles() {
    const folder = join(this.stack.state, "ledger");
    try {
      return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    } catch {
      return [];
    }
  }

  /** The e-service's own database: what the edge tells it is without personal data. */
  eserviceFiles() {
    return readdirSync(this.stack.state).filter((name) => name.startsWith("eservice")).map((name) => join(this.stack.state, name));
  }
}

/** Everything that succeeds. */
async function goodFlows(world) {
  const { payer } = world;
  const item = { item: "permit", quantity: 2, payer_name: payer.payer_name, payer_email: payer.payer_email, payer_identifier: payer.payer_identifier, payer_address: payer.payer_address };
  const look = async ({ browser, payment, path }) => {
    const back = `/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${payment.payment_service_id}`;
    for (const who of [browser, world.browser()]) for (const headers of [{}, NAVIGATION, { origin: ALLOWED_ORIGIN }]) for (const at of [path, back, "/resume", "/health", `${path}?refreshed=9`]) await who.get(at, headers);
  };
  const [one, other] = [await world.pending(), await world.pending()];
  await look(one);
  await world.pay(one.payment.id, true);
  const [full] = await world.atPaySG(one.payment.reference_id);
  for (const event of [succeeded(full), succeeded(full), succeeded(full, { type: "payment.other" })]) await world.deliver(event);
  await look(one);
  await other.browser.create(world.body({ reference_id: other.payment.reference_id }));
  await other.browser.create(world.body({ reference_id: other.payment.reference_id, amount_in_cents: 5000 }));
  await other.browser.submit(world.body({ reference_id: other.payment.reference_id, description: "Another text" }));
  const forms = world.browser();
  for (const ask of [() => forms.create(item), () => forms.create(item, { "idempotency-key": randomUUID() }), () => forms.submit(item), () => forms.submit(item), () => forms.submit(world.body())]) await ask();
  const cancelled = await world.pending();
  await cancelled.browser.post(`${cancelled.path}/cancel`);
  await cancelled.browser.post(`${cancelled.path}/cancel`, NAVIGATION);
  await look(cancelled);
  const paid = await world.paid();
  await paid.browser.get(paid.path);
  const officer = (action, claims = {}) => world.browser().post(`${paid.path}/${action}`, world.command(action, { payment_id: paid.payment.id, ...claims }));
  for (const ask of [() => officer("send-email"), () => officer("refund", { refund_amount_in_cents: 100 }), () => officer("refund", { refund_amount_in_cents: 10 ** 6 }), () => officer("tell-again"), () => officer("cancel")]) await ask();
  await look(paid);
  await Promise.all(Array.from({ length: 6 }, () => world.browser().create(world.body({ reference_id: paid.payment.reference_id }))));
  for (const { payment } of [one, other, cancelled, paid]) await world.intent(payment.reference_id);
}

/** Asks side by side, a few at a time. */
async function together(asks) {
  const waiting = [...asks];
  await Promise.all(Array.from({ length: 12 }, async () => {
    for (let ask = waiting.shift(); ask !== undefined; ask = waiting.shift()) await ask();
  }));
}

/** Everything that is refused: the canaries stand wherever a request can have them. */
async function refusals(world) {
  const { payer } = world;
  const { path, payment, browser } = await world.pending();
  const json = { "content-type": "application/json" };
  const form = { "content-type": "application/x-www-form-urlencoded", ...NAVIGATION };
  const asks = [];
  const order = (fields, claims) => asks.push(() => world.browser().create(world.body(fields, claims)));
  const post = (at, headers, body) => asks.push(() => world.browser().post(at, headers, body));
  const get = (at, headers) => asks.push(() => browser.get(at, headers));
  for (const canary of Object.values(world.canaries)) {
    const long = `${canary} `.repeat(40);
    for (const wrong of [long, `${canary}\u0000`, [canary]]) order(Object.fromEntries(["payer_name", "payer_email", "payer_identifier", "payer_address", "description", "due_date", "reference_id"].map((field) => [field, wrong])));
    order({ payer_email: canary, payer_identifier: `${canary}-and-more-of-it`, due_date: canary, metadata: { note: [canary], x: null, y: long }, line_items: canary, amount_in_cents: canary });
    for (const claims of [{ payment_service_id: canary }, { aud: canary }, { exp: canary }]) order({}, claims);
    for (const body of [canary, `{"order":"${canary}"}`, `{"order":${JSON.stringify(canary)}`, `{"item":${JSON.stringify(canary)},"payer_name":${JSON.stringify(long)}}`, JSON.stringify({ item: "permit", quantity: canary, payer_name: canary, payer_email: canary }), JSON.stringify([canary]), JSON.stringify({ order: canary.repeat(3000) })]) {
      post("/payments", json, body);
      post("/payments", { ...json, ...NAVIGATION }, body);
      post("/payments", { "content-type": "text/plain" }, body);
      asks.push(() => world.deliver(body), () => world.deliver(body, { signature: `t=1,v1=${tag("another", 1, body)}` }));
    }
    post("/payments", form, new URLSearchParams({ item: "permit", quantity: "0", payer_name: long, payer_email: canary, payer_identifier: `${canary}${canary}` }).toString());
    const odd = encodeURIComponent(canary);
    // What is written like a payment's id is one: it goes on to PaySG and to the result.
    const id = /^[\w-]{1,64}$/.test(canary) ? `${odd}.` : odd;
    for (const at of [`/return?payer=${odd}`, `/return?paysg_payment_id=${id}&paysg_payment_service_id=${world.service}`, `/return?paysg_payment_id=x&paysg_payment_service_id=${odd}`, `/payments/${world.service}/${id}`, `/payments/${odd}/x`, `/${odd}`, `${path}?${odd}=${odd}`, `/intents/${world.service}/${odd}`, `/resume?${odd}`]) {
      for (const headers of [{}, NAVIGATION]) get(at, headers);
    }
    const header = canary.replace(/[^\x20-\x7e]/g, "");
    for (const name of ["cookie", "authorization", "origin", "referer", "user-agent", "idempotency-key", "paysg-signature", "accept", "content-type", "sec-fetch-site", "x-forwarded-for"]) {
      const value = name === "authorization" ? `Bearer ${header.replaceAll(" ", "")}` : name === "cookie" ? `${browser.cookie.split("=")[0]}=${header.replaceAll(" ", "")}` : header;
      get(path, { [name]: value });
      post("/payments", { ...json, [name]: value }, '{"item":"none"}');
      post(`${path}/cancel`, { [name]: value });
      post("/webhooks", { ...json, [name]: value }, "{}");
    }
    for (const key of [world.keys.order[0], canary]) {
      const token = sign({ typ: "paysg-command+jwt" }, { aud: "paysg-wasm", exp: Math.floor(Date.now() / 1000) + 60, action: canary, payment_id: canary }, key);
      post(`${path}/cancel`, { authorization: `Bearer ${token}` });
    }
  }
  for (const headers of [{ origin: FOREIGN_ORIGIN }, { "sec-fetch-site": "cross-site" }]) for (const accept of [{}, NAVIGATION]) asks.push(() => browser.create(world.body(), { ...headers, ...accept }));
  post(`${path}/refund`, world.command("cancel", { payment_id: payment.id }));
  post(`${path}/refund`, { authorization: `Bearer ${commandToken(world.stack, "refund", { payment_id: payment.id, exp: 1 })}` });
  asks.push(() => world.browser().submit({ item: "permit", payer_name: payer.payer_name, payer_email: "x" }));
  await together(asks);
}

/** PaySG fails in every way, and repeats in each answer what it was told. */
async function failures(world) {
  const payments = `/v1/payment-services/${world.service}/payments`;
  const all = Object.values(world.canaries).join(" | ");
  const error = { type: all, code: all, message: all, data: { fields: [{ field: all, value: all }], request: all } };
  const words = Object.values(world.canaries);
  const { browser, payment, path } = await world.pending();
  const kinds = [
    ...[400, 401, 402, 403, 404, 409, 418, 422, 429, 500, 501, 502, 503, 504, 520].map((status) => ({ status, body: { error }, headers: { "x-payer": all, "retry-after": status === 429 ? "60" : all } })),
    ...words.map((word) => ({ status: 400, body: { error: { type: word, code: word, message: word } } })),
    { status: 302, headers: { location: `https://evil.example/?${encodeURIComponent(all)}` }, body: all }, { status: 200, body: all }, { status: 201, body: { id: all, reference_id: all, payment_url: `https://evil.example/${encodeURIComponent(all)}`, error } }, { drop: "before" }, { drop: "after" }, { body: "" },
  ];
  for (const kind of kinds) {
    await world.fault({ method: "POST", path: payments, times: 4, ...kind }, { method: "GET", path: payments, times: 4, ...kind });
    await together([() => world.browser().create(world.body()), () => browser.get(path, NAVIGATION), () => browser.post(`${path}/cancel`), () => browser.get(`/return?paysg_payment_id=${payment.id}&paysg_payment_service_id=${world.service}`), () => world.deliver(succeeded({ ...payment, ...world.payer }))]);
    await world.clearFaults();
  }
  await world.show(payment.id, { payment_status: all, latest_status: all, refund_status: all, reference_id: all, payment_url: `https://evil.example/${encodeURIComponent(all)}` });
  for (const at of [path, "/resume"]) for (const headers of [{}, NAVIGATION]) await browser.get(at, headers);
  await world.intent(payment.reference_id);
}

/** Every wrong setting, its value a canary. */
async function misconfigurations(world) {
  const lines = [];
  const good = {
    PAYSG_API_KEY: world.stack.api_key, PAYSG_API_URL: world.stack.simulator_url, PAYSG_PAYMENT_SERVICE_ID: world.service, PAYSG_WEBHOOK_SECRET: world.keys.webhook[0], PAYSG_ORDER_KEY: world.keys.order[0],
    PAYSG_SESSION_KEY: world.keys.session[0], PAYSG_PUBLIC_URL: "https://pay.agency.example", PAYSG_CATALOGUE: JSON.stringify(CATALOGUE),
  };
  const names = [...Object.keys(good), "PAYSG_RESULT_URL", "PAYSG_FULFILMENT_URL", "PAYSG_ALLOWED_ORIGINS", "PAYSG_BASE_PATH", "PAYSG_TIME_SCALE"];
  for (const name of names) {
    for (const canary of Object.values(world.canaries)) {
      for (const value of [canary, ` ${canary}`, `${canary},`, `https://${canary}:${canary}@x.example/${canary}`]) {
        const handle = createHandler({ ...good, [name]: value }, { log: (line) => lines.push(line) });
        for (const accept of ["application/json", NAVIGATION.accept]) {
          const response = await handle(new Request("https://pay.agency.example/paysg/resume", { headers: { accept } }));
          world.seen.push(`${response.status}\n${[...response.headers].join("\n")}\n\n${await response.text()}`);
        }
      }
    }
  }
  return lines;
}

export function canaries(world) {
  threat(14, "no log, no answer, no stored file and no telling holds a canary, whatever went well or wrong", async (t) => {
    await goodFlows(world);
    await refusals(world);
    await failures(world);
    const lines = await misconfigurations(world);
    await sleep(300);
    const scanner = new Scanner(world.canaries);
    const scan = (where, content) => {
      const before = scanner.bytes;
      scanner.scan(where, content);
      return scanner.bytes - before;
    };
    const scanned = { log: scan("the log", world.stack.log), "log under Node": scan("the log under Node", lines.join("\n")) };
    scanned.answers = scan("an answer", world.seen.join("\n\n"));
    scanned.tellings = world.eservice ? scan("a telling", JSON.stringify(world.eservice.calls)) : 0;
    scanned.ledger = 0;
    for (const file of [...world.ledgerFiles(), ...world.eserviceFiles()]) scanned.ledger += scan(file, contentOf(file));
    // Once more when all of it is in the database, and what was freed is freed.
    await world.stack.kill("edge");
    for (const file of world.ledgerFiles()) scanned.ledger += scan(file, readFileSync(file));
    for (const { where, canary, kind } of scanner.found) t.diagnostic(`${where}: ${canary}, ${kind}`);
    const held = scanner.found.map(({ where, canary, kind }) => `${where}: ${canary} (${kind})${where === "an answer" ? excerpt(world, canary) : ""}`);
    assert.deepEqual(held, []);
    t.diagnostic(`${world.seen.length} answers; bytes looked through: ${JSON.stringify(scanned)}; canaries found: ${scanner.found.length}`);
    assert.ok(world.seen.length > 500 && scanned.log > 10_000 && scanned.answers > 100_000);
    assert.ok(world.stateless || scanned.ledger > 100_000, "the ledger's files were there");
  }, { timeout: 120_000 });
}

/** The answer in which a canary was found. */
function excerpt(world, name) {
  for (const answer of world.seen) {
    const scanner = new Scanner({ [name]: world.canaries[name] });
    scanner.scan("", answer);
    if (scanner.found.length > 0) return `: ${answer.slice(0, 600)}`;
  }
  return "";
}

export function tarball() {
  threat(14, "the npm tarball holds no key, no payer and nothing of the machine that made it", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "paysg-tarball-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const { metadata, ...payer } = aPayer();
    const secrets = { PAYSG_API_KEY: `paysg_stag_${randomBytes(16).toString("hex")}`, PAYSG_ORDER_KEY: randomUUID() + randomUUID(), PAYSG_SESSION_KEY: randomUUID() + randomUUID(), PAYSG_WEBHOOK_SECRET: randomUUID() };
    // Packed by somebody whose shell is full of secrets.
    const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", "--json", "--loglevel=error", "--pack-destination", folder], { cwd: pkg, encoding: "utf8", env: { ...process.env, ...secrets, PAYER: JSON.stringify({ ...payer, metadata }) } }));
    const tar = gunzipSync(readFileSync(join(folder, filename)));
    const place = { home: homedir().length > 3 ? `${homedir()}/` : undefined, project: new URL("../..", import.meta.url).pathname, user: userInfo().username === "root" ? undefined : `/${userInfo().username}/` };
    const scanner = new Scanner({ ...secrets, ...payer, metadata: metadata.note, ...Object.fromEntries(Object.entries(place).filter(([, text]) => text !== undefined)) });
    scanner.scan(filename, tar);
    assert.deepEqual(scanner.found, []);
    const text = tar.toString("latin1");
    // Whoever's they are: what looks like a key or an identity number is one.
    assert.doesNotMatch(text, /paysg_(stag|live)_[A-Za-z0-9]{8,}/);
    assert.doesNotMatch(text, /\b[STFGM]\d{7}[A-Z]\b/);
    assert.doesNotMatch(text, /-----BEGIN|npm_[A-Za-z0-9]{36}|ghp_[A-Za-z0-9]{36}|AKIA[A-Z0-9]{16}/);
    for (const file of packedFiles()) assert.ok(text.includes(file.split("/").at(-1)), `${file} was looked through`);
    t.diagnostic(`bytes looked through: ${scanner.bytes}; canaries found: ${scanner.found.length}`);
    assert.ok(scanner.bytes > 500_000);
  });

  threat(14, "the look for canaries finds each of them in each spelling, wherever it is planted", async (t) => {
    const { metadata, ...payer } = aPayer();
    const canaries = { ...payer, note: metadata.note, key: `paysg_stag_${randomBytes(16).toString("hex")}`, secret: randomUUID(), accented: `Zoë "O'Hara" <z${letters(6)}@x.example> & Söhne` };
    let planted = 0;
    for (const [name, text] of Object.entries(canaries)) {
      const ways = {
        plain: text, upper: text.toUpperCase(), lower: text.toLowerCase(), uri: encodeURI(text), component: encodeURIComponent(text), form: new URLSearchParams({ a: text }).toString(), json: JSON.stringify({ a: text }), "json in json": JSON.stringify(JSON.stringify(text).slice(1, -1)),
        escaped: [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}`).join(""), hex: Buffer.from(text).toString("hex"), HEX: Buffer.from(text).toString("hex").toUpperCase(), "utf-16": Buffer.from(text, "utf16le"), jwt: sign({}, { x: text }, "k"),
      };
      for (let before = 0; before < 6; before += 1) {
        for (let after = 0; after < 3; after += 1) {
          const longer = Buffer.concat([randomBytes(before), Buffer.from(text), randomBytes(after)]);
          ways[`base64 ${before} ${after}`] = longer.toString("base64");
          ways[`base64url ${before} ${after}`] = longer.toString("base64url");
        }
      }
      for (const [way, written] of Object.entries(ways)) {
        // Letters beyond ASCII have no upper and lower case to a scanner of bytes.
        if (name === "accented" && ["upper", "json in json"].includes(way)) continue;
        const scanner = new Scanner(canaries);
        scanner.scan("planted", Buffer.concat([randomBytes(5000), Buffer.from(written), randomBytes(5000)]));
        assert.ok(scanner.found.some(({ canary }) => canary === name), `${name}, ${way}: ${written}`);
        planted += 1;
      }
      const scanner = new Scanner(canaries);
      scanner.scan("nothing", Buffer.concat([randomBytes(200_000), Buffer.from(randomBytes(50_000).toString("base64"))]));
      assert.deepEqual(scanner.found, [], "and nothing where nothing is");
    }
    t.diagnostic(`planted and found: ${planted}`);
  });
}

/** A file of a database that is at work, which may close and take its journal away meanwhile: what was in it is in the database then. */
function contentOf(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}
