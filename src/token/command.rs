//! An officer, through the e-service's server, says what is to be done.

use super::{Keys, TokenError, jwt};
use crate::ledger::Digest;
use crate::paysg::{Cents, Json, PaymentServiceId};

const TYPE: &str = "paysg-command+jwt";
const MAX_LIFETIME_SECS: i64 = 5 * 60;

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
    /// How much a refund gives back.
    pub refund_amount: Option<Cents>,
    /// The same for the same command: its `jti`, or the digest of the token.
    pub command_id: String,
}

impl CommandToken {
    /// Reads a command.
    ///
    /// Claims: `action`; `payment_id`, or `reference_id` for `read` (`id` does for either), or there `intent`, its name in the log; `doctor` is
    /// about neither; optionally `payment_service_id` and `jti`; `refund_amount_in_cents` for a refund.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(token: &str, keys: &Keys, now_ms: i64) -> Result<Self, TokenError> {
        let claims = jwt::verify(token, TYPE, MAX_LIFETIME_SECS, keys, now_ms)?;
        let kind = jwt::text(&claims, "action")
            .and_then(CommandKind::parse)
            .ok_or(TokenError::Malformed)?;
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
                .ok_or(TokenError::Malformed)?,
        }
        .to_owned();
        let refund_amount = match claims.get("refund_amount_in_cents") {
            Some(Json::Number(token)) => {
                Some(Cents::from_token(token).map_err(|_| TokenError::Malformed)?)
            }
            None if kind != CommandKind::Refund => None,
            _ => return Err(TokenError::Malformed),
        };
        let command_id = jwt::text(&claims, "jti").map_or_else(
            || Digest::of(&[token.as_bytes()]).as_str().to_owned(),
            str::to_owned,
        );
        Ok(Self {
            kind,
            subject,
            names_intent: intent.is_some(),
            payment_service_id: jwt::text(&claims, "payment_service_id").map(str::to_owned),
            refund_amount,
            command_id,
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
