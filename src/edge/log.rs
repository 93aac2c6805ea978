//! The only log line there is. It is made of numbers and of our own words, so that there is nothing in it to redact.

use super::route::Route;
use crate::paysg::json::ObjectWriter;
use crate::paysg::time::format_iso_ms;

/// One request.
pub(super) struct Line<'a> {
    pub at_ms: i64,
    pub request_id: &'a str,
    pub route: Route,
    pub status: u16,
    pub code: Option<&'static str>,
    pub took_ms: i64,
}

impl Line<'_> {
    pub(super) fn to_json(&self) -> String {
        let mut line = ObjectWriter::new();
        line.str("at", &format_iso_ms(self.at_ms))
            .str("request_id", self.request_id)
            .str("route", self.route.as_str())
            .number("status", u64::from(self.status));
        if let Some(code) = self.code {
            line.str("code", code);
        }
        line.number("ms", u64::try_from(self.took_ms).unwrap_or_default());
        line.finish()
    }
}
