// The worker, with lists of the sweep that cannot be reached; or that never answer, until the test says so.
import worker, { PaymentLedger as Ledger } from "../../pkg/cloudflare.js";

let lists = "away";

export default {
  ...worker,
  async fetch(request, env, ctx) {
    const [, root, intent, what] = new URL(request.url).pathname.split("/");
    if (root === "_lists" && intent.startsWith("filled-")) {
      const digit = intent.at(-1);
      const list = env.LEDGER.get(env.LEDGER.idFromName(`watch-${digit}`));
      for (let nth = 0; nth < 250; nth += 1) await list.note(`${digit}-old-${nth}`);
      return new Response();
    }
    if (root === "_lists") return new Response((lists = intent));
    if (root !== "_objects") return worker.fetch(request, env, ctx);
    const object = env.LEDGER.get(env.LEDGER.idFromName(intent));
    try {
      return Response.json((await object[what]()) ?? null);
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};

export class PaymentLedger extends Ledger {
  constructor(ctx, env) {
    const idFromName = (name) => {
      if (name.startsWith("watch-") && lists === "away") throw new Error("out of reach");
      return env.LEDGER.idFromName(name);
    };
    const get = (id) => {
      const object = env.LEDGER.get(id);
      return lists === "silent" ? { note: () => new Promise(() => {}) } : object;
    };
    super(ctx, { ...env, LEDGER: { get, idFromName } });
  }

  /** Of intents that are in the lists and nowhere else. */
  concerns(name) {
    return name?.includes("-old-") ? JSON.stringify({ intent: name, payment_service_id: null, concerns: ["vanished"] }) : super.concerns(name);
  }

  damaged() {
    this.ctx.storage.sql.exec("UPDATE journal SET at_ms = at_ms + 1 WHERE number = 2");
  }

  /** The chain is whole: SHA-256 over the parts, each with its length before it (`src/ledger/digest.rs`). */
  async written_by_a_newer_release() {
    const { sql } = this.ctx.storage;
    const { number, hash } = sql.exec("SELECT number, hash FROM journal ORDER BY number DESC LIMIT 1").one();
    const [at_ms, entry] = [Date.now(), '{"what":"forgiven"}'];
    const big = (value) => new Uint8Array(new BigUint64Array([BigInt(value)]).buffer).reverse();
    const text = (value) => new TextEncoder().encode(value);
    const parts = [text(hash), big(number + 1), big(at_ms), text(entry)].flatMap((part) => [...big(part.length), ...part]);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(parts)));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    sql.exec("INSERT INTO journal VALUES (?, ?, ?, ?)", number + 1, at_ms, entry, hex);
  }

  migrated_by_a_newer_release() {
    this.ctx.storage.sql.exec("UPDATE schema_version SET version = version + 1; ALTER TABLE timers ADD COLUMN more TEXT");
  }

  /** Whichever of these it was; and nothing of it must have been undone before. */
  restored() {
    const { sql } = this.ctx.storage;
    const [{ version }] = sql.exec("SELECT version FROM schema_version").toArray();
    if (version === 2) sql.exec("UPDATE schema_version SET version = 1; ALTER TABLE timers DROP COLUMN more");
    else if (sql.exec("DELETE FROM journal WHERE entry LIKE '%forgiven%'").rowsWritten === 0) sql.exec("UPDATE journal SET at_ms = at_ms - 1 WHERE number = 2");
  }

  due() {
    return this.ctx.storage.getAlarm();
  }

  /** As a deployment, or a machine that goes: what was under way is lost, what was stored is not. */
  async reset() {
    await this.ctx.storage.sync();
    this.ctx.abort("reset by the test");
  }

  /** As its alarm does when its time has come. */
  async wake() {
    await this.ctx.storage.deleteAlarm();
    await this.alarm();
  }
}
