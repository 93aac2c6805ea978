// Which intents are stuck or flagged, so that a sweep can name them: intents' objects cannot be listed. Lists of them are kept by objects of
// the ledger's own namespace, under names that no intent has (theirs are digests): nothing to bind, and no class to migrate.
//
// A list may name too many, never is it trusted: the sweep asks each intent again, and forgets those with which all is well.
//
// Rule: no alert is hidden by another. A sweep reads every list to its end, the newest first, and forgets nothing because it is old.

const LISTS = "0123456789abcdef";
/** Intents of one page: each page is a call of its own, so that no bound on what one call may ask for is near. */
const PAGE_SIZE = 100;
const AT_ONCE = 10;

/** The list that an intent stands on, by the first digit of its name. */
export const listOf = (namespace, intent) => namespace.get(namespace.idFromName(`watch-${intent[0]}`));

/** What a list keeps: names of intents, and since when. */
export class WatchList {
  #sql;
  /** For each page that is being swept: what was noted meanwhile. */
  #meanwhile = new Set();

  constructor(sql) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS watch (intent TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT");
  }

  note(intent) {
    for (const noted of this.#meanwhile) noted.add(intent);
    this.#sql.exec("INSERT INTO watch VALUES (?, ?) ON CONFLICT (intent) DO NOTHING", intent, Date.now());
  }

  /** Asks a page of intents, and forgets those with which all is well: `{alerts: [{since_ms, …}], unread, next}`; no `next` at the end. */
  async sweep(namespace, before) {
    const page = this.#page(before);
    const noted = new Set();
    this.#meanwhile.add(noted);
    const swept = { alerts: [], unread: 0, next: page.length === PAGE_SIZE ? page.at(-1) : undefined };
    try {
      for (let from = 0; from < page.length; from += AT_ONCE) {
        await Promise.all(page.slice(from, from + AT_ONCE).map(async ({ intent, since_ms }) => {
          const alerts = await alertsOf(namespace, intent);
          if (alerts === undefined) swept.unread += 1;
          else if (alerts !== "") swept.alerts.push({ ...JSON.parse(alerts), since_ms });
          // It may have been noted again since it said that all is well.
          else if (!noted.has(intent)) this.#sql.exec("DELETE FROM watch WHERE intent = ?", intent);
        }));
      }
    } finally {
      this.#meanwhile.delete(noted);
    }
    return swept;
  }

  /** Newest first. */
  #page(before = { since_ms: Number.MAX_SAFE_INTEGER, intent: "" }) {
    const query = "SELECT intent, since_ms FROM watch WHERE (since_ms, intent) < (?, ?) ORDER BY since_ms DESC, intent DESC LIMIT ?";
    return this.#sql.exec(query, before.since_ms, before.intent, PAGE_SIZE).toArray();
  }
}

/** Logs a line for each intent that is stuck or flagged, and one at the end. Never throws. */
export async function sweep(namespace, log) {
  const line = (fields) => log(JSON.stringify({ at: new Date().toISOString(), ...fields }));
  const sum = { intents: 0, unread: 0 };
  await Promise.all([...LISTS].map(async (digit) => {
    try {
      for (let next; ; ) {
        const swept = await listOf(namespace, digit).sweep(next);
        for (const { since_ms, ...alerts } of swept.alerts) line({ sweep: "intent", ...alerts, since: new Date(since_ms).toISOString() });
        sum.intents += swept.alerts.length;
        sum.unread += swept.unread;
        ({ next } = swept);
        if (next === undefined) return;
      }
    } catch {
      sum.unread += 1;
    }
  }));
  line({ sweep: "done", ...sum });
}

async function alertsOf(namespace, intent) {
  try {
    return await namespace.get(namespace.idFromName(intent)).concerns(intent);
  } catch {
    return undefined;
  }
}
