//! An intent's desk, as the object that stores its ledger sees it: each step takes the ledger in and gives it back, with the rows to
//! store before anything else of the step is carried out.

use serde::{Deserialize, Serialize};

use super::front::{Edge, Envelope, jitter};
use super::log::{Kind, Line, Trace};
use crate::flow::desk::{self, Message, Progress, Reply, Task};
use crate::flow::step::{Answer, Fetch};
use crate::flow::terms::Desk;
use crate::flow::upstream::Trouble;
use crate::flow::{agenda, watch};
use crate::ledger::{JournalError, Ledger, Row, Schedule, Transition, Unreadable, intent_name};
use crate::paysg::json::ObjectWriter;

/// What the object is to do, in this order: store, set its alarm, then carry on.
pub struct Work {
    /// The ledger, for the next step. `None` while nothing was ever recorded.
    pub ledger: Option<Ledger>,
    /// To append to the journal.
    pub rows: Vec<Row>,
    /// Whether everything that is stored is to be deleted before.
    pub erases: bool,
    /// When to wake, if ever.
    pub alarm_ms: Option<i64>,
    /// A call, or the reply.
    pub next: Next,
}

/// How it goes on.
pub enum Next {
    /// Make the call, and come back with its answer and the errand.
    Fetch(Fetch, Box<Errand>),
    /// Reply to who asked, and write the line to the log, if there is one.
    Reply(Reply, Option<String>),
}

/// A message's work between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Errand {
    task: Task,
    kind: Kind,
    trace: Trace,
}

/// What an operator should know of an intent whose journal cannot be read, as far as its rows say which intent it is.
#[derive(Default)]
pub struct OfWhom {
    /// The intent's name; empty where no row says it.
    pub intent: String,
    /// The payment service; empty likewise.
    pub payment_service_id: String,
}

/// Finds out whose rows these are, though they cannot be read as a journal.
#[must_use]
pub fn of_whom(rows: &str) -> OfWhom {
    let rows: Vec<serde_json::Value> = serde_json::from_str(rows).unwrap_or_default();
    let began = rows.iter().find_map(|row| {
        let entry = row.get("entry")?.as_str()?;
        let Ok(Transition::Began {
            payment_service_id,
            reference_id,
        }) = serde_json::from_str(entry)
        else {
            return None;
        };
        Some((payment_service_id, reference_id))
    });
    began.map_or_else(OfWhom::default, |(service, reference)| OfWhom {
        intent: intent_name(&service, &reference).as_str().to_owned(),
        payment_service_id: service.as_str().to_owned(),
    })
}

/// Reads a stored ledger back. No rows: nothing was ever recorded.
///
/// # Errors
/// [`JournalError`] where the chain is broken, or a newer release wrote it.
pub fn load(rows: &str, schedule: &str) -> Result<Option<Ledger>, JournalError> {
    let rows: Vec<Row> = serde_json::from_str(rows).map_err(|_| JournalError {
        row: 0,
        reason: Unreadable::Damaged,
    })?;
    // Timers that cannot be read are timers that are due.
    let schedule: Schedule = serde_json::from_str(schedule).unwrap_or_default();
    Ledger::replay(&rows, schedule)
}

impl Edge<'_> {
    /// Takes a message.
    #[must_use]
    pub fn object_begin(&self, ledger: Option<Ledger>, envelope: Envelope) -> Work {
        let kind = Kind::of(&envelope.message);
        let trace = Trace::new(envelope.request_id, self.now_ms);
        let ledger = match (ledger, envelope.intent) {
            (Some(mut ledger), Some((service, reference))) => {
                ledger.remember_reference(&service, &reference);
                Some(ledger)
            }
            (None, Some((service, reference))) => Some(Ledger::new(service, reference)),
            (ledger, None) => ledger,
        };
        let Some(mut ledger) = ledger else {
            // Named by a cookie, by an alarm that outlived its rows, or by nobody.
            return Work {
                ledger: None,
                rows: Vec::new(),
                erases: false,
                alarm_ms: None,
                next: Next::Reply(
                    if matches!(envelope.message, Message::Wake) {
                        Reply::Slept
                    } else {
                        Reply::Failed(Trouble::NoRecord)
                    },
                    None,
                ),
            };
        };
        let progress = desk::begin(&mut self.desk_of(&mut ledger), envelope.message);
        self.work(ledger, progress, kind, trace)
    }

    /// Takes the answer to a task's call, with the ledger as it is by now.
    #[must_use]
    pub fn object_resume(&self, mut ledger: Ledger, errand: Errand, answer: &Answer<'_>) -> Work {
        let Errand {
            task,
            kind,
            mut trace,
        } = errand;
        trace.hears(self.now_ms, Some(task.target()), answer);
        let progress = desk::resume(&mut self.desk_of(&mut ledger), task, answer);
        self.work(ledger, progress, kind, trace)
    }

    /// What an operator should know of: `{intent, payment_service_id, concerns}`, or nothing where all is well.
    #[must_use]
    pub fn object_concerns(&self, ledger: &Ledger) -> String {
        let concerns = watch::concerns(ledger, self.terms.pace, self.now_ms);
        if concerns.is_empty() {
            return String::new();
        }
        let intent = &ledger.intent;
        let name = intent_name(&intent.payment_service_id, &intent.reference_id);
        let words: Vec<String> = concerns.iter().map(|word| format!("\"{word}\"")).collect();
        let mut body = ObjectWriter::new();
        body.str("intent", name.as_str())
            .str("payment_service_id", intent.payment_service_id.as_str())
            .raw("concerns", &format!("[{}]", words.join(",")));
        body.finish()
    }

    fn desk_of<'d>(&'d self, ledger: &'d mut Ledger) -> Desk<'d> {
        Desk {
            ledger,
            now_ms: self.now_ms,
            random: jitter(self.random),
            terms: self.terms,
        }
    }

    fn work(&self, mut ledger: Ledger, progress: Progress, kind: Kind, mut trace: Trace) -> Work {
        let rows = ledger.take_unsaved();
        // An erased intent records nothing but its tombstone.
        let erases = ledger.intent.is_erased() && !rows.is_empty();
        let pace = self.terms.pace;
        let alarm_ms = [
            agenda::next(&ledger, pace).map(|(at_ms, _)| at_ms),
            watch::next(&ledger, pace, self.now_ms),
        ]
        .into_iter()
        .flatten()
        .min();
        Work {
            rows,
            erases,
            alarm_ms,
            next: match progress {
                Progress::Working(task, fetch) => {
                    trace.asks(self.now_ms);
                    Next::Fetch(fetch, Box::new(Errand { task, kind, trace }))
                }
                Progress::Done(reply) => {
                    let line = Line::of_object(self.now_ms, kind, &trace, &reply);
                    let line = line.map(|line| line.to_json());
                    Next::Reply(reply, line)
                }
            },
            ledger: Some(ledger),
        }
    }
}
