//! The optional state file: one SQLite table of JSON values, each change one transaction.
//!
//! SIGKILL can lose nothing that was answered: a committed write-ahead log is in the kernel's hands, and the kernel outlives
//! the process. Only a power failure could cost the last moments (`synchronous = NORMAL`), which a simulator may risk for speed.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, SavedAnswer};
use crate::clock::Timestamp;
use crate::idempotency::KeyRecord;
use crate::state::{Change, State};

const VERSION: i64 = 1;

/// An open state file.
pub(crate) struct Store {
    connection: Connection,
}

#[derive(Serialize, Deserialize)]
struct SavedKey {
    fingerprint: [u8; 32],
    at: Timestamp,
    answer: SavedAnswer,
}

impl Store {
    /// Opens or makes a state file and reads all of it.
    ///
    /// # Errors
    /// Where it is no state file, is of another version, or is in use by another simulator.
    pub(crate) fn open(path: &Path) -> Result<(Self, State, i64), String> {
        Self::open_inner(path).map_err(|error| error.to_string())
    }

    fn open_inner(path: &Path) -> Result<(Self, State, i64), Box<dyn std::error::Error>> {
        let connection = Connection::open(path)?;
        // A predecessor that is just being killed still holds the file for a moment.
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version != 0 && version != VERSION {
            return Err(format!("is of version {version}, this simulator knows {VERSION}").into());
        }
        connection.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS entries (kind TEXT, id TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
             PRAGMA user_version = {VERSION};"
        ))?;
        let mut store = Self { connection };
        let state = store.load()?;
        let offset_ms: Option<String> = store
            .connection
            .query_row(
                "SELECT value FROM entries WHERE kind = 'clock'",
                [],
                |row| row.get(0),
            )
            .optional()?;
        Ok((
            store,
            state,
            offset_ms.and_then(|text| text.parse().ok()).unwrap_or(0),
        ))
    }

    fn load(&mut self) -> Result<State, Box<dyn std::error::Error>> {
        let mut state = State::noting_changes();
        for record in self.all::<crate::payment::Record>("payment")? {
            state.number_seen(record.1.number);
            state.put_payment(record.1);
        }
        for (_, webhook) in self.all::<crate::event::Webhook>("webhook")? {
            state.number_seen(webhook.number);
            state.events.put_webhook(webhook);
        }
        for (_, event) in self.all::<crate::event::Event>("event")? {
            state.number_seen(event.number);
            state.events.put_event(event);
        }
        for (_, delivery) in self.all::<crate::event::Delivery>("delivery")? {
            state.number_seen(delivery.number);
            state.events.put_delivery(delivery);
        }
        let mut keys = self.all::<SavedKey>("key")?;
        keys.sort_by_key(|(_, key)| key.at);
        for (name, key) in keys {
            let answer = Some(Answer::from(key.answer));
            state.keys.put(
                name,
                KeyRecord {
                    fingerprint: key.fingerprint,
                    at: key.at,
                    answer,
                },
            );
        }
        state.take_changes();
        Ok(state)
    }

    fn all<T: DeserializeOwned>(
        &self,
        kind: &str,
    ) -> Result<Vec<(String, T)>, Box<dyn std::error::Error>> {
        let mut statement = self
            .connection
            .prepare("SELECT id, value FROM entries WHERE kind = ?1")?;
        let rows = statement.query_map([kind], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut all = Vec::new();
        for row in rows {
            let (id, value) = row?;
            all.push((id, serde_json::from_str(&value)?));
        }
        Ok(all)
    }

    /// Writes what has changed, all of it or nothing.
    pub(crate) fn save(
        &mut self,
        state: &State,
        changes: Vec<Change>,
    ) -> Result<(), Box<dyn std::error::Error>> {
        if changes.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        let mut written = HashSet::new();
        for change in changes {
            if written.insert(change.clone()) {
                write(&transaction, state, &change)?;
            }
        }
        transaction.commit()?;
        Ok(())
    }
}

fn write(
    transaction: &Transaction<'_>,
    state: &State,
    change: &Change,
) -> Result<(), Box<dyn std::error::Error>> {
    match change {
        Change::Payment(id) => put(transaction, "payment", id, state.payment(id)),
        Change::Webhook(id) => put(transaction, "webhook", id, state.events.webhook(id)),
        Change::Event(id) => put(transaction, "event", id, state.events.event(id)),
        Change::Delivery(number) => put(
            transaction,
            "delivery",
            &number.to_string(),
            state.events.delivery(*number),
        ),
        Change::ClockOffset(ms) => put(transaction, "clock", "offset_ms", Some(ms)),
        Change::Key(name) => {
            let saved = state.keys.get(name).and_then(|key| {
                let answer = SavedAnswer::from(key.answer.as_ref()?);
                Some(SavedKey {
                    fingerprint: key.fingerprint,
                    at: key.at,
                    answer,
                })
            });
            put(transaction, "key", name, saved.as_ref())
        }
        Change::Reset => {
            transaction.execute("DELETE FROM entries WHERE kind <> 'webhook'", [])?;
            Ok(())
        }
    }
}

/// Writes a value, or takes it away where it is no more.
fn put(
    transaction: &Transaction<'_>,
    kind: &str,
    id: &str,
    value: Option<&impl Serialize>,
) -> Result<(), Box<dyn std::error::Error>> {
    let sql = match value {
        Some(_) => "INSERT OR REPLACE INTO entries (kind, id, value) VALUES (?1, ?2, ?3)",
        None => "DELETE FROM entries WHERE kind = ?1 AND id = ?2 AND ?3 IS NOT NULL",
    };
    let json = value
        .map(serde_json::to_string)
        .transpose()?
        .unwrap_or_default();
    transaction
        .prepare_cached(sql)?
        .execute(params![kind, id, json])?;
    Ok(())
}
