//! The pages that the edge serves itself: a payment's status, and errors. They need no script.

use sha2::{Digest as _, Sha256};

use super::problem::Problem;
use crate::flow::view::PaymentView;
use crate::paysg::{FieldError, Rule, Status};

const STYLE: &str = include_str!("page.css");

/// Nothing but our own style, by its hash, and forms that go to the edge itself.
pub(super) fn content_security_policy() -> String {
    use base64ct::{Base64, Encoding as _};
    let hash = Base64::encode_string(&Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Text as HTML. It may be a caller's, such as the name of a field of a form. Control characters stand in no HTML, and NUL would end the
/// body on its way to the host, the rest of it taken for the line of the log.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && !c.is_ascii_whitespace() => {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            c => out.push(c),
        }
    }
    out
}

fn page(title: &str, state: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main data-state=\"{state}\"><h1>{title}</h1>{body}</main></body></html>"
    )
}

/// What the status page shows.
pub(super) struct StatusPage<'a> {
    /// The status.
    pub status: Status,
    /// The payment, where this browser has proof of it.
    pub payment: Option<&'a PaymentView>,
    /// PaySG's page for it, where a payer may be sent there.
    pub payment_page: Option<&'a str>,
    /// The edge's base path.
    pub base_path: &'a str,
    /// The e-service's front page.
    pub home: Option<&'a str>,
    /// How often the page has refreshed itself.
    pub refreshed: u32,
    /// Whether it could not be found out how the payment stands.
    pub unreachable: bool,
}

/// After so many refreshes the payer is asked to come back.
const MAX_REFRESHES: u32 = 60;

impl StatusPage<'_> {
    const fn waiting(&self) -> bool {
        !self.status.is_settled() || self.unreachable
    }

    /// The answer's `Refresh`, while there is something to wait for: after 2 s at first, growing to 30 s.
    ///
    /// A header and no `<meta>`, and the page leads to itself without one: who reads with their ears, or slowly, has to be able to stop a page
    /// from being taken away under them (WCAG 2.2.1).
    pub(super) fn refresh(&self) -> Option<String> {
        (self.waiting() && self.refreshed < MAX_REFRESHES).then(|| {
            let next = self.refreshed.saturating_add(1);
            format!("{}; url=?refreshed={next}", next.saturating_mul(2).min(30))
        })
    }

    pub(super) fn html(&self) -> String {
        let (title, text) = match self.status {
            _ if self.unreachable => (
                "Confirming your payment",
                "It cannot be confirmed just now. If you have paid, your payment is safe, and you need not pay again.",
            ),
            Status::Unpaid | Status::Unknown => (
                "Confirming your payment",
                "PaySG has not confirmed the payment yet. If you have paid, there is nothing to do.",
            ),
            Status::Paid => (
                "Payment received",
                "Thank you. PaySG has confirmed your payment.",
            ),
            Status::Refunded => (
                "Payment refunded",
                "This payment was made, and has been refunded.",
            ),
            Status::PartiallyRefunded => (
                "Payment received",
                "This payment was made, and part of it has been or is being refunded.",
            ),
            Status::Cancelled => (
                "Payment cancelled",
                "This payment was cancelled, and its link does not work any more. If you had paid before that, your payment is safe: the e-service will find it.",
            ),
        };
        let mut body = format!("<p role=\"status\">{text}</p>");
        if let Some(payment) = self.payment {
            let cents = payment.amount_in_cents;
            body.push_str(&format!(
                "<dl><dt>Reference</dt><dd>{}</dd><dt>Amount</dt><dd>S${}.{:02}</dd></dl>",
                escape(&payment.reference_id),
                cents.checked_div(100).unwrap_or_default(),
                cents.checked_rem(100).unwrap_or_default(),
            ));
        }
        if self.status == Status::Unpaid && self.payment.is_some() && !self.unreachable {
            // This very payment's: another of this browser's may be newer.
            let page = self
                .payment_page
                .map_or_else(|| format!("{}/resume", self.base_path), str::to_owned);
            body.push_str(&format!(
                "<p><a href=\"{}\">I have not paid yet: go to the payment page</a></p>",
                escape(&page)
            ));
        }
        if self.refresh().is_some() {
            body.push_str(&format!(
                "<p>This page updates by itself. <a href=\"?refreshed={MAX_REFRESHES}\">Stop updating it</a></p>"
            ));
        } else if self.waiting() {
            body.push_str(
                "<p>This page does not update by itself any more. <a href=\"?\">Look again</a></p>",
            );
        }
        if self.payment.is_some() {
            body.push_str(&format!(
                "<form method=\"post\" action=\"{}/forget\"><p>Is this a shared computer? <button>Forget my payments on it</button></p></form>",
                escape(self.base_path)
            ));
        }
        body.push_str(&way_back(self.home));
        let state = if self.waiting() {
            "confirming"
        } else {
            self.status.as_str()
        };
        page(title, state, &body)
    }
}

fn way_back(home: Option<&str>) -> String {
    home.map_or(String::new(), |home| {
        format!(
            "<p><a href=\"{}\">Back to the e-service</a></p>",
            escape(home)
        )
    })
}

/// What is said when this browser has forgotten its payments.
pub(super) fn forgotten(home: Option<&str>) -> String {
    let mut body = String::from(
        "<p role=\"status\">This browser no longer knows which payments were made with it. The payments themselves are unchanged.</p>\
         <p>On a shared computer, close this window too, and clear the browser\u{2019}s history.</p>",
    );
    body.push_str(&way_back(home));
    page("Your payments are forgotten here", "forgotten", &body)
}

/// What a payer calls a field that payers fill in; `None` for all others, of which they know nothing.
fn label(field: &str) -> Option<&'static str> {
    Some(match field {
        "payer_name" => "Name",
        "payer_email" => "E-mail address",
        "payer_identifier" => "NRIC or UEN",
        "payer_address" => "Address",
        "quantity" => "Quantity",
        _ => return None,
    })
}

/// What is wrong with a field, for who has filled it in.
fn advice(error: &FieldError) -> String {
    let limit = error.limit.unwrap_or_default();
    match error.rule {
        Rule::Required | Rule::Empty => "is missing".to_owned(),
        Rule::TooLong => format!("is too long: at most {limit} characters"),
        Rule::TooSmall => format!("must be {limit} or more"),
        Rule::TooLarge if error.limit.is_some() => format!("must be {limit} or less"),
        Rule::TooLarge => "is too large".to_owned(),
        Rule::NotAnInteger => "must be a whole number".to_owned(),
        Rule::ControlCharacter | Rule::InvisibleCharacter | Rule::MalformedText => {
            "has characters that cannot be taken: please type it instead of pasting it".to_owned()
        }
        Rule::Format if error.field == "payer_email" => {
            "must be an address like name@example.com".to_owned()
        }
        Rule::Type
        | Rule::Format
        | Rule::TooMany
        | Rule::UnknownField
        | Rule::Duplicate
        | Rule::Https
        | Rule::Reserved
        | Rule::Json
        | Rule::NotInCatalogue => "cannot be taken as it is".to_owned(),
    }
}

/// An error. The payer may have paid this very order in another browser, so no text says that nothing was charged.
pub(super) fn problem(problem: &Problem, home: Option<&str>) -> String {
    let (title, text) = match problem.status {
        // Who comes back from PaySG has entered nothing.
        400 if problem.code == "invalid_return" => (
            "We cannot tell which payment this is",
            "The address that you came back by is not complete. If you have paid, your payment is safe: the e-service will find it.",
        ),
        // It may have been paid long ago, whatever this browser knows of it.
        _ if problem.code == "journal_unreadable" => (
            "We cannot confirm your payment just now",
            "If you have paid, you need not pay again. If not, please try again later.",
        ),
        404 if problem.code == "nothing_to_resume" => (
            "There is no payment to continue",
            "This browser has no open payment of the last hour. If you have paid, your payment is safe. If you have not, start again from the e-service.",
        ),
        404 => (
            "Payment not found",
            "There is no such payment, or this browser did not make it. If you have paid, your payment is safe.",
        ),
        400 if problem
            .fields
            .iter()
            .any(|error| label(&error.field).is_some()) =>
        {
            (
                "Please check what you entered",
                "Some of it could not be taken. Please go back and change it.",
            )
        }
        // Nothing that the payer could change: the page that they came from is wrong.
        400 | 413 | 415 => (
            "Something went wrong",
            "The page that you came from sent something that cannot be used. Please tell the e-service. If you have paid, your payment is safe.",
        ),
        401 | 403 => (
            "This page has expired",
            "Please go back, load the page again and try once more. If you have paid, you need not pay again.",
        ),
        429 | 503 => (
            "Please try again in a moment",
            "Nothing is lost: trying again continues with the same payment. If you have paid, your payment is safe.",
        ),
        _ => (
            "Something went wrong",
            "Please try again later. If you have paid, your payment is safe.",
        ),
    };
    let mut body = format!("<p role=\"alert\">{text}</p>");
    let fields: Vec<String> = problem
        .fields
        .iter()
        .filter_map(|error| Some((label(&error.field)?, advice(error))))
        .map(|(label, advice)| format!("<li><strong>{label}</strong> {}</li>", escape(&advice)))
        .collect();
    if !fields.is_empty() {
        body.push_str(&format!("<ul>{}</ul>", fields.concat()));
    }
    body.push_str(&way_back(home));
    body.push_str(&format!("<p class=\"code\">{}</p>", problem.code));
    page(title, "error", &body)
}
