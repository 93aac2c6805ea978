//! What a flow asks of its host, and what it is told.

use serde::{Deserialize, Serialize};

use crate::paysg::ApiRequest;

/// Where a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// PaySG, with the API key.
    Paysg,
    /// The e-service's fulfilment URL, without it.
    Fulfilment,
}

/// A call to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// How long to wait before it.
    pub after_ms: u32,
    /// How long to wait for its answer, body included.
    pub timeout_ms: u32,
    /// Where it goes.
    pub target: Target,
    /// Whether an equal call of the last two seconds, or one under way, will do.
    pub shared: bool,
    /// The call. For [`Target::Fulfilment`] the path is empty.
    pub request: ApiRequest,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// It was answered.
    Arrived {
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, where it was seconds or a date.
        retry_after_ms: Option<u32>,
        /// The body, as it came.
        body: &'a [u8],
    },
    /// No answer came: refused, reset, timed out, or too large to be read. It may have taken effect all the same.
    Lost,
}

/// The next step of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// Make a call, and come back with its [`Answer`].
    Fetch(Fetch),
    /// The flow is over.
    Done(T),
}

impl<T> Step<T> {
    /// The same step, with another result.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Self::Fetch(fetch) => Step::Fetch(fetch),
            Self::Done(result) => Step::Done(change(result)),
        }
    }
}
