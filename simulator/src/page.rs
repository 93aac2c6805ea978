//! The hosted payment page: plain HTML and forms, so that a person, a script-less browser and a WebDriver can all pay.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use qrcode::QrCode;
use qrcode::render::svg;

use crate::event::Sending;
use crate::payment::{LatestStatus, Record};
use crate::simulator::Simulator;

type Sim = State<Arc<Simulator>>;

/// `GET /payments/{id}`
pub(crate) async fn show(
    State(simulator): Sim,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(record) = simulator.read(|state| state.payment(&id).cloned()) else {
        return not_found();
    };
    match (record.payment.latest_status, query.as_deref()) {
        (LatestStatus::Paid, _) => html(StatusCode::OK, "Paid", &paid(&record)),
        (LatestStatus::Cancelled, _) => html(StatusCode::OK, "Cancelled", &cancelled(&record)),
        (LatestStatus::Unpaid, Some("outcome=left")) => {
            html(StatusCode::OK, "You left without paying", &left(&record))
        }
        (LatestStatus::Unpaid, query) => {
            let failed = query == Some("outcome=failed");
            html(
                StatusCode::OK,
                if failed { "Payment failed" } else { "Pay" },
                &open(&record, failed),
            )
        }
    }
}

/// `POST /payments/{id}`: a press of Pay, Fail or Leave.
///
/// A second press of Pay goes where the first did: a browser follows only the last of two clicks.
pub(crate) async fn act(State(simulator): Sim, Path(id): Path<String>, body: Bytes) -> Response {
    let action = url::form_urlencoded::parse(&body)
        .find(|(name, _)| name == "action")
        .map(|(_, value)| value);
    let target = match action.as_deref() {
        Some("pay") => {
            // Refused where it is already paid or cancelled; the payment itself says where to go then.
            let _ = simulator.pay(&id, false, Some(Sending::default()));
            let Some(record) = simulator.read(|state| state.payment(&id).cloned()) else {
                return not_found();
            };
            let paid = record.payment.latest_status == LatestStatus::Paid;
            record
                .redirect_url()
                .filter(|_| paid)
                .unwrap_or_else(|| format!("/payments/{id}"))
        }
        _ if simulator.read(|state| state.payment(&id).is_none()) => return not_found(),
        Some("fail") => format!("/payments/{id}?outcome=failed"),
        Some("leave") => format!("/payments/{id}?outcome=left"),
        Some(_) | None => format!("/payments/{id}"),
    };
    let Ok(location) = HeaderValue::from_str(&target) else {
        return not_found();
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// `GET /payments/{id}/qr.svg`: a real QR code, but of the payment page's address: scanning it can move no money.
pub(crate) async fn qr(State(simulator): Sim, Path(id): Path<String>) -> Response {
    let Some(url) = simulator.read(|state| {
        state
            .payment(&id)
            .map(|record| record.payment.payment_url.clone())
    }) else {
        return not_found();
    };
    let Ok(code) = QrCode::new(url) else {
        return not_found();
    };
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .build();
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, picture).into_response()
}

fn not_found() -> Response {
    let content = "<h1>Payment not found</h1><p>There is no payment at this address. Check the link, or ask the agency for a new one.</p>";
    html(StatusCode::NOT_FOUND, "Payment not found", content)
}

fn html(status: StatusCode, title: &str, content: &str) -> Response {
    let page = include_str!("page/layout.html")
        .replace("{{title}}", title)
        .replace("{{content}}", content);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // The address is a capability: whoever has it can open the page.
        (header::REFERRER_POLICY, "no-referrer"),
        // No form-action: Chromium would apply it to the whole chain of redirects after Pay.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ];
    (status, headers, page).into_response()
}

/// What is shown of a payment: nothing about the payer, since a link may have been passed on.
fn summary(record: &Record) -> String {
    let payment = &record.payment;
    let due = payment
        .due_date
        .as_deref()
        .map_or_else(String::new, |date| row("Due", date));
    format!(
        "<dl>{}{}{}{due}</dl>",
        row("For", &payment.description),
        format_args!(
            "<div><dt>Amount</dt><dd id=\"amount\">{}</dd></div>",
            dollars(payment.amount_in_cents)
        ),
        row("Reference", &payment.reference_id),
    )
}

fn row(name: &str, value: &str) -> String {
    format!("<div><dt>{name}</dt><dd>{}</dd></div>", escape(value))
}

fn open(record: &Record, failed: bool) -> String {
    let alert = if failed {
        "<p id=\"failed\" class=\"notice bad\" role=\"alert\"><strong>The payment did not go through.</strong> Nothing was charged. You can try again.</p>"
    } else {
        ""
    };
    include_str!("page/open.html")
        .replace("{{alert}}", alert)
        .replace("{{amount}}", &dollars(record.payment.amount_in_cents))
        .replace("{{id}}", &record.payment.id)
        .replace("{{summary}}", &summary(record))
}

fn left(record: &Record) -> String {
    format!(
        "<h1>You left without paying</h1><p id=\"left\">Nothing was charged. The payment link stays valid until it is paid or cancelled.</p>{}<p><a class=\"button\" href=\"/payments/{}\">Back to the payment</a></p>",
        summary(record),
        record.payment.id
    )
}

fn paid(record: &Record) -> String {
    let back = record.redirect_url().map_or_else(String::new, |url| {
        let host = url::Url::parse(&url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        format!(
            "<p><a id=\"return\" class=\"button\" href=\"{}\">Return to {}</a></p>",
            escape(&url),
            escape(&host)
        )
    });
    let refunded = if record.refunded_in_cents > 0 {
        format!("<p>Refunded: {}</p>", dollars(record.refunded_in_cents))
    } else {
        String::new()
    };
    format!(
        "<h1 id=\"paid\">Paid</h1><p>This payment is complete. Do not pay again.</p>{}{refunded}{back}",
        summary(record)
    )
}

fn cancelled(record: &Record) -> String {
    format!(
        "<h1 id=\"cancelled\">Payment cancelled</h1><p>The agency cancelled this payment. It can no longer be paid.</p>{}",
        summary(record)
    )
}

/// `S$1,234.50`
fn dollars(cents: u64) -> String {
    let whole = cents.div_euclid(100).to_string();
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && whole.len().saturating_sub(position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("S${grouped}.{:02}", cents.rem_euclid(100))
}

fn escape(text: &str) -> String {
    // Braces too: a description must not fill another slot of a template.
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
        .replace('{', "&#123;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_singapore_dollars() {
        assert_eq!(dollars(1), "S$0.01");
        assert_eq!(dollars(99_950), "S$999.50");
        assert_eq!(dollars(123_450), "S$1,234.50");
        assert_eq!(dollars(100_000_000), "S$1,000,000.00");
    }

    #[test]
    fn what_agencies_write_cannot_become_markup() {
        assert_eq!(
            escape("<b title='x'>{{id}}&"),
            "&lt;b title=&#39;x&#39;&gt;&#123;&#123;id}}&amp;"
        );
    }
}
