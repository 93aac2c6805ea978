//! What is sold at fixed prices, for e-services without a server.

use crate::ledger::Digest;
use crate::paysg::create::MAX_DESCRIPTION;
use crate::paysg::{Cents, FieldError, Json, Limits, Rule, json, text};

/// One item.
#[derive(Clone, Debug)]
struct Item {
    name: String,
    description: String,
    amount: Cents,
    max_quantity: u32,
}

impl Item {
    fn read(name: &str, item: &Json) -> Result<Self, &'static str> {
        let limits = Limits::default();
        let number = |field| item.get(field)?.as_number();
        let description = item
            .get("description")
            .and_then(Json::as_str)
            .filter(|text| !text::trim(text).is_empty() && text::len(text) <= MAX_DESCRIPTION)
            .ok_or("must give each item a description of 1 to 500 characters")?;
        let amount = number("amount_in_cents")
            .and_then(|token| Cents::from_token(token).ok())
            .filter(|cents| {
                (limits.min_amount_in_cents..=limits.max_amount_in_cents).contains(&cents.get())
            })
            .ok_or("must give each item an amount_in_cents, a whole number from 1 to 20000000")?;
        let max_quantity = match item.get("max_quantity") {
            None => 1,
            Some(_) => number("max_quantity")
                .and_then(|token| token.parse().ok())
                .filter(|max| *max >= 1)
                .ok_or("must have a whole number from 1 wherever there is a max_quantity")?,
        };
        Ok(Self {
            name: name.to_owned(),
            description: description.to_owned(),
            amount,
            max_quantity,
        })
    }
}

/// The items.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(Vec<Item>);

/// What a reference of a catalogue order begins with; signed orders may not.
pub const REFERENCE_PREFIX: &str = "cat-";
/// The field by which a page gives its plain form a key, as scripts do by `Idempotency-Key`.
pub const KEY_FIELD: &str = "idempotency_key";

/// The fields of an order that the payer fills in.
const PAYER_FIELDS: [&str; 4] = [
    "payer_name",
    "payer_email",
    "payer_identifier",
    "payer_address",
];

/// What a form may not say: the price, the reference and what is shown for them are not the browser's.
const RESERVED_FIELDS: [&str; 7] = [
    "amount_in_cents",
    "reference_id",
    "description",
    "return_url",
    "metadata",
    "line_items",
    "due_date",
];

/// Whether a form's field says something of the order. What begins as the payer's fields do is one of them misspelt.
#[must_use]
pub fn is_of_order(name: &str) -> bool {
    matches!(
        name,
        "order" | "item" | "quantity" | "payment_service_id" | KEY_FIELD
    ) || name.starts_with("payer_")
        || RESERVED_FIELDS.contains(&name)
}

impl Catalogue {
    /// Reads `{item: {description, amount_in_cents, max_quantity?}}`; `max_quantity` is 1 where it is left out.
    ///
    /// # Errors
    /// The rule that is broken, and the number of the item that breaks it. What would be refused with every order is refused here, where the
    /// one who can mend it sees it.
    pub fn read(text: &str) -> Result<Self, (&'static str, Option<usize>)> {
        let parsed = json::parse(text.as_bytes()).ok();
        let items = parsed.as_ref().and_then(Json::as_object).ok_or((
            "must be JSON, each name once: {item: {description, amount_in_cents, max_quantity?}}",
            None,
        ))?;
        let items = items.iter().zip(1..).map(|((name, item), number)| {
            Item::read(name, item).map_err(|rule| (rule, Some(number)))
        });
        items.collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Whether nothing is sold.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads an order, `{item, quantity?, payer_…}`, and prices it.
    ///
    /// # Errors
    /// Every bad field that is the catalogue's to check; the payer's own are checked with the parameters.
    pub fn order(&self, form: &Json) -> Result<CatalogueOrder, Vec<FieldError>> {
        let mut errors = Vec::new();
        let entries = form.as_object().unwrap_or_default();
        for (name, _) in entries {
            let known = matches!(&**name, "item" | "quantity" | KEY_FIELD)
                || PAYER_FIELDS.contains(&name.as_str());
            if !known {
                let rule = if RESERVED_FIELDS.contains(&name.as_str()) {
                    Rule::Reserved
                } else {
                    Rule::UnknownField
                };
                errors.push(FieldError::new(name.as_str(), rule));
            }
        }
        let repeated = |name: &str| entries.iter().filter(|(key, _)| key == name).count() > 1;
        for name in ["item", "quantity", KEY_FIELD] {
            if repeated(name) {
                errors.push(FieldError::new(name, Rule::Duplicate));
            }
        }
        let item = match form.get("item") {
            Some(Json::String(name)) => {
                let name = text::trim(name);
                let item = self.0.iter().find(|item| item.name == name);
                if item.is_none() {
                    errors.push(FieldError::new("item", Rule::NotInCatalogue));
                }
                item
            }
            Some(_) => {
                errors.push(FieldError::new("item", Rule::Type));
                None
            }
            None => {
                errors.push(FieldError::new("item", Rule::Required));
                None
            }
        };
        let quantity = quantity(form.get("quantity"), item, &mut errors);
        let (Some(item), Some(quantity)) = (item, quantity) else {
            return Err(errors);
        };
        let total = item
            .amount
            .get()
            .checked_mul(u64::from(quantity))
            .and_then(Cents::new);
        let Some(total) = total else {
            errors.push(FieldError::new("quantity", Rule::TooLarge));
            return Err(errors);
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(CatalogueOrder::new(entries, item, quantity, total))
    }
}

fn quantity(
    given: Option<&Json>,
    item: Option<&Item>,
    errors: &mut Vec<FieldError>,
) -> Option<u32> {
    let token = match given {
        None => return Some(1),
        Some(Json::Number(token)) => token.clone(),
        // A form has nothing but text, as a payer has typed it.
        Some(Json::String(text)) => text::normalise(text),
        Some(_) => {
            errors.push(FieldError::new("quantity", Rule::Type));
            return None;
        }
    };
    if token.is_empty() {
        return Some(1);
    }
    let limit = item.map_or(u32::MAX, |item| item.max_quantity);
    let error = match Cents::from_token(&token).map(Cents::get) {
        Err(rule) => FieldError::new("quantity", rule),
        Ok(0) => FieldError::with_limit("quantity", Rule::TooSmall, 1),
        Ok(number) => match u32::try_from(number).ok().filter(|number| *number <= limit) {
            Some(number) => return Some(number),
            None => FieldError::with_limit("quantity", Rule::TooLarge, u64::from(limit)),
        },
    };
    errors.push(error);
    None
}

fn normalised(value: &Json) -> Json {
    match value {
        Json::String(given) => Json::String(text::normalise(given)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            value.clone()
        }
    }
}

/// An order of the catalogue: an item, a quantity, and what the payer gave.
#[derive(Clone, Debug)]
pub struct CatalogueOrder {
    item: String,
    quantity: u32,
    description: String,
    total: Cents,
    payer: Vec<(String, Json)>,
}

impl CatalogueOrder {
    fn new(entries: &[(String, Json)], item: &Item, quantity: u32, total: Cents) -> Self {
        // In one order, whatever the page's: a script and a plain form may send the same fields differently.
        let payer = PAYER_FIELDS.iter().flat_map(|field| {
            let given = entries.iter().filter(move |(name, _)| name == field);
            // As it is sent to PaySG: what looks the same is the same order.
            given.map(|(name, value)| (name.clone(), normalised(value)))
        });
        Self {
            item: item.name.clone(),
            quantity,
            description: if quantity == 1 {
                item.description.clone()
            } else {
                format!("{} x {quantity}", item.description)
            },
            total,
            payer: payer.collect(),
        }
    }

    /// The digest of item, quantity and payer, by which a browser's equal orders are one.
    #[must_use]
    pub fn digest(&self) -> String {
        self.digest_of(b"catalogue order", "", 24)
    }

    /// The reference: a function of a key and the order, so that the same press of a button is the same intent.
    #[must_use]
    pub fn reference(&self, key: &str) -> String {
        let digits = self.digest_of(b"catalogue", key, 32);
        format!("{REFERENCE_PREFIX}{digits}")
    }

    fn digest_of(&self, purpose: &[u8], key: &str, digits: usize) -> String {
        let mut payer = String::new();
        // A field that was left empty is none.
        let filled = |(_, value): &&(String, Json)| value.as_str() != Some("");
        for (name, value) in self.payer.iter().filter(filled) {
            payer.push_str(name);
            payer.push('=');
            value.write(&mut payer);
            payer.push('\n');
        }
        let digest = Digest::of(&[
            purpose,
            key.as_bytes(),
            self.item.as_bytes(),
            self.quantity.to_string().as_bytes(),
            payer.as_bytes(),
        ]);
        digest.as_str().get(..digits).unwrap_or_default().to_owned()
    }

    /// PaySG's create parameters.
    #[must_use]
    pub fn into_parameters(self, reference_id: String) -> Json {
        let mut fields = self.payer;
        let mut set = |name: &str, value: Json| fields.push((name.to_owned(), value));
        set("reference_id", Json::String(reference_id));
        set("description", Json::String(self.description));
        set(
            "amount_in_cents",
            Json::Number(self.total.get().to_string()),
        );
        Json::Object(fields)
    }
}
