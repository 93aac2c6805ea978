// Which intents are stuck or flagged, so that a sweep can name them: intents' objects cannot be listed. Lists of them are kept by objects of
// the ledger's own namespace, under names that no intent has (theirs are digests): nothing to bind, and no class to migrate.
//
// A list may name too many, never is it trusted: the sweep asks each intent again, and forgets those with which all is well.

const LISTS = "0123456789abcdef";
const MAX_OF_LIST = 100;
/** What nobody has settled by then is left to its journal. */
const FORGET_AFTER_MS = 30 * 86_400_000;

/** The list that an intent stands on, by the first digit of its name. */
export const listOf = (namespace, intent) => namespace.get(namespace.idFromName(`watch-${intent[0]}`));

/** What a list keeps: names of intents, and since when. */
export class WatchList {
  #sql;

  constructor(sql) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS watch (intent TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) STRICT");
  }

  note(intent) {
    this.#sql.exec("INSERT INTO watch VALUES (?, ?) ON CONFLICT (intent) DO NOTHING", intent, Date.now());
  }

  /** Oldest first. */
  noted() {
    return this.#sql.exec("SELECT intent, since_ms FROM watch ORDER BY since_ms LIMIT ?", MAX_OF_LIST).toArray();
  }

  forget(intent) {
    this.#sql.exec("DELETE FROM watch WHERE intent = ?", intent);
  }
}

/** Logs a line for each intent that is stuck or flagged, and one at the end. Never throws. */
export async function sweep(namespace, log) {
  const line = (fields) => log(JSON.stringify({ at: new Date().toISOString(), ...fields }));
  const sum = { intents: 0, unread: 0 };
  for (const digit of LISTS) {
    const list = listOf(namespace, digit);
    try {
      for (const { intent, since_ms } of await list.noted()) {
        const concerns = await concernsOf(namespace, intent);
        if (concerns === undefined) {
          sum.unread += 1;
        } else if (concerns === "" || Date.now() - since_ms > FORGET_AFTER_MS) {
          await list.forget(intent);
        } else {
          sum.intents += 1;
          line({ sweep: "intent", ...JSON.parse(concerns), since: new Date(since_ms).toISOString() });
        }
      }
    } catch {
      sum.unread += 1;
    }
  }
  line({ sweep: "done", ...sum });
}

async function concernsOf(namespace, intent) {
  try {
    return await namespace.get(namespace.idFromName(intent)).concerns();
  } catch {
    return undefined;
  }
}
