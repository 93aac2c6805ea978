//! An officer, through the e-service's server, says what is to be done.

use super::{Keys, TokenError, jwt};
use crate::paysg::{Cents, Json, PaymentServiceId, Rule};

const KIND: jwt::Kind = jwt::Kind {
    typ: "paysg-command+jwt",
    max_lifetime_secs: 5 * 60,
    max_lifetime: "5 minutes",
};
/// In UTF-8: as long as an `Idempotency-Key` may be, which is what backends keep for such a purpose.
const MAX_JTI_BYTES: usize = 255;

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
    /// `read`
    Read,
    /// `doctor`
    Doctor,
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
            "read" => Self::Read,
            "doctor" => Self::Doctor,
            _ => return None,
        })
    }
}

/// A verified command.
#[derive(Clone, Debug)]
pub struct CommandToken {
    /// What it allows.
    pub kind: CommandKind,
    /// What it acts on: a payment's id, or for `read` a reference; nothing for `doctor`.
    pub subject: String,
    /// Whether the subject is an intent's name, as the log has it, rather than a reference.
    pub names_intent: bool,
    /// The payment service, where it names one.
    pub payment_service_id: Option<String>,
    /// For a refund, and for nothing else.
    pub refund: Option<Refund>,
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
    /// Claims: `action`; `payment_id`, or `reference_id` for `read` (`id` does for either), or there `intent`, its name in the log; `doctor` is
    /// about neither; optionally `payment_service_id`; for a refund `refund_amount_in_cents`, `jti` and optionally `refunded_amount_in_cents`.
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
        let subject = match kind {
            CommandKind::Doctor => None,
            CommandKind::Read => Some("reference_id"),
            CommandKind::Cancel
            | CommandKind::Refund
            | CommandKind::SendEmail
            | CommandKind::TellAgain => Some("payment_id"),
        };
        let intent = jwt::text(&claims, "intent").filter(|_| kind == CommandKind::Read);
        let subject = match subject {
            Some(_) if intent.is_some() => intent.unwrap_or_default(),
            None => "",
            Some(claim) => jwt::text(&claims, claim)
                .or_else(|| jwt::text(&claims, "id"))
                .map_or_else(|| needed(&claims, claim), Ok)?,
        }
        .to_owned();
        let refund = match kind {
            CommandKind::Refund => Some(Refund::read(&claims)?),
            CommandKind::Cancel
            | CommandKind::SendEmail
            | CommandKind::TellAgain
            | CommandKind::Read
            | CommandKind::Doctor => None,
        };
        Ok(Self {
            kind,
            subject,
            names_intent: intent.is_some(),
            payment_service_id: jwt::text(&claims, "payment_service_id").map(str::to_owned),
            refund,
        })
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

/// A claim that must be there, and be a string.
fn needed<'c>(claims: &'c Json, name: &'static str) -> Result<&'c str, TokenError> {
    match claims.get(name) {
        Some(Json::String(text)) => Ok(text),
        None | Some(Json::Null) => Err(TokenError::claim(name, Rule::Required)),
        Some(_) => Err(TokenError::claim(name, Rule::Type)),
    }
}
