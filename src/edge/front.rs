//! A request from its first step to its answer.
//!
//! Each step is one crossing of the wasm boundary. What must be known in the next step travels through the host as [`Pending`], so
//! that no state of a request stays here, and an instance that trapped can be replaced between any two steps.

use serde::{Deserialize, Serialize};

use super::config::Config;
use super::limit::Charges;
use super::log::{Line, Place, RequestId, Trace};
use super::parcel;
use super::problem::Problem;
use super::request::{Oversized, Request};
use super::response::Response;
use super::route::{self, Checkup, Probed, Route};
use super::session::{Known, Session};
use crate::flow::desk::{self, Message, Progress, Reply, Task};
use crate::flow::glance::Glance;
use crate::flow::step::{Answer, Fetch, Step, Target};
use crate::flow::terms::{Desk, Terms};
use crate::flow::upstream::Trouble;
use crate::flow::view::PaymentView;
use crate::ledger::{Digest, Ledger, intent_name};
use crate::paysg::{OwnAnswer, Page, Payment, PaymentServiceId};

/// What every step may use.
pub struct Edge<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// What holds for every intent.
    pub terms: &'a Terms,
    /// The time.
    pub now_ms: i64,
    /// 64 random bytes.
    pub random: &'a [u8],
}

/// What the host is to do.
pub enum Move {
    /// Answer, and write the line to the log.
    Respond(Response, String),
    /// Make a call, and come back with its answer.
    Fetch(Fetch, Box<Pending>),
    /// Ask the object of an intent, and come back with its reply.
    Ask {
        /// The object's name.
        name: String,
        /// The [`Envelope`] as JSON.
        envelope: String,
        /// Whether to ask once more where the object was reset while it worked.
        repeatable: bool,
        /// Come back with this.
        pending: Box<Pending>,
    },
}

/// A message to an intent's object, with what it needs to begin a ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// Service and reference, where the sender knows them.
    pub intent: Option<(PaymentServiceId, String)>,
    /// The message.
    pub message: Message,
    /// The request that it serves; none for an alarm.
    #[serde(default)]
    pub request_id: Option<RequestId>,
}

/// A request between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    context: Context,
    work: Work,
    then: Then,
}

impl Pending {
    /// For the host, which hands it back.
    #[must_use]
    pub fn write(&self) -> String {
        parcel::pack(self)
    }

    /// Reads what the host hands back; `None` where it was not given it.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        parcel::unpack(text)
    }

    /// The route, for the log: the host writes the line where the next step traps.
    #[must_use]
    pub const fn route(&self) -> Route {
        self.context.route
    }

    /// What is charged before its call is made.
    #[must_use]
    pub fn charges(&self) -> &str {
        self.context.charges.as_str()
    }
}

/// What is known of a request throughout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Context {
    /// Which route it takes.
    pub route: Route,
    /// Whether the answer is for a person.
    pub page: bool,
    /// The page's origin, where it is another than ours and may call.
    pub cors: Option<String>,
    /// What this browser's own payments are.
    pub session: Session,
    /// For the log and the answer's `X-Request-Id`.
    pub trace: Trace,
    /// What is charged before the next call is made.
    #[serde(skip)]
    pub charges: Charges,
}

/// What the host is doing for a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Work {
    /// The desk works here, since there is no ledger.
    Desk { ledger: Box<Ledger>, task: Task },
    /// PaySG is asked for a payment.
    Glance(Glance),
    /// An intent's object has been asked.
    Asking,
    /// The e-service is told, without a ledger.
    Telling,
    /// Somebody is called to see whether they answer.
    Probing,
}

/// What is to be done with the outcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Then {
    /// Answer a create.
    Create,
    /// Send the payer on to the result.
    Return {
        /// The result's URL.
        to: String,
    },
    /// The same, when an intent's object has been told of it.
    SendOn {
        /// The result's URL.
        to: String,
    },
    /// Answer a question for the status.
    Status {
        /// What the browser knows of the payment.
        known: Option<Known>,
        /// How often the page has refreshed itself.
        refreshed: u32,
        /// The question, where the ledger turns out to know nothing.
        glance: Glance,
    },
    /// Send the payer to the newest payment that is open.
    Resume {
        /// The payment that is asked for.
        asked: Known,
        /// Those to ask for next, newest first.
        rest: Vec<Known>,
        /// The result of the newest that was paid, should none be open.
        to: Option<String>,
        /// How long the payer waits for all of them.
        until_ms: i64,
    },
    /// Answer a command.
    Command,
    /// Pass a command on, to the intent that the payment is of.
    PassOn(Message),
    /// Answer PaySG.
    Event,
    /// Find out which intent an event is about.
    EventSeen,
    /// Answer an operator.
    Read,
    /// Go on with an examination.
    Doctor(Checkup),
}

/// What came of the work.
pub enum Outcome {
    /// An intent replied.
    Reply(Reply),
    /// PaySG showed a payment, or did not.
    Seen(Result<Box<Payment>, Trouble>),
    /// The e-service was told, or was not.
    Told(bool),
}

impl Edge<'_> {
    /// Takes a request.
    #[must_use]
    pub fn begin(&self, request: &Request<'_>) -> Move {
        let (route, found) = Route::find(self.config, request);
        let context = self.context(route, request);
        match (found, request.oversized) {
            // Overlong return parameters are malformed ones, and the route says so itself.
            (Ok(target), Some(Oversized::Url)) if route == Route::Return => {
                route::enter(self, context, request, target)
            }
            (_, Some(part)) => self.refuse(&context, &Problem::oversized(part)),
            (Ok(target), None) => route::enter(self, context, request, target),
            (Err(problem), None) => self.refuse(&context, &problem),
        }
    }

    /// Refuses a request before its body is read; `None` where the body is wanted.
    #[must_use]
    pub fn admit(&self, request: &Request<'_>) -> Option<Move> {
        let (route, found) = Route::find(self.config, request);
        let problem = match (found, request.oversized) {
            (_, Some(part)) => Problem::oversized(part),
            (Err(problem), None) => problem,
            (Ok(target), None) => route::admit(self, route, request, target).err()?,
        };
        Some(self.refuse(&self.context(route, request), &problem))
    }

    /// Refuses a request whose body was not taken: the host has no room for it, or it did not come.
    #[must_use]
    pub fn turn_away(&self, request: &Request<'_>, problem: &Problem) -> Move {
        let (route, _) = Route::find(self.config, request);
        let context = self.context(route, request);
        self.refuse(&context, problem)
    }

    fn context(&self, route: Route, request: &Request<'_>) -> Context {
        Context {
            route,
            page: request.wants_page(),
            cors: request.allowed_origin(self.config).map(str::to_owned),
            // Asked by whatever may come of a press. Questions open theirs where they need it.
            session: if route == Route::Create {
                Session::open(self.config, request.cookie, self.now_ms)
            } else {
                Session::default()
            },
            trace: Trace::new(Some(RequestId::draw(self.random)), self.now_ms),
            charges: Charges::default(),
        }
    }

    /// Gives up a request whose next call is not to be made. A payer on the way back is sent on all the same: the result page asks again,
    /// and where it is ours, it confirms.
    #[must_use]
    pub fn give_up(&self, pending: Pending, problem: &Problem) -> Move {
        let Pending { context, then, .. } = pending;
        match then {
            Then::Return { to } | Then::SendOn { to } | Then::Resume { to: Some(to), .. } => {
                self.respond(&context, Response::see_other(&to))
            }
            Then::Status { refreshed, .. } => {
                route::not_found_out(self, &context, refreshed, problem)
            }
            Then::Create
            | Then::Resume { .. }
            | Then::Command
            | Then::PassOn(_)
            | Then::Event
            | Then::EventSeen
            | Then::Read
            | Then::Doctor(_) => self.refuse(&context, problem),
        }
    }

    /// Takes the answer to the last call.
    #[must_use]
    pub fn resume(&self, pending: Pending, answer: &Answer<'_>) -> Move {
        let Pending {
            mut context,
            work,
            then,
        } = pending;
        let whose = match &work {
            Work::Desk { task, .. } => Some(task.target()),
            Work::Glance(_) => Some(Target::Paysg),
            Work::Telling => Some(Target::Fulfilment),
            Work::Asking | Work::Probing => None,
        };
        context.trace.hears(self.now_ms, whose, answer);
        match work {
            Work::Desk { mut ledger, task } => {
                let progress = desk::resume(&mut self.desk(&mut ledger), task, answer);
                self.progress(context, ledger, progress, then)
            }
            Work::Glance(mut glance) => match glance.answer(answer, self.now_ms, self.jitter()) {
                Step::Fetch(fetch) => {
                    Move::Fetch(fetch, self.pending(context, Work::Glance(glance), then))
                }
                Step::Done(seen) => {
                    route::leave(self, context, then, Outcome::Seen(seen.map(Box::new)))
                }
            },
            // The host's word for an object that has not replied: its instance has trapped (500), or too many wait there (503).
            Work::Asking
                if matches!(
                    answer,
                    Answer::Arrived {
                        status: 500 | 503,
                        ..
                    }
                ) =>
            {
                let trapped = matches!(answer, Answer::Arrived { status: 500, .. });
                let pending = Pending {
                    context,
                    work: Work::Asking,
                    then,
                };
                let problem = if trapped {
                    Problem::internal()
                } else {
                    Problem::overloaded()
                };
                self.give_up(pending, &problem)
            }
            Work::Asking => {
                let reply = match answer {
                    Answer::Arrived {
                        status: 200, body, ..
                    } => serde_json::from_slice(body).ok(),
                    Answer::Arrived { .. } | Answer::Lost => None,
                };
                let reply = reply.unwrap_or(Reply::Failed(Trouble::Unavailable {
                    retry_after_ms: None,
                }));
                route::leave(self, context, then, Outcome::Reply(reply))
            }
            Work::Telling => {
                let acknowledged = matches!(
                    answer,
                    Answer::Arrived {
                        status: 200..=299,
                        ..
                    }
                );
                route::leave(self, context, then, Outcome::Told(acknowledged))
            }
            Work::Probing => {
                let probed = match answer {
                    Answer::Arrived { status, body, .. } => {
                        let own = OwnAnswer::<Page>::read(*status, body);
                        Probed {
                            status: *status,
                            is_list: matches!(own, Some(OwnAnswer::Success(_))),
                            is_own: own.is_some(),
                        }
                    }
                    Answer::Lost => Probed {
                        status: 0,
                        is_list: false,
                        is_own: false,
                    },
                };
                route::probed(self, context, then, probed)
            }
        }
    }

    /// Has an intent's object, or a desk of our own where there is none, take a message.
    pub(super) fn ask(
        &self,
        context: Context,
        service: &PaymentServiceId,
        reference_id: &str,
        message: Message,
        then: Then,
    ) -> Move {
        if self.config.has_ledger {
            let name = intent_name(service, reference_id);
            let intent = Some((service.clone(), reference_id.to_owned()));
            return self.ask_object(context, name.as_str(), intent, message, then);
        }
        let mut ledger = Box::new(Ledger::new(service.clone(), reference_id.to_owned()));
        let progress = desk::begin(&mut self.desk(&mut ledger), message);
        self.progress(context, ledger, progress, then)
    }

    /// Has the object of a payment that this browser knows take a message.
    pub(super) fn ask_known(
        &self,
        context: Context,
        known: &Known,
        message: Message,
        then: Then,
    ) -> Move {
        self.ask_named(context, &known.intent, message, then)
    }

    /// Has the object of this name take a message.
    pub(super) fn ask_named(
        &self,
        context: Context,
        intent: &Digest,
        message: Message,
        then: Then,
    ) -> Move {
        self.ask_object(context, intent.as_str(), None, message, then)
    }

    fn ask_object(
        &self,
        context: Context,
        name: &str,
        intent: Option<(PaymentServiceId, String)>,
        message: Message,
        then: Then,
    ) -> Move {
        let repeatable = message.is_repeatable();
        let envelope = Envelope {
            intent,
            message,
            request_id: context.trace.request_id,
        };
        Move::Ask {
            name: name.to_owned(),
            // Plain data: writing it cannot fail, and an empty envelope would be refused.
            envelope: serde_json::to_string(&envelope).unwrap_or_default(),
            repeatable,
            pending: self.pending(context, Work::Asking, then),
        }
    }

    fn pending(&self, mut context: Context, work: Work, then: Then) -> Box<Pending> {
        context.trace.asks(self.now_ms);
        Box::new(Pending {
            context,
            work,
            then,
        })
    }

    /// Asks PaySG for a payment.
    pub(super) fn glance(&self, context: Context, glance: Glance, then: Then) -> Move {
        Move::Fetch(
            glance.fetch(0),
            self.pending(context, Work::Glance(glance), then),
        )
    }

    /// Tells the e-service, without a ledger.
    pub(super) fn tell(&self, context: Context, fetch: Fetch, then: Then) -> Move {
        Move::Fetch(fetch, self.pending(context, Work::Telling, then))
    }

    /// Calls somebody to see whether they answer.
    pub(super) fn probe(&self, context: Context, fetch: Fetch, then: Then) -> Move {
        Move::Fetch(fetch, self.pending(context, Work::Probing, then))
    }

    fn progress(
        &self,
        context: Context,
        ledger: Box<Ledger>,
        progress: Progress,
        then: Then,
    ) -> Move {
        match progress {
            Progress::Working(task, fetch) => Move::Fetch(
                fetch,
                self.pending(context, Work::Desk { ledger, task }, then),
            ),
            Progress::Done(reply) => route::leave(self, context, then, Outcome::Reply(reply)),
        }
    }

    fn desk<'d>(&'d self, ledger: &'d mut Ledger) -> Desk<'d> {
        Desk {
            ledger,
            now_ms: self.now_ms,
            random: self.jitter(),
            terms: self.terms,
        }
    }

    fn jitter(&self) -> u32 {
        jitter(self.random)
    }

    /// Answers, with what every answer carries.
    pub(super) fn respond(&self, context: &Context, mut response: Response) -> Move {
        for cookie in context.session.cookies(self.config, self.nonce()) {
            response.header("set-cookie", &cookie);
        }
        if let Some(origin) = &context.cors {
            response
                .header("access-control-allow-origin", origin)
                .header("access-control-allow-credentials", "true")
                .header("access-control-expose-headers", "retry-after, x-request-id");
        }
        if !self.config.allowed_origins.is_empty() {
            response.header("vary", "origin");
        }
        if let Some(id) = context.trace.request_id {
            response.header("x-request-id", &id.to_string());
        }
        let line = Line {
            at_ms: self.now_ms,
            place: Place::Route(context.route),
            trace: &context.trace,
            status: Some(response.status),
            code: response.code,
            ignored: response.ignored,
            variable: None,
        };
        let line = line.to_json();
        Move::Respond(response, line)
    }

    /// Answers with an error.
    pub(super) fn refuse(&self, context: &Context, problem: &Problem) -> Move {
        let response = if context.page {
            Response::problem_page(problem, self.config.home().as_deref())
        } else {
            Response::problem(problem)
        };
        self.respond(context, response)
    }

    /// Random bytes that nothing else of this step uses.
    fn nonce(&self) -> &[u8] {
        self.random.get(4..28).unwrap_or_default()
    }

    /// Random bytes for a key, likewise.
    pub(super) fn key_material(&self) -> &[u8] {
        self.random.get(28..44).unwrap_or_default()
    }

    /// Random bytes for a session's name, likewise.
    pub(super) fn name_material(&self) -> &[u8] {
        self.random.get(52..64).unwrap_or_default()
    }

    /// A receipt for a paid payment.
    pub(super) fn receipt(&self, payment: &PaymentView) -> String {
        (self.terms.sign)(&payment.receipt(), self.now_ms)
    }
}

/// The first four random bytes, for delays.
pub(super) fn jitter(random: &[u8]) -> u32 {
    let bytes = random.get(..4).and_then(|four| four.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}
