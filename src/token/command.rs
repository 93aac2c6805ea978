//! An operator, through the e-service's server, says what is to be done.

use super::{Keys, TokenError, jwt};
use crate::paysg::{Cents, Json, PaymentId, PaymentServiceId, Rule};

const KIND: jwt::Kind = jwt::Kind {
    typ: "paysg-command+jwt",
    max_lifetime_secs: 5 * 60,
    max_lifetime: "5 minutes",
};
/// In UTF-8: as long as an `Idempotency-Key` may be, which is what backends keep for such a purpose.
const MAX_JTI_BYTES: usize = 255;

/// In UTF-8: room for any id that an operator is known by.
const MAX_SUB_BYTES: usize = 255;

/// What a command token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// `cancel`
    Cancel,
    /// `refund`
    Refund,
    /// `send-email`
    SendEmail,
    /// `tell-again`
    TellAgain,
    /// `adopt`
    Adopt,
    /// `read`
    Read,
    /// `reconcile`
    Reconcile,
    /// `abandon-attempt`
    AbandonAttempt,
    /// `acknowledge`
    Acknowledge,
    /// `erase`
    Erase,
    /// `doctor`
    Doctor,
}

/// What a command acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A payment, by its id.
    Payment,
    /// An intent, by its reference or its name in the log.
    Intent,
    /// The proxy itself.
    Proxy,
}

impl CommandKind {
    /// Reads the claim, which is also the route's last word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "cancel" => Self::Cancel,
            "refund" => Self::Refund,
            "send-email" => Self::SendEmail,
            "tell-again" => Self::TellAgain,
            "adopt" => Self::Adopt,
            "read" => Self::Read,
            "reconcile" => Self::Reconcile,
            "abandon-attempt" => Self::AbandonAttempt,
            "acknowledge" => Self::Acknowledge,
            "erase" => Self::Erase,
            "doctor" => Self::Doctor,
            _ => return None,
        })
    }

    /// The claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::SendEmail => "send-email",
            Self::TellAgain => "tell-again",
            Self::Adopt => "adopt",
            Self::Read => "read",
            Self::Reconcile => "reconcile",
            Self::AbandonAttempt => "abandon-attempt",
            Self::Acknowledge => "acknowledge",
            Self::Erase => "erase",
            Self::Doctor => "doctor",
        }
    }

    /// What it acts on.
    #[must_use]
    pub const fn subject(self) -> Subject {
        match self {
            Self::Cancel | Self::Refund | Self::SendEmail | Self::TellAgain | Self::Adopt => {
                Subject::Payment
            }
            Self::Read
            | Self::Reconcile
            | Self::AbandonAttempt
            | Self::Acknowledge
            | Self::Erase => Subject::Intent,
            Self::Doctor => Subject::Proxy,
        }
    }
}

/// An intent, as a token names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentInToken {
    /// By the agency's reference.
    Reference(String),
    /// By its name in the log.
    Name(String),
}

/// A verified command.
#[derive(Clone, Debug)]
pub struct CommandToken {
    /// What it allows.
    pub kind: CommandKind,
    /// What it acts on: a payment's id, or an intent's reference or name; nothing for `doctor`.
    pub subject: String,
    /// The intent, where the token names one. A command about a payment may: PaySG need not be asked then which intent the payment is of.
    pub intent: Option<IntentInToken>,
    /// The payment service, where it names one.
    pub payment_service_id: Option<String>,
    /// Who has signed it, as their own system knows them.
    pub by: Option<String>,
    /// For a refund, and for nothing else.
    pub refund: Option<Refund>,
    /// For `abandon-attempt`: the attempt's number.
    pub attempt: Option<u32>,
    /// For `acknowledge`: what.
    pub alert: Option<String>,
    /// For `acknowledge`: the payment that it is about.
    pub payment_id: Option<PaymentId>,
}

/// A refund that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// How much goes back: 1 or more.
    pub amount_in_cents: Cents,
    /// The token's `jti`: the same is the same refund.
    pub id: String,
    /// The total given back before, as the operator sees it on PaySG's dashboard.
    pub refunded_amount_in_cents: Option<u64>,
}

impl CommandToken {
    /// Reads a command.
    ///
    /// Claims: `action`; `payment_id`, or for an intent's commands `reference_id` or `intent`, its name in the log (`id` does for a payment or a
    /// reference); `doctor` is about neither. Optionally `payment_service_id` and `sub`; for a refund `refund_amount_in_cents`, `jti` and
    /// optionally `refunded_amount_in_cents`; for
    /// `abandon-attempt` `attempt`; for `acknowledge` `alert` and optionally `payment_id`.
    ///
    /// A refund without a `jti` is refused rather than known by its token's digest: tried again it is signed again, and would be another
    /// refund. The other commands may be repeated: none of them moves money.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(token: &str, keys: &Keys, now_ms: i64) -> Result<Self, TokenError> {
        let claims = jwt::verify(token, &KIND, keys, now_ms)?;
        let kind = CommandKind::parse(needed(&claims, "action")?)
            .ok_or(TokenError::claim("action", Rule::Format))?;
        let text = |claim| jwt::text(&claims, claim).map(str::to_owned);
        let named = text("intent")
            .map(IntentInToken::Name)
            .or_else(|| text("reference_id").map(IntentInToken::Reference));
        let by_id = |claim| {
            text(claim)
                .or_else(|| text("id"))
                .map_or_else(|| needed(&claims, claim).map(str::to_owned), Ok)
        };
        let (subject, intent) = match (kind.subject(), named) {
            (Subject::Proxy, _) => (String::new(), None),
            (Subject::Payment, named) => (by_id("payment_id")?, named),
            (Subject::Intent, Some(named)) => {
                let (IntentInToken::Reference(subject) | IntentInToken::Name(subject)) = &named;
                (subject.clone(), Some(named))
            }
            (Subject::Intent, None) => {
                let reference = by_id("reference_id")?;
                (reference.clone(), Some(IntentInToken::Reference(reference)))
            }
        };
        let mut command = Self {
            kind,
            subject,
            intent,
            payment_service_id: text("payment_service_id"),
            by: by(&claims)?,
            refund: None,
            attempt: None,
            alert: None,
            payment_id: None,
        };
        match kind {
            CommandKind::Refund => command.refund = Some(Refund::read(&claims)?),
            CommandKind::AbandonAttempt => command.attempt = Some(attempt(&claims)?),
            CommandKind::Acknowledge => {
                command.alert = Some(needed(&claims, "alert")?.to_owned());
                let payment_id = text("payment_id").map(|id| {
                    PaymentId::parse(&id).ok_or(TokenError::claim("payment_id", Rule::Format))
                });
                command.payment_id = payment_id.transpose()?;
            }
            CommandKind::Cancel
            | CommandKind::SendEmail
            | CommandKind::TellAgain
            | CommandKind::Adopt
            | CommandKind::Read
            | CommandKind::Reconcile
            | CommandKind::Erase
            | CommandKind::Doctor => {}
        }
        Ok(command)
    }

    /// Whether it is for this: `subject` is empty for `doctor`, whose tokens are for every payment service.
    #[must_use]
    pub fn is_for(
        &self,
        kind: CommandKind,
        subject: &str,
        service: Option<&PaymentServiceId>,
    ) -> bool {
        let named = self.payment_service_id.as_deref().zip(service);
        self.kind == kind
            && self.subject == subject
            && named.is_none_or(|(named, service)| named == service.as_str())
    }
}

impl Refund {
    fn read(claims: &Json) -> Result<Self, TokenError> {
        let name = "refund_amount_in_cents";
        let amount_in_cents = match claims.get(name) {
            Some(Json::Number(token)) => Cents::from_token(token).and_then(|cents| {
                let some = (cents.get() > 0).then_some(cents);
                some.ok_or(Rule::TooSmall)
            }),
            None | Some(Json::Null) => Err(Rule::Required),
            Some(_) => Err(Rule::Type),
        }
        .map_err(|rule| {
            let limit = (rule == Rule::TooSmall).then_some(1);
            TokenError::Claim { name, rule, limit }
        })?;
        let name = "refunded_amount_in_cents";
        let refunded_amount_in_cents = match claims.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Number(token)) => Cents::from_token(token).map(|cents| Some(cents.get())),
            Some(_) => Err(Rule::Type),
        }
        .map_err(|rule| TokenError::claim(name, rule))?;
        let id = needed(claims, "jti")?;
        // One `jti` for all would be one refund for all.
        if id.trim().is_empty() {
            return Err(TokenError::claim("jti", Rule::Empty));
        }
        if id.len() > MAX_JTI_BYTES {
            return Err(TokenError::Claim {
                name: "jti",
                rule: Rule::TooLong,
                limit: Some(MAX_JTI_BYTES as u64),
            });
        }
        Ok(Self {
            amount_in_cents,
            id: id.to_owned(),
            refunded_amount_in_cents,
        })
    }
}

/// The `sub`, if there is one.
fn by(claims: &Json) -> Result<Option<String>, TokenError> {
    match claims.get("sub") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(by)) if by.len() <= MAX_SUB_BYTES => Ok(Some(by.clone())),
        Some(Json::String(_)) => Err(TokenError::Claim {
            name: "sub",
            rule: Rule::TooLong,
            limit: Some(MAX_SUB_BYTES as u64),
        }),
        Some(_) => Err(TokenError::claim("sub", Rule::Type)),
    }
}

/// The number of an attempt: 1 or more.
fn attempt(claims: &Json) -> Result<u32, TokenError> {
    let name = "attempt";
    let rule = match claims.get(name) {
        Some(Json::Number(token)) => {
            let number = Cents::from_token(token).map(|number| u32::try_from(number.get()));
            match number {
                Ok(Ok(number)) if number > 0 => return Ok(number),
                Ok(Ok(_)) => Rule::TooSmall,
                Ok(Err(_)) => Rule::TooLarge,
                Err(rule) => rule,
            }
        }
        None | Some(Json::Null) => Rule::Required,
        Some(_) => Rule::Type,
    };
    Err(TokenError::claim(name, rule))
}

/// A claim that must be there, and be a string.
fn needed<'c>(claims: &'c Json, name: &'static str) -> Result<&'c str, TokenError> {
    match claims.get(name) {
        Some(Json::String(text)) => Ok(text),
        None | Some(Json::Null) => Err(TokenError::claim(name, Rule::Required)),
        Some(_) => Err(TokenError::claim(name, Rule::Type)),
    }
}
