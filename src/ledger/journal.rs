//! The hash-chained record of transitions.

use serde::{Deserialize, Serialize};

use super::{Digest, Transition};

/// One stored row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Counted from 1, without gaps.
    pub number: u64,
    /// When it was recorded.
    pub at_ms: i64,
    /// The [`Transition`] as JSON.
    pub entry: String,
    /// SHA-256 over the previous row's hash, the number, the time and the entry.
    pub hash: Digest,
}

/// A stored row cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalError {
    /// The row's number.
    pub row: u64,
    /// Why.
    pub reason: Unreadable,
}

/// Why a journal cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The row does not follow from the one before.
    Damaged,
    /// The chain is whole, and this release does not know the row's transition or does not allow it: a newer release wrote it.
    NewerRelease,
}

impl Unreadable {
    /// The word for the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::NewerRelease => "newer_release",
        }
    }
}

impl JournalError {
    pub(super) const fn newer(row: u64) -> Self {
        Self {
            row,
            reason: Unreadable::NewerRelease,
        }
    }
}

/// The end of the chain: enough to append to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    length: u64,
    head: Option<Digest>,
}

impl Journal {
    /// Whether nothing was appended yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Makes the next row.
    pub fn append(&mut self, at_ms: i64, transition: &Transition) -> Row {
        // A transition is plain data with string keys: writing it as JSON cannot fail.
        let entry = serde_json::to_string(transition).unwrap_or_default();
        let number = self.length.saturating_add(1);
        let hash = self.link(number, at_ms, &entry);
        self.length = number;
        self.head = Some(hash.clone());
        Row {
            number,
            at_ms,
            entry,
            hash,
        }
    }

    /// The number and the hash of the last row.
    pub(super) fn end(&self) -> Option<(u64, Digest)> {
        Some((self.length, self.head.clone()?))
    }

    /// The end of a chain whose rows are gone.
    pub(super) const fn after(rows: u64, head: Digest) -> Self {
        Self {
            length: rows,
            head: Some(head),
        }
    }

    /// Counts a transition that makes no row.
    pub(super) const fn count(&mut self) {
        self.length = self.length.saturating_add(1);
    }

    /// Checks that a row is the next one, and reads it.
    ///
    /// # Errors
    /// [`JournalError`] where number, hash or entry is not what it must be.
    pub fn verify(&mut self, row: &Row) -> Result<Transition, JournalError> {
        let number = self.length.saturating_add(1);
        let hash = self.link(number, row.at_ms, &row.entry);
        if row.number != number || row.hash != hash {
            return Err(JournalError {
                row: row.number,
                reason: Unreadable::Damaged,
            });
        }
        let transition =
            serde_json::from_str(&row.entry).map_err(|_| JournalError::newer(row.number))?;
        self.length = number;
        self.head = Some(hash);
        Ok(transition)
    }

    fn link(&self, number: u64, at_ms: i64, entry: &str) -> Digest {
        let head = self.head.as_ref().map_or("", Digest::as_str);
        Digest::of(&[
            head.as_bytes(),
            &number.to_be_bytes(),
            &at_ms.to_be_bytes(),
            entry.as_bytes(),
        ])
    }
}
