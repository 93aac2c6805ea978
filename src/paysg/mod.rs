//! PaySG's protocol as types that parse once and are trusted afterwards.
//!
//! Nothing here performs I/O, reads a clock or draws a random number. What comes from outside (a payer's browser, an
//! e-service's server, PaySG itself) enters as bytes or text and leaves as a type whose value is known to be good, or
//! as an error that names a field and a rule and never a value.
//!
//! | module | what it knows |
//! |---|---|
//! | [`id`] | payment, payment service and event identifiers |
//! | [`status`] | the one word that a payer or e-service is told |
//! | [`pages`] | where a payer may be sent |
//! | [`web_url`] | URLs in the spelling that a browser would give them |
//! | [`return_params`] | what PaySG adds to the return URL |
//! | `environment` | staging and live, and the API key that decides between them |
//! | `json`, `field`, `text`, `time`, `amount` | reading outside input strictly |
//! | `create`, `payment`, `list`, `request`, `error` | the six endpoints and their answers |
//! | `answer` | the form that tells PaySG's answers from those of a gateway |
//! | `event`, `signature` | webhooks |
//!
//! The modules of the last five rows exist with the feature `edge` only: a browser relays the edge's verdicts instead
//! of carrying the rules.
//!
//! # Sources
//! Rules about PaySG carry a tag: `[guide/PAGE]` is <https://guide.pay.gov.sg>, `[plumber]` is the client in
//! opengovsg/plumber, `[formsg]` an experiment in opengovsg/FormSG that logged a staging response. Where two of them
//! disagree the readers survive both and the writers take the stricter.

#[cfg(feature = "edge")]
pub mod amount;
#[cfg(feature = "edge")]
pub mod answer;
#[cfg(feature = "edge")]
pub mod create;
#[cfg(feature = "edge")]
pub mod environment;
#[cfg(feature = "edge")]
pub mod error;
#[cfg(feature = "edge")]
pub mod event;
#[cfg(feature = "edge")]
pub mod field;
pub mod id;
#[cfg(feature = "edge")]
pub mod json;
#[cfg(feature = "edge")]
pub mod list;
pub mod pages;
#[cfg(feature = "edge")]
pub mod payment;
#[cfg(feature = "edge")]
pub mod request;
pub mod return_params;
#[cfg(feature = "edge")]
pub mod signature;
pub mod status;
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(crate) mod tests;
#[cfg(feature = "edge")]
pub mod text;
#[cfg(feature = "edge")]
pub mod time;
pub mod web_url;

#[cfg(feature = "edge")]
pub use self::{
    amount::Cents,
    answer::{EmailSent, OwnAnswer, Success},
    create::{CreatePayment, Limits, LineItem},
    environment::{ApiKey, Environment},
    error::{ApiError, Failure},
    event::Event,
    field::{FieldError, ReadError, Rule},
    id::EventId,
    json::{Json, JsonError},
    list::Page,
    payment::{LatestStatus, Payment, PaymentStatus, RefundStatus},
    request::ApiRequest,
    web_url::{HttpsUrl, UrlPart, WebUrl},
};
pub use self::{
    id::{PaymentId, PaymentServiceId},
    pages::PaymentPages,
    return_params::{ReturnError, ReturnParams},
    status::Status,
    web_url::is_loopback_origin,
};
