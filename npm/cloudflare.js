// A Cloudflare Worker: the proxy, and the object that holds the ledger of one payment intent.
import { DurableObject } from "cloudflare:workers";

import module from "./edge/paysg_wasm_bg.wasm";

import { BUSY, Core, TRAPPED, isTrap, provide, serve } from "./host.js";
import { failure, print } from "./log.js";
import { JournalUnreadable, UNREADABLE } from "./unreadable.js";
import { WatchList, listOf, sweep } from "./watch.js";

const cores = new WeakMap();

function coreOf(env) {
  provide(() => module);
  let core = cores.get(env);
  if (core === undefined) {
    core = new Core(env);
    cores.set(env, core);
  }
  return core;
}

export default {
  fetch(request, env, ctx) {
    const address = request.headers.get("cf-connecting-ip") ?? "";
    return serve(coreOf(env), request, { keepAlive: (work) => ctx.waitUntil(work), endsCalls: true, log: print, address });
  },

  /** By a cron trigger: logs which intents are stuck or flagged. */
  async scheduled(controller, env) {
    if (env.LEDGER !== undefined) await sweep(env.LEDGER, print);
  },
};

/** The schema, one statement for each version that there has been. Add to it; never change what is there. */
const MIGRATIONS = [
  `CREATE TABLE journal (number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, entry TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
   CREATE TABLE timers (id INTEGER PRIMARY KEY CHECK (id = 1), schedule TEXT NOT NULL) STRICT;`,
];
/** When a wake-up failed in a way that no schedule foresaw. */
const RETRY_WAKE_MS = 30_000;
/** When the journal could not be read: only another release or a person can change that. */
const RETRY_UNREADABLE_MS = 600_000;
/** When a concern could not be noted. */
const RETRY_REPORT_MS = 300_000;
/** How long a message waits for its turn, and how many may wait. */
const PATIENCE_MS = 20_000;
const MAX_WAITING = 100;
const WAKE = '{"intent":null,"message":"wake"}';
const UNAVAILABLE = '{"failed":{"unavailable":{"retry_after_ms":null}}}';

/** The ledger of one payment intent: it takes one message at a time, and stores before it acts. */
export class PaymentLedger extends DurableObject {
  #core;
  #sql;
  #ledger;
  #schedule = "";
  /** Of the schema on disk; 0 where there is none. */
  #version;
  #alarm;
  #last = Promise.resolve();
  /** What was last reported of this intent; `undefined` where that failed. */
  #reported = "";
  /** What the next report is for, until it is made; whatever a reset has lost of them, too. */
  #owed = {};
  /** Whether nothing but a report is to wake this intent. */
  #idle = false;
  #waiting = 0;
  /** As a list of intents. */
  #list;
  /** Whether the sweep has been told that the journal cannot be read. */
  #unreadableNoted = false;

  constructor(ctx, env) {
    super(ctx, env);
    this.#core = coreOf(env);
    this.#sql = ctx.storage.sql;
  }

  /** Takes a message to the intent of this name, and answers with a reply. */
  async ask(envelope, name) {
    const startedAt = Date.now();
    if (this.#waiting >= MAX_WAITING) return BUSY;
    this.#waiting += 1;
    try {
      return await this.#inTurn((leave) => {
        // While PaySG does not answer, messages queue: who has waited too long is told so, rather than kept waiting for as long again.
        if (Date.now() - startedAt > PATIENCE_MS) return UNAVAILABLE;
        return this.#work(envelope, leave);
      });
    } catch (error) {
      const { request_id: id } = JSON.parse(envelope);
      if (error instanceof JournalUnreadable) {
        this.#alertUnreadable(error, { id, route: "object", startedAt, name });
        return UNREADABLE;
      }
      // What the step was to store is not stored, and what was stored before stands.
      const trapped = isTrap(error);
      print(failure(error, { id, route: "object", startedAt, trapped }));
      if (trapped) return TRAPPED;
      throw error;
    } finally {
      this.#waiting -= 1;
    }
  }

  async alarm() {
    const startedAt = Date.now();
    try {
      await this.#inTurn((leave) => {
        // It is spent: whatever is due next has to set it again, though it were for the same time.
        this.#alarm = null;
        return this.#work(WAKE, leave);
      });
    } catch (error) {
      const unreadable = error instanceof JournalUnreadable;
      if (unreadable) this.#alertUnreadable(error, { route: "alarm", startedAt });
      else print(failure(error, { route: "alarm", startedAt, trapped: isTrap(error) }));
      // Never thrown: after six failures the platform would give the alarm up.
      this.#alarm = Date.now() + (unreadable ? RETRY_UNREADABLE_MS : RETRY_WAKE_MS);
      await this.ctx.storage.setAlarm(this.#alarm);
    }
  }

  /** What an operator should know of the intent of this name, or nothing. For the sweep. */
  async concerns(name) {
    try {
      if (this.#ledger === undefined) await this.#load();
    } catch (error) {
      if (error instanceof JournalUnreadable) return error.alerts(name);
      throw error;
    }
    return this.#ledger === "" ? "" : this.#core.objectConcerns(this.#ledger);
  }

  /** As a list of intents: see `watch.js`. */
  note(intent) {
    this.#list ??= new WatchList(this.#sql);
    this.#list.note(intent);
  }

  sweep(before) {
    this.#list ??= new WatchList(this.#sql);
    return this.#list.sweep(this.env.LEDGER, before);
  }

  /** Logs that the journal cannot be read, and has the sweep name the intent. */
  #alertUnreadable(error, { id, route, startedAt, name = error.intent || (this.ctx.id.name ?? "") }) {
    const { reason, row } = error;
    print(failure(error, { id, route, startedAt, code: "journal_unreadable", fields: { intent: name, reason, row } }));
    if (this.#unreadableNoted || name === "") return;
    this.#unreadableNoted = true;
    const note = async () => listOf(this.env.LEDGER, name).note(name);
    const failed = (error) => {
      this.#unreadableNoted = false;
      print(failure(error, { route: "watch" }));
    };
    this.ctx.waitUntil(note().catch(failed));
  }

  /** Has the sweep look at this intent. Nothing waits for it, and nothing fails with it. */
  async #report() {
    try {
      const owed = this.#owed;
      const concerns = await this.concerns();
      if (concerns !== this.#reported && concerns !== "") {
        const { intent } = JSON.parse(concerns);
        await listOf(this.env.LEDGER, intent).note(intent);
      }
      this.#reported = concerns;
      // What has been stored meanwhile has a report of its own.
      if (this.#owed !== owed) return;
      this.#owed = undefined;
      if (this.#idle && this.#alarm !== null) {
        this.#alarm = null;
        await this.ctx.storage.deleteAlarm();
      }
    } catch (error) {
      print(failure(error, { route: "watch", trapped: isTrap(error) }));
      // Comes again with whatever the intent does next, and by itself where that is nothing.
      this.#reported = undefined;
      if (this.#alarm === null) {
        this.#alarm = Date.now() + RETRY_REPORT_MS;
        await this.ctx.storage.setAlarm(this.#alarm);
      }
    }
  }

  /** Runs the work when the work before it is over, or has left its turn. */
  #inTurn(work) {
    let leave;
    const over = new Promise((resolve) => {
      leave = resolve;
    });
    const result = this.#last.then(() => work(leave));
    this.#last = over;
    return result.finally(leave);
  }

  async #work(envelope, leave) {
    if (this.#ledger === undefined) await this.#load();
    let report = false;
    let step = this.#core.objectBegin(this.#ledger, envelope).split("\0");
    for (;;) {
      const [kind, ledger, rows, schedule, alarm, ...parts] = step;
      // A superset of what can raise a concern, so that most steps are not looked at twice.
      const erases = kind === "D" && parts[2] === "erase";
      const concerning = envelope === WAKE || rows.includes("flagged") || rows.includes("paid");
      report ||= concerning;
      this.#store(ledger, rows, schedule, alarm, concerning, erases);
      if (kind === "D") {
        if (report || this.#reported === undefined || (this.#idle && this.#owed !== undefined)) this.ctx.waitUntil(this.#report());
        const [reply, line] = parts;
        if (line !== "") print(line);
        return this.#reply(reply);
      }
      const task = parts.pop();
      // A slow e-service must not keep payers waiting, nor one question about a payment the next.
      if (parts[2] === "apart" || parts[2] === "shared") leave();
      const answer = await this.#core.call(...parts);
      step = this.#core.objectResume(this.#ledger || ledger, task, answer).split("\0");
    }
  }

  async #load() {
    const { rows, schedule } = this.#read();
    const ledger = this.#core.objectLoad(JSON.stringify(rows), schedule);
    if (ledger.startsWith("E\0")) throw JournalUnreadable.fromCore(ledger);
    // An object without rows has never set one, or not so that it matters: the next step sets it.
    const alarm = this.#version > 0 ? await this.ctx.storage.getAlarm() : null;
    // Another may have loaded while we waited.
    if (this.#ledger !== undefined) return;
    this.#ledger = ledger;
    this.#schedule = schedule;
    this.#alarm = alarm;
  }

  /** What is stored, if this release can read it. */
  #read() {
    try {
      this.#version ??= this.#readVersion();
      if (this.#version === 0) return { rows: [], schedule: "" };
      if (this.#version > MIGRATIONS.length) throw new JournalUnreadable("newer_release");
      const rows = this.#sql.exec("SELECT number, at_ms, entry, hash FROM journal ORDER BY number").toArray();
      const [timers] = this.#sql.exec("SELECT schedule FROM timers").toArray();
      return { rows, schedule: timers?.schedule ?? "" };
    } catch (error) {
      throw error instanceof JournalUnreadable ? error : new JournalUnreadable("damaged");
    }
  }

  /** Stores what has happened; calls and replies leave the object only when that is on disk (its output gate). */
  #store(ledger, rows, schedule, alarm, concerning, erases) {
    if (rows !== "" || (schedule !== "" && schedule !== this.#schedule)) {
      this.ctx.storage.transactionSync(() => {
        this.#migrate();
        // The tombstone comes with the same commit.
        if (erases) this.#sql.exec("DELETE FROM journal; DELETE FROM timers");
        const fields = rows === "" ? [] : rows.split("\n");
        for (let at = 0; at < fields.length; at += 4) {
          const [number, at_ms, entry, hash] = fields.slice(at, at + 4);
          this.#sql.exec("INSERT INTO journal VALUES (?, ?, ?, ?)", Number(number), Number(at_ms), entry, hash);
        }
        if (erases || schedule !== this.#schedule) {
          this.#sql.exec("INSERT INTO timers VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET schedule = excluded.schedule", schedule);
        }
      });
      this.#version = MIGRATIONS.length;
      this.#schedule = schedule;
    }
    if (this.#ledger !== "" || rows !== "") this.#ledger = ledger;
    if (concerning) this.#owed = {};
    this.#idle = alarm === "";
    const at = this.#idle ? this.#reportAt(concerning) : Math.max(Number(alarm), Date.now());
    if (at !== null && at !== this.#alarm) this.ctx.storage.setAlarm(at);
    if (at === null && this.#alarm !== null) this.ctx.storage.deleteAlarm();
    this.#alarm = at;
  }

  /**
   * When to wake for a report alone. It runs beside the reply, and a reset would lose it for good where nothing else wakes the intent: so what
   * is set stays until the report is made, and where there is a concern and nothing is set, that is.
   */
  #reportAt(concerning) {
    if (this.#owed === undefined) return null;
    if (this.#alarm !== null || !concerning || this.#ledger === "") return this.#alarm;
    try {
      return this.#core.objectConcerns(this.#ledger) === "" ? null : Date.now() + RETRY_REPORT_MS;
    } catch {
      // No payment fails with a report.
      return Date.now() + RETRY_REPORT_MS;
    }
  }

  #reply(reply) {
    if (!reply.startsWith('{"record"')) return reply;
    const { record } = JSON.parse(reply).record;
    const rows = this.#sql.exec("SELECT number, at_ms, entry, hash FROM journal ORDER BY number").toArray();
    const journal = rows.map(({ entry, ...row }) => ({ ...row, entry: JSON.parse(entry) }));
    return JSON.stringify({ record: { record: JSON.stringify({ ...JSON.parse(record), journal }) } });
  }

  #readVersion() {
    const [{ tables }] = this.#sql.exec("SELECT count(*) AS tables FROM sqlite_master WHERE name = 'schema_version'").toArray();
    if (tables === 0) return 0;
    return this.#sql.exec("SELECT version FROM schema_version").one().version;
  }

  /** Within the transaction that stores: what is not committed is not the version. It is never lowered: the newer release would migrate again. */
  #migrate() {
    if (this.#version > MIGRATIONS.length) throw new JournalUnreadable("newer_release");
    if (this.#version === MIGRATIONS.length) return;
    const record =
      this.#version === 0
        ? `CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT; INSERT INTO schema_version VALUES (${MIGRATIONS.length});`
        : `UPDATE schema_version SET version = ${MIGRATIONS.length};`;
    this.#sql.exec(MIGRATIONS.slice(this.#version).join("\n") + record);
  }
}
