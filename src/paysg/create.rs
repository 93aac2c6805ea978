//! What a payment is created from.

mod fields;
mod forms;

use std::fmt;

use self::fields::{Errors, Fields, Presence, Style};
use self::forms::{is_due_date, is_email};

use super::amount::Cents;
use super::field::{FieldError, Rule};
use super::json::{Json, ObjectWriter};

/// Longest `reference_id`, `payer_name`, `payer_address`, `payer_email`, metadata value and line item description, in characters.
pub const MAX_TEXT: u64 = 255;
/// Longest `description`, in characters.
pub const MAX_DESCRIPTION: u64 = 500;
/// Most entries of `metadata`.
pub const MAX_METADATA: u64 = 10;
/// Longest key of `metadata`, in characters.
pub const MAX_METADATA_KEY: u64 = 40;
/// Largest sum of `line_items`, in cents; the same in every edition of the guide.
pub const MAX_LINE_ITEMS_TOTAL: u64 = 20_000_000;

/// The limits on which PaySG's documents disagree.
///
/// The default is the newest guide's; [`Limits::older`] is the older guide's and `[plumber]`'s.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Largest amount: 20 000 000 `[guide/create-a-payment]`; older: 99 999 999.
    pub max_amount_in_cents: u64,
    /// Smallest amount: 1 `[guide/faq/payments]`; `[plumber]`: 50, which is Stripe's.
    pub min_amount_in_cents: u64,
    /// Longest `payer_identifier`, in characters: 10 `[guide/create-a-payment]`; `[plumber]`: 20.
    pub max_identifier: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_amount_in_cents: 20_000_000,
            min_amount_in_cents: 1,
            max_identifier: 10,
        }
    }
}

impl Limits {
    /// The limits of the older guide and `[plumber]`: 50 to 99 999 999 cents, identifiers of up to 20 characters.
    #[must_use]
    pub const fn older() -> Self {
        Self {
            max_amount_in_cents: 99_999_999,
            min_amount_in_cents: 50,
            max_identifier: 20,
        }
    }
}

/// The parameters of a payment to be created, each within PaySG's limits `[guide/create-a-payment]`.
///
/// `return_url` is not among them: it is the edge's to set. `Debug` shows the amount and nothing about the payer.
#[derive(Clone, PartialEq, Eq)]
pub struct CreatePayment {
    /// The agency's own reference, at most 255 characters, exactly as given.
    pub reference_id: String,
    /// Who pays, at most 255 characters, normalised.
    pub payer_name: String,
    /// What for, at most 500 characters, shown to the payer; on one line.
    pub description: String,
    /// How much.
    pub amount_in_cents: Cents,
    /// At most 255 characters, normalised, on one line.
    pub payer_address: Option<String>,
    /// NRIC or UEN.
    pub payer_identifier: Option<String>,
    /// An e-mail address, at most 255 characters.
    pub payer_email: Option<String>,
    /// `dd-MMM-yyyy` in capitals, a day of the calendar. Only shown; nothing expires by it.
    pub due_date: Option<String>,
    /// At most 10 entries, sorted by key, so that orders that differ in their language's map order only are the same order.
    pub metadata: Vec<(String, String)>,
    /// What the amount is made of.
    pub line_items: Vec<LineItem>,
}

/// One line of what an amount is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineItem {
    /// At most 255 characters, on one line.
    pub description: String,
    /// This line's share, at least 1 cent.
    pub amount_in_cents: Cents,
}

impl CreatePayment {
    /// Reads PaySG's create parameters, or says what is wrong with each of them.
    ///
    /// What nobody can see is taken out of text (see [`text`](super::text)); `payer_name` and `payer_address` are normalised as well
    /// ([`normalise`](super::text::normalise)). `reference_id` and the names in `metadata` must come back from PaySG as they went there: in
    /// them it is refused (`invisible_character`), as are spaces at the ends of a reference (`format`). References that look the same
    /// would otherwise be two payments. An optional field that is null or blank counts as absent, as forms send it. Control characters, and
    /// text damaged by half a surrogate pair, are refused everywhere.
    ///
    /// # Errors
    /// Every bad field at once (100 at most), known fields first, in the order of the struct: `required`, `type`, `empty`, `too_long`, `too_small`,
    /// `too_large`, `not_an_integer`, `format`, `too_many`, `control_character`, `invisible_character`, `malformed_text`, `duplicate`; `reserved` for
    /// `return_url`; `unknown_field` for the rest. Parts of fields are named `metadata.KEY` and `line_items[0].description`.
    pub fn read(object: &Json, limits: &Limits) -> Result<Self, Vec<FieldError>> {
        Self::read_beside(object, limits, &[])
    }

    /// Like [`CreatePayment::read`], for an object that holds further fields which the caller reads itself.
    ///
    /// # Errors
    /// As [`CreatePayment::read`], except that `others` are not unknown.
    pub fn read_beside(
        object: &Json,
        limits: &Limits,
        others: &[&str],
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Errors(Vec::new());
        let Some(mut fields) = Fields::of(object, String::new(), &mut errors) else {
            return Err(vec![FieldError::new("order", Rule::Type)]);
        };
        let reference_id = fields.text("reference_id", Presence::Required, MAX_TEXT, Style::Exact);
        let payer_name = fields.text("payer_name", Presence::Required, MAX_TEXT, Style::Pasted);
        let description = fields.text(
            "description",
            Presence::Required,
            MAX_DESCRIPTION,
            Style::OneLine,
        );
        let amount_in_cents = fields.amount(
            "amount_in_cents",
            limits.min_amount_in_cents,
            limits.max_amount_in_cents,
        );
        let payer_address =
            fields.text("payer_address", Presence::Optional, MAX_TEXT, Style::Pasted);
        let payer_identifier = fields.text(
            "payer_identifier",
            Presence::Optional,
            u64::from(limits.max_identifier),
            Style::OneLine,
        );
        let payer_email = fields.text("payer_email", Presence::Optional, MAX_TEXT, Style::OneLine);
        let payer_email = fields.of_form("payer_email", payer_email, is_email);
        let due_date = fields.text("due_date", Presence::Optional, MAX_TEXT, Style::OneLine);
        let due_date = fields.of_form("due_date", due_date, is_due_date);
        let metadata = fields.metadata();
        let line_items = fields.line_items();
        fields.refuse_others(others);

        match (reference_id, payer_name, description, amount_in_cents) {
            (Some(reference_id), Some(payer_name), Some(description), Some(amount_in_cents))
                if errors.0.is_empty() =>
            {
                Ok(Self {
                    reference_id,
                    payer_name,
                    description,
                    amount_in_cents,
                    payer_address,
                    payer_identifier,
                    payer_email,
                    due_date,
                    metadata,
                    line_items,
                })
            }
            _ => Err(errors.0),
        }
    }

    /// The body of PaySG's create request, fields in a fixed order.
    ///
    /// `metadata` is always there, `{}` at least: PaySG was found to require it `[plumber]`. Absent options are left out.
    #[must_use]
    pub fn to_body(&self, return_url: &str) -> String {
        let mut body = self.to_object(&self.metadata);
        body.str("return_url", return_url);
        body.finish()
    }

    /// The parameters in one fixed spelling, for a digest that tells whether an order has changed.
    ///
    /// What a payer is asked to pay, is shown or is sent makes another order. `metadata` does not: only the agency sees it, and a time or a trace
    /// in it must not cancel a link at every press. `return_url` does not either: moving the edge to another address must not make every open
    /// order a changed one.
    #[must_use]
    pub fn digest_input(&self) -> String {
        self.to_object(&[]).finish()
    }

    fn to_object(&self, metadata: &[(String, String)]) -> ObjectWriter {
        let mut body = ObjectWriter::new();
        body.str("reference_id", &self.reference_id)
            .str("payer_name", &self.payer_name)
            .str("description", &self.description)
            .number("amount_in_cents", self.amount_in_cents.get());
        let options = [
            ("payer_address", &self.payer_address),
            ("payer_identifier", &self.payer_identifier),
            ("payer_email", &self.payer_email),
            ("due_date", &self.due_date),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                body.str(name, value);
            }
        }
        let mut entries = ObjectWriter::new();
        for (key, value) in metadata {
            entries.str(key, value);
        }
        body.raw("metadata", &entries.finish());
        if !self.line_items.is_empty() {
            let lines: Vec<String> = self.line_items.iter().map(LineItem::to_json).collect();
            body.raw("line_items", &format!("[{}]", lines.join(",")));
        }
        body
    }
}

impl LineItem {
    fn to_json(&self) -> String {
        let mut line = ObjectWriter::new();
        line.str("description", &self.description)
            .number("amount_in_cents", self.amount_in_cents.get());
        line.finish()
    }
}

impl fmt::Debug for CreatePayment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatePayment")
            .field("amount_in_cents", &self.amount_in_cents)
            .finish_non_exhaustive()
    }
}
