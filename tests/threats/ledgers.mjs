// What the edge has on disk: the SQLite files of its intents' objects, read beside workerd, as whoever steals the disk would.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export class Ledgers {
  constructor(state) {
    this.folder = join(state, "ledger");
  }

  #databases() {
    const names = readdirSync(this.folder, { recursive: true }).filter((name) => name.endsWith(".sqlite"));
    return names.map((name) => join(this.folder, name));
  }

  /** The database of a reference's intent; the edge must be dead for `change`. */
  #withIntent(reference, options, use) {
    for (const path of this.#databases()) {
      const database = new DatabaseSync(path, options);
      try {
        if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'journal'").get() === undefined) continue;
        const rows = database.prepare("SELECT number, entry FROM journal ORDER BY number").all();
        if (!rows[0]?.entry.includes(JSON.stringify(reference))) continue;
        return use(database, rows);
      } finally {
        database.close();
      }
    }
    return undefined;
  }

  /** The journal's entries, as text. */
  entriesAbout(reference) {
    return this.#withIntent(reference, { readOnly: true }, (_, rows) => rows.map(({ entry }) => entry)) ?? [];
  }

  /** Changes a journal behind the edge's back. */
  change(reference, statement, ...values) {
    return this.#withIntent(reference, {}, (database) => database.prepare(statement).run(...values).changes);
  }

  /** When the objects wake next, in milliseconds since 1970. */
  alarms() {
    return this.#databases().filter((path) => path.endsWith("metadata.sqlite")).flatMap((path) => {
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        const read = database.prepare("SELECT scheduled_time FROM _cf_ALARM");
        read.setReadBigInts(true);
        return read.all().map(({ scheduled_time }) => Number(scheduled_time / 1_000_000n));
      } finally {
        database.close();
      }
    });
  }
}
