//! The log: one line of JSON for each request, for each alarm, and for each message to an intent's object that met trouble on the way.
//!
//! No field can hold what anybody sent: a line is made of numbers, of ids of our own, of words that are in this program, and of [`Word`]s.
//! So there is nothing in it to redact. The lines that the host writes itself, where the core cannot, have the same fields (`npm/log.js`).

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::route::Route;
use crate::flow::desk::{Message, Reply};
use crate::flow::step::{Answer, Target};
use crate::paysg::ApiError;
use crate::paysg::json::ObjectWriter;
use crate::paysg::time::format_iso_ms;

/// Names one request, in its answer's `X-Request-Id` and in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(u64);

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for RequestId {
    type Error = core::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16).map(Self)
    }
}

impl RequestId {
    /// Of the random bytes of a request's first step; the host reads the same ones where it has to answer itself.
    #[must_use]
    pub fn draw(random: &[u8]) -> Self {
        let bytes = random.get(44..52).and_then(|eight| eight.try_into().ok());
        Self(bytes.map_or(0, u64::from_be_bytes))
    }
}

impl core::fmt::Display for RequestId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0.to_be_bytes()))
    }
}

/// A word of PaySG's, from its open list of error codes: letters and underscores, so that no number, address or name with a space fits in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word(String);

impl Word {
    const MAX: usize = 64;

    /// `None` for what is no such word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        fits.then(|| Self(text.to_owned()))
    }
}

/// The last call that was refused, failed or got no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Trouble {
    upstream: Target,
    /// 0: no answer.
    status: u16,
    code: Option<Word>,
}

/// What is noted for the log from step to step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// `None` for an alarm.
    pub request_id: Option<RequestId>,
    started_ms: i64,
    asked_ms: i64,
    upstream_ms: i64,
    trouble: Option<Trouble>,
}

impl Trace {
    /// Of work that begins.
    #[must_use]
    pub const fn new(request_id: Option<RequestId>, now_ms: i64) -> Self {
        Self {
            request_id,
            started_ms: now_ms,
            asked_ms: now_ms,
            upstream_ms: 0,
            trouble: None,
        }
    }

    /// A call begins.
    pub const fn asks(&mut self, now_ms: i64) {
        self.asked_ms = now_ms;
    }

    /// Its answer is there. `whose`: `None` where an intent's object answers, which has a line of its own.
    pub fn hears(&mut self, now_ms: i64, whose: Option<Target>, answer: &Answer<'_>) {
        let took = now_ms.saturating_sub(self.asked_ms).max(0);
        self.upstream_ms = self.upstream_ms.saturating_add(took);
        let Some(upstream) = whose else { return };
        let (status, code) = match *answer {
            // A page or a torn answer in PaySG's place is trouble, whatever its status.
            Answer::Arrived {
                status: 200..=299,
                body,
                ..
            } if upstream == Target::Fulfilment || is_whole(body) => return,
            Answer::Arrived { status, body, .. } => {
                let code = match upstream {
                    Target::Paysg => ApiError::read(status, body)
                        .and_then(|error| Word::parse(error.public_code()?)),
                    Target::Fulfilment => None,
                };
                (status, code)
            }
            Answer::Lost => (0, None),
        };
        self.trouble = Some(Trouble {
            upstream,
            status,
            code,
        });
    }
}

/// Whether a body looks like what PaySG answers: nothing, or an object from its first byte to its last.
fn is_whole(body: &[u8]) -> bool {
    match body.trim_ascii() {
        [] => true,
        body => body.starts_with(b"{") && body.ends_with(b"}"),
    }
}

/// What the work was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A request.
    Route(Route),
    /// A message to an intent's object.
    Object(Kind),
    /// A request that came before there was a configuration to find its route by.
    Unknown,
}

/// The kinds of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are those of `Message`")]
pub enum Kind {
    Pay,
    Inquire,
    Hint,
    Cancel,
    Refund,
    SendEmail,
    TellAgain,
    Reconcile,
    Adopt,
    AbandonAttempt,
    Acknowledge,
    Erase,
    Read,
    Wake,
}

impl Kind {
    /// That of a message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        match message {
            Message::Pay { .. } => Self::Pay,
            Message::Inquire { .. } => Self::Inquire,
            Message::Hint { .. } => Self::Hint,
            Message::Cancel { .. } => Self::Cancel,
            Message::Refund { .. } => Self::Refund,
            Message::SendEmail { .. } => Self::SendEmail,
            Message::TellAgain { .. } => Self::TellAgain,
            Message::Reconcile => Self::Reconcile,
            Message::Adopt { .. } => Self::Adopt,
            Message::AbandonAttempt { .. } => Self::AbandonAttempt,
            Message::Acknowledge { .. } => Self::Acknowledge,
            Message::Erase { .. } => Self::Erase,
            Message::OperatorCommand { message, .. } => Self::of(message),
            Message::Read => Self::Read,
            Message::Wake => Self::Wake,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Pay => "object pay",
            Self::Inquire => "object inquire",
            Self::Hint => "object hint",
            Self::Cancel => "object cancel",
            Self::Refund => "object refund",
            Self::SendEmail => "object send-email",
            Self::TellAgain => "object tell-again",
            Self::Reconcile => "object reconcile",
            Self::Adopt => "object adopt",
            Self::AbandonAttempt => "object abandon-attempt",
            Self::Acknowledge => "object acknowledge",
            Self::Erase => "object erase",
            Self::Read => "object read",
            Self::Wake => "alarm",
        }
    }
}

/// One line.
pub struct Line<'a> {
    /// When the work was done.
    pub at_ms: i64,
    /// What it was.
    pub place: Place,
    /// What was noted on the way.
    pub trace: &'a Trace,
    /// The answer's status; `None` for an object.
    pub status: Option<u16>,
    /// The error's code.
    pub code: Option<&'static str>,
    /// Why nothing was done, of an authentic event that is none of ours.
    pub ignored: Option<&'static str>,
    /// The variable that is missing or wrong, with `misconfigured` alone.
    pub variable: Option<&'static str>,
}

impl<'a> Line<'a> {
    /// The line of an object that has replied; `None` where it would say nothing that the request's own line does not.
    #[must_use]
    pub fn of_object(at_ms: i64, kind: Kind, trace: &'a Trace, reply: &Reply) -> Option<Self> {
        let code = match reply {
            Reply::Failed(trouble) => Some(Problem::of(trouble).code),
            Reply::Chosen(_)
            | Reply::Payment { .. }
            | Reply::Refund { .. }
            | Reply::Noted
            | Reply::NotOurs
            | Reply::Record { .. }
            | Reply::Slept => None,
        };
        (kind == Kind::Wake || trace.trouble.is_some()).then_some(Self {
            at_ms,
            place: Place::Object(kind),
            trace,
            status: None,
            code,
            ignored: None,
            variable: None,
        })
    }

    /// A word for how it ended.
    const fn outcome(&self) -> &'static str {
        if self.ignored.is_some() {
            return "ignored";
        }
        match (self.status, self.code) {
            (Some(429), _) => "limited",
            (Some(300..=399), _) => "redirected",
            (Some(400..=499), _) => "refused",
            (Some(500..), _) | (None, Some(_)) => "failed",
            _ => "ok",
        }
    }

    /// The line, with every field in it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut line = ObjectWriter::new();
        line.str("at", &format_iso_ms(self.at_ms));
        match self.trace.request_id {
            Some(id) => line.str("request_id", &id.to_string()),
            None => line.raw("request_id", "null"),
        };
        match self.place {
            Place::Route(route) => line.str("route", route.as_str()),
            Place::Object(kind) => line.str("route", kind.as_str()),
            Place::Unknown => line.raw("route", "null"),
        };
        line.str("outcome", self.outcome());
        number(&mut line, "status", self.status);
        word(&mut line, "code", self.code.or(self.ignored));
        let took = self.at_ms.saturating_sub(self.trace.started_ms);
        line.number("ms", u64::try_from(took).unwrap_or_default())
            .number(
                "upstream_ms",
                u64::try_from(self.trace.upstream_ms).unwrap_or_default(),
            );
        let trouble = self.trace.trouble.as_ref();
        let upstream = trouble.map(|trouble| match trouble.upstream {
            Target::Paysg => "paysg",
            Target::Fulfilment => "eservice",
        });
        word(&mut line, "upstream", upstream);
        number(
            &mut line,
            "upstream_status",
            trouble.map(|trouble| trouble.status),
        );
        let code = trouble.and_then(|trouble| trouble.code.as_ref());
        word(&mut line, "upstream_code", code.map(|word| &*word.0));
        if let Some(variable) = self.variable {
            line.str("variable", variable);
        }
        line.finish()
    }
}

fn word(line: &mut ObjectWriter, name: &str, value: Option<&str>) {
    match value {
        Some(word) => line.str(name, word),
        None => line.raw(name, "null"),
    };
}

fn number(line: &mut ObjectWriter, name: &str, value: Option<u16>) {
    match value {
        Some(number) => line.number(name, u64::from(number)),
        None => line.raw(name, "null"),
    };
}
