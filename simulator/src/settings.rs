//! Everything that the sources leave open, as settings: flags at the start, `POST /_sim/settings` later.
//!
//! The defaults are the newest guide's, and the stricter reading where the guide is silent.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How the simulator reads what PaySG's documents leave open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Args)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Accept `http://` return URLs of loopback addresses, which PaySG never does
    #[arg(long, help_heading = RULES)]
    pub allow_loopback_return_url: bool,
    /// Largest `amount_in_cents`: 20000000 in the newest guide, 99999999 in the older one
    #[arg(long, value_name = "CENTS", default_value_t = 20_000_000, help_heading = RULES)]
    pub amount_limit: u64,
    /// Smallest `amount_in_cents`: 1 in the guide, 50 in practice with Stripe
    #[arg(long, value_name = "CENTS", default_value_t = 1, help_heading = RULES)]
    pub amount_minimum: u64,
    /// Longest `payer_identifier`: 10 in the guide, 20 in practice
    #[arg(long, value_name = "LENGTH", default_value_t = 10, help_heading = RULES)]
    pub payer_identifier_limit: usize,
    /// What a "character" of a limit is
    #[arg(long, value_enum, default_value_t = CharacterCount::Utf16, help_heading = RULES)]
    pub count_characters: CharacterCount,
    /// Whether `metadata` (at least `{}`) must be sent
    #[arg(long, value_enum, default_value_t = Need::Required, help_heading = RULES)]
    pub metadata: Need,
    /// What to do with fields that the guide does not list
    #[arg(long, value_enum, default_value_t = UnknownFields::Reject, help_heading = RULES)]
    pub unknown_fields: UnknownFields,
    /// Status of a successful create: 201 or 200
    #[arg(long, value_name = "STATUS", default_value_t = 201, value_parser = clap::value_parser!(u16).range(200..=201), help_heading = RULES)]
    pub create_status: u16,
    /// Status where an idempotency key comes back with other parameters: 409 or 400
    #[arg(long, value_name = "STATUS", default_value_t = 409, value_parser = clap::value_parser!(u16).range(400..=409), help_heading = RULES)]
    pub reused_key_status: u16,
    /// Whether payments carry `payment_qr_code_url`
    #[arg(long, value_enum, default_value_t = Presence::Present, help_heading = RULES)]
    pub qr_code_url: Presence,
    /// What becomes of a refund
    #[arg(long, value_enum, default_value_t = RefundOutcome::Succeeded, help_heading = RULES)]
    pub refund_outcome: RefundOutcome,

    /// Name of the signature header
    #[arg(long, value_name = "NAME", default_value = "PaySG-Signature", help_heading = WEBHOOKS)]
    pub signature_header: String,
    /// Between `t=…` and `v1=…`: a comma and a space as in the guide, or a comma alone
    #[arg(long, value_enum, default_value_t = SignatureGrammar::Spaced, help_heading = WEBHOOKS)]
    pub signature_grammar: SignatureGrammar,
    /// Encoding of `v1`
    #[arg(long, value_enum, default_value_t = SignatureEncoding::Hex, help_heading = WEBHOOKS)]
    pub signature_encoding: SignatureEncoding,
    /// Unit of `t`
    #[arg(long, value_enum, default_value_t = SignatureTime::Seconds, help_heading = WEBHOOKS)]
    pub signature_time: SignatureTime,
    /// Whether a retry is signed anew or carries the first attempt's signature
    #[arg(long, value_enum, default_value_t = RetrySignature::Fresh, help_heading = WEBHOOKS)]
    pub retry_signature: RetrySignature,
    /// Field names of the payment in an event: snake (newer page) or camel (older page)
    #[arg(long, value_enum, default_value_t = PayloadCase::Snake, help_heading = WEBHOOKS)]
    pub payload_case: PayloadCase,
    /// Time of an event: `created_at` as text, or `created` in milliseconds
    #[arg(long, value_enum, default_value_t = PayloadTime::CreatedAt, help_heading = WEBHOOKS)]
    pub payload_time: PayloadTime,
    /// Amount in an event: whole cents, or dollars as in one of the guide's examples
    #[arg(long, value_enum, default_value_t = PayloadAmount::Cents, help_heading = WEBHOOKS)]
    pub payload_amount: PayloadAmount,
    /// How often each event is sent to each endpoint
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=100), help_heading = WEBHOOKS)]
    pub webhook_copies: u32,
    /// Hold every event back this long
    #[arg(long, value_name = "MS", default_value_t = 0, help_heading = WEBHOOKS)]
    pub webhook_delay_ms: u32,
    /// Hold each copy back a further random time up to this, so that events overtake each other
    #[arg(long, value_name = "MS", default_value_t = 0, help_heading = WEBHOOKS)]
    pub webhook_jitter_ms: u32,
    /// How many of a hundred deliveries are lost for good
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100), help_heading = WEBHOOKS)]
    pub webhook_loss_percent: u8,
    /// How long an endpoint may take to answer
    #[arg(long, value_name = "MS", default_value_t = 10_000, help_heading = WEBHOOKS)]
    pub webhook_timeout_ms: u32,
    /// Wait before the first retry; doubles each time
    #[arg(long, value_name = "MS", default_value_t = 5_000, help_heading = WEBHOOKS)]
    pub webhook_retry_base_ms: u32,
    /// Give up on a delivery so long after its first attempt: 3 days
    #[arg(long, value_name = "MS", default_value_t = 259_200_000, help_heading = WEBHOOKS)]
    pub webhook_retry_for_ms: u32,
    /// Which hosts `http://` webhook endpoints may have
    #[arg(long, value_enum, default_value_t = WebhookHosts::Loopback, help_heading = WEBHOOKS)]
    pub webhook_hosts: WebhookHosts,
}

const RULES: &str = "Rules that the sources leave open";
const WEBHOOKS: &str = "Webhooks";

impl Settings {
    /// These settings with some of them changed.
    ///
    /// # Errors
    /// Says which setting is unknown or has a value that it cannot take; nothing is changed then.
    pub(crate) fn changed_by(&self, changes: &Value) -> Result<Self, String> {
        let changes = changes.as_object().ok_or("settings are a JSON object")?;
        let mut all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        if let Some(all) = all.as_object_mut() {
            all.extend(changes.clone());
        }
        let changed: Self = serde_json::from_value(all).map_err(|error| error.to_string())?;
        changed.check()?;
        Ok(changed)
    }

    /// What clap's ranges check at the start, for values that come by HTTP or from a scenario.
    fn check(&self) -> Result<(), String> {
        let wrong = if !(200..=201).contains(&self.create_status) {
            "create_status is 200 or 201"
        } else if !matches!(self.reused_key_status, 400..=409) {
            "reused_key_status is 400 to 409"
        } else if self.webhook_copies > 100 {
            "webhook_copies is at most 100"
        } else if self.webhook_loss_percent > 100 {
            "webhook_loss_percent is at most 100"
        } else if axum::http::HeaderName::from_bytes(self.signature_header.as_bytes()).is_err() {
            "signature_header is not a header name"
        } else {
            return Ok(());
        };
        Err(wrong.to_owned())
    }
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
        #[serde(rename_all = "snake_case")]
        #[value(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }
    )+};
}

choices! {
    /// What a "character" of a limit is; the guide does not say.
    CharacterCount {
        /// UTF-16 code units, as a service written in JavaScript counts
        Utf16,
        /// Unicode scalar values
        Scalars,
        /// Bytes of UTF-8
        Bytes,
    }
    /// Whether a field must be there.
    Need {
        /// Refused without it [plumber]
        Required,
        /// May be left out [guide]
        Optional,
    }
    /// What becomes of fields that the guide does not list.
    UnknownFields {
        /// The create is refused and names them: finds typing errors
        Reject,
        /// They are ignored
        Ignore,
    }
    /// Whether payments carry a field.
    Presence {
        /// As [plumber] saw it
        Present,
        /// As [formsg] saw it
        Absent,
    }
    /// What becomes of a refund.
    RefundOutcome {
        /// Done at once
        Succeeded,
        /// Stays pending until settled through `/_sim`
        Pending,
        /// Fails, after which PaySG refuses further refunds
        Failed,
    }
    /// The signature header's grammar.
    SignatureGrammar {
        /// `t=…, v1=…`
        Spaced,
        /// `t=…,v1=…`
        Tight,
    }
    /// Encoding of the signature.
    SignatureEncoding {
        /// Lower-case hexadecimal
        Hex,
        /// Standard base64 with padding
        Base64,
    }
    /// Unit of the signature's timestamp.
    SignatureTime {
        /// Seconds since 1970
        Seconds,
        /// Milliseconds since 1970
        Milliseconds,
    }
    /// How retries are signed.
    RetrySignature {
        /// With the time of the retry
        Fresh,
        /// With the first attempt's time: by then possibly days old
        First,
    }
    /// Field names in an event's payment.
    PayloadCase {
        /// `amount_in_cents`
        Snake,
        /// `amountInCents`
        Camel,
    }
    /// The time field of an event.
    PayloadTime {
        /// `created_at`, ISO text
        CreatedAt,
        /// `created`, milliseconds
        Created,
    }
    /// Unit of the amount in an event's payment.
    PayloadAmount {
        /// Whole cents
        Cents,
        /// Dollars with a decimal point, under the name that says cents
        Dollars,
    }
    /// Which hosts webhook endpoints may have.
    WebhookHosts {
        /// This machine only
        Loopback,
        /// Any, for instance another container
        Any,
    }
}
