//! What PaySG accepts when a payment is created [guide/endpoints], every bad field reported at once.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use url::{Host, Url};

use crate::error::ApiError;
use crate::settings::{CharacterCount, Need, Settings, UnknownFields};

/// Create parameters that obey every rule.
#[derive(Debug, Serialize)]
pub(crate) struct CreateParameters {
    pub(crate) reference_id: String,
    pub(crate) payer_name: String,
    pub(crate) description: String,
    pub(crate) amount_in_cents: u64,
    pub(crate) payer_address: Option<String>,
    pub(crate) payer_identifier: Option<String>,
    pub(crate) payer_email: Option<String>,
    pub(crate) due_date: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) line_items: Vec<Value>,
    pub(crate) return_url: Option<String>,
}

const FIELDS: [&str; 11] = [
    "reference_id",
    "payer_name",
    "description",
    "amount_in_cents",
    "payer_address",
    "payer_identifier",
    "payer_email",
    "due_date",
    "metadata",
    "line_items",
    "return_url",
];
const LINE_ITEMS_LIMIT_IN_CENTS: u64 = 20_000_000;

/// Reads a create body.
///
/// # Errors
/// 400 `invalid_request_body` where it is no JSON object, 400 `validation_failed` otherwise, with `data.fields: [{field, rule, limit?}]`.
pub(crate) fn parse(body: &[u8], settings: &Settings) -> Result<CreateParameters, ApiError> {
    let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| {
        ApiError::bad_request("invalid_request_body", "The body must be a JSON object")
    })?;
    let mut check = Check {
        fields: &fields,
        settings,
        faults: Vec::new(),
    };
    if settings.unknown_fields == UnknownFields::Reject {
        check.no_unknown_fields();
    }
    let parameters = CreateParameters {
        reference_id: check.required("reference_id", 255),
        payer_name: check.required("payer_name", 255),
        description: check.required("description", 500),
        amount_in_cents: check.amount(),
        payer_address: check.text("payer_address", 255),
        payer_identifier: check.text("payer_identifier", settings.payer_identifier_limit),
        payer_email: check.email(),
        due_date: check.due_date(),
        metadata: check.metadata(),
        line_items: check.line_items(),
        return_url: check.return_url(),
    };
    if check.faults.is_empty() {
        return Ok(parameters);
    }
    let names: Vec<&str> = check
        .faults
        .iter()
        .filter_map(|fault| fault.get("field")?.as_str())
        .collect();
    let message = format!("Not accepted: {}", names.join(", "));
    Err(ApiError::bad_request("validation_failed", message)
        .with_data(json!({ "fields": check.faults })))
}

struct Check<'a> {
    fields: &'a Map<String, Value>,
    settings: &'a Settings,
    faults: Vec<Value>,
}

impl<'a> Check<'a> {
    fn fault(&mut self, field: &str, rule: &str) {
        self.faults.push(json!({ "field": field, "rule": rule }));
    }

    fn fault_with_limit(&mut self, field: &str, rule: &str, limit: impl Into<Value>) {
        self.faults
            .push(json!({ "field": field, "rule": rule, "limit": limit.into() }));
    }

    fn no_unknown_fields(&mut self) {
        for name in self
            .fields
            .keys()
            .filter(|name| !FIELDS.contains(&name.as_str()))
        {
            self.faults
                .push(json!({ "field": name, "rule": "unknown" }));
        }
    }

    fn length(&self, text: &str) -> usize {
        match self.settings.count_characters {
            CharacterCount::Utf16 => text.encode_utf16().count(),
            CharacterCount::Scalars => text.chars().count(),
            CharacterCount::Bytes => text.len(),
        }
    }

    /// The text of a field that is there; a fault where it is not text or too long. `null` is not text.
    fn text(&mut self, field: &'static str, limit: usize) -> Option<String> {
        let Some(text) = self.fields.get(field)?.as_str() else {
            self.fault(field, "string");
            return None;
        };
        if self.length(text) > limit {
            self.fault_with_limit(field, "max_length", limit);
        }
        Some(text.to_owned())
    }

    fn required(&mut self, field: &'static str, limit: usize) -> String {
        if !self.fields.contains_key(field) {
            self.fault(field, "required");
            return String::new();
        }
        let text = self.text(field, limit);
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            self.fault(field, "not_empty");
        }
        text.unwrap_or_default()
    }

    fn amount(&mut self) -> u64 {
        let field = "amount_in_cents";
        let Some(value) = self.fields.get(field) else {
            self.fault(field, "required");
            return 0;
        };
        let Some(cents) = whole_number(value) else {
            self.fault(field, "integer");
            return 0;
        };
        let (minimum, limit) = (self.settings.amount_minimum, self.settings.amount_limit);
        if cents < i64::try_from(minimum).unwrap_or(i64::MAX) {
            self.fault_with_limit(field, "min", minimum);
        } else if cents > i64::try_from(limit).unwrap_or(i64::MAX) {
            self.fault_with_limit(field, "max", limit);
        }
        u64::try_from(cents).unwrap_or(0)
    }

    fn email(&mut self) -> Option<String> {
        let email = self.text("payer_email", 255)?;
        if !is_email(&email) {
            self.fault("payer_email", "email");
        }
        Some(email)
    }

    fn due_date(&mut self) -> Option<String> {
        let date = self.text("due_date", usize::MAX)?;
        if !is_due_date(&date) {
            self.fault("due_date", "dd-MMM-yyyy");
        }
        Some(date)
    }

    fn metadata(&mut self) -> BTreeMap<String, String> {
        let field = "metadata";
        let Some(value) = self.fields.get(field) else {
            if self.settings.metadata == Need::Required {
                self.fault(field, "required");
            }
            return BTreeMap::new();
        };
        let Some(entries) = value.as_object() else {
            self.fault(field, "object");
            return BTreeMap::new();
        };
        if entries.len() > 10 {
            self.fault_with_limit(field, "max_entries", 10);
        }
        let mut metadata = BTreeMap::new();
        for (key, value) in entries {
            let name = format!("metadata.{key}");
            if self.length(key) > 40 {
                self.fault_with_limit(&name, "max_key_length", 40);
            }
            match value.as_str() {
                None => self.fault(
                    &name,
                    if value.is_null() {
                        "not_null"
                    } else {
                        "string"
                    },
                ),
                Some(text) if self.length(text) > 255 => {
                    self.fault_with_limit(&name, "max_length", 255)
                }
                Some(text) => _ = metadata.insert(key.clone(), text.to_owned()),
            }
        }
        metadata
    }

    /// The guide shows `{description, amount…}` without the amount's exact name, so any whole number under a name that begins with `amount` counts.
    fn line_items(&mut self) -> Vec<Value> {
        let field = "line_items";
        let Some(value) = self.fields.get(field) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            self.fault(field, "array");
            return Vec::new();
        };
        let mut total: i64 = 0;
        for (position, item) in items.iter().enumerate() {
            let name = format!("line_items[{position}]");
            let Some(item) = item.as_object() else {
                self.fault(&name, "object");
                continue;
            };
            match item.get("description").and_then(Value::as_str) {
                None => self.fault(&format!("{name}.description"), "required"),
                Some(text) if self.length(text) > 255 => {
                    self.fault_with_limit(&format!("{name}.description"), "max_length", 255);
                }
                Some(_) => {}
            }
            let amount = item
                .iter()
                .find(|(key, _)| key.starts_with("amount"))
                .map(|(_, value)| value);
            match amount.map(whole_number) {
                None => self.fault(&format!("{name}.amount"), "required"),
                Some(Some(cents)) if cents >= 0 => total = total.saturating_add(cents),
                Some(_) => self.fault(&format!("{name}.amount"), "integer"),
            }
        }
        if u64::try_from(total).unwrap_or(0) > LINE_ITEMS_LIMIT_IN_CENTS {
            self.fault_with_limit(field, "max_total", LINE_ITEMS_LIMIT_IN_CENTS);
        }
        items.clone()
    }

    /// "Must be a valid HTTPS URL, or PaySG blocks the creation" [seed].
    fn return_url(&mut self) -> Option<String> {
        let text = self.text("return_url", usize::MAX)?;
        let accepted = Url::parse(&text).is_ok_and(|url| {
            url.host_str().is_some_and(|host| !host.is_empty())
                && match url.scheme() {
                    "https" => true,
                    "http" => self.settings.allow_loopback_return_url && is_loopback(&url),
                    _ => false,
                }
        });
        if !accepted {
            self.fault("return_url", "https_url");
        }
        Some(text)
    }
}

/// Whether a URL's host is this machine by any of its loopback names.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A JSON number without a fraction, `100.0` included, since JavaScript cannot tell it from `100`.
fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        // Beyond 2^53 a double no longer holds every integer.
        let safe = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be whole and small the line above"
        )]
        safe.then_some(number as i64)
    })
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>()[],;:\\\"".contains(c);
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    !local.is_empty()
        && local.chars().all(plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.split('.').all(label)
}

/// `31-DEC-2023`: two digits, an upper-case month, four digits, and a day that exists.
fn is_due_date(text: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ];
    let mut parts = text.split('-');
    let (Some(day), Some(month), Some(year), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let number = |text: &str, digits: usize| -> Option<i16> {
        (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse().ok())?
    };
    let month = MONTHS
        .iter()
        .zip(1_i8..)
        .find(|(name, _)| **name == month)
        .map(|(_, number)| number);
    let (Some(day), Some(month), Some(year)) = (number(day, 2), month, number(year, 4)) else {
        return false;
    };
    i8::try_from(day).is_ok_and(|day| jiff::civil::Date::new(year, month, day).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_dates_are_upper_case_and_real_days() {
        for good in ["31-DEC-2023", "29-FEB-2024", "01-JAN-2026"] {
            assert!(is_due_date(good), "{good}");
        }
        for bad in [
            "31-dec-2023",
            "1-JAN-2026",
            "30-FEB-2024",
            "29-FEB-2023",
            "2023-12-31",
            "31-DEC-23",
            "31-DEC-2023-",
            "",
        ] {
            assert!(!is_due_date(bad), "{bad}");
        }
    }

    #[test]
    fn addresses_without_a_plain_local_part_and_a_dotted_domain_are_refused() {
        for good in ["tan@example.sg", "a.b+c@mail.example.com"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "tan",
            "tan@",
            "@example.sg",
            "tan@example",
            "a b@example.sg",
            "a@b@example.sg",
            "a@-x.sg",
            "a..b@x.sg",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn whole_numbers_are_told_from_fractions_and_text() {
        assert_eq!(whole_number(&json!(12)), Some(12));
        assert_eq!(whole_number(&json!(12.0)), Some(12));
        assert_eq!(whole_number(&json!(12.34)), None);
        assert_eq!(whole_number(&json!("12")), None);
        assert_eq!(whole_number(&json!(1e300)), None);
    }
}
