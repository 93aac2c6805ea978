//! A page of a payment service's payments.

use super::field::{ReadError, Rule};
use super::json::{self, Json};
use super::payment::{self, Payment};

/// The longest cursor that is kept, in bytes: it goes back into a URL.
const MAX_CURSOR_BYTES: usize = 1024;

/// One page of payments, newest first: by `created_at`, then by `id` in reverse alphabetical order `[guide/api-resources]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The payments that could be read, in PaySG's order.
    pub data: Vec<Payment>,
    /// Opaque; what [`ApiRequest::list`](super::ApiRequest::list) takes as `after` for the next page.
    pub end_cursor: Option<String>,
    /// Whether there is another page. True without a cursor means that the rest cannot be reached, not that there is none.
    pub has_next_page: bool,
    /// How many entries could not be read. Any of them may be the payment that is looked for: absence is proven only by a list with none.
    pub unreadable: usize,
}

impl Page {
    /// Reads the body of an answer: `{data:[…], page_info:{start_cursor,end_cursor,has_previous_page,has_next_page}}`.
    ///
    /// # Errors
    /// [`ReadError`] when the frame is not as expected: an end that is not stated must not pass for the end. A payment that cannot be
    /// read is counted, not an error.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let body = json::parse_keeping_duplicates(bytes)?;
        if body.as_object().is_none() {
            return Err(ReadError::new("body", Rule::Type));
        }
        let entries = payment::value(&body, "data")?
            .ok_or_else(|| ReadError::new("data", Rule::Required))?
            .as_array()
            .ok_or_else(|| ReadError::new("data", Rule::Type))?;
        let page_info = payment::value(&body, "page_info")?
            .ok_or_else(|| ReadError::new("page_info", Rule::Required))?;
        let end_cursor =
            payment::optional_text(page_info, "end_cursor")?.filter(|cursor| !cursor.is_empty());
        if end_cursor.is_some_and(|cursor| cursor.len() > MAX_CURSOR_BYTES) {
            return Err(ReadError::new("end_cursor", Rule::TooLong));
        }
        let has_next_page = payment::value(page_info, "has_next_page")?
            .ok_or_else(|| ReadError::new("has_next_page", Rule::Required))
            .and_then(|flag| {
                Json::as_bool(flag).ok_or_else(|| ReadError::new("has_next_page", Rule::Type))
            })?;
        let data: Vec<Payment> = entries
            .iter()
            .filter_map(|entry| Payment::from_json(entry).ok())
            .collect();
        let unreadable = entries.len().saturating_sub(data.len());
        Ok(Self {
            data,
            end_cursor: end_cursor.map(str::to_owned),
            has_next_page,
            unreadable,
        })
    }
}
