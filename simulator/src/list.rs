//! The list of payments: newest first, page by page, with opaque cursors.

use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::state::State;

/// The guide gives no default and no maximum; these are this simulator's.
const DEFAULT_LIMIT: usize = 10;
const MAXIMUM_LIMIT: usize = 100;

/// The query of a list call.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    limit: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

type Place = (Timestamp, String);

fn cursor(place: &Place) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", place.0.0, place.1))
}

fn place(cursor: &str) -> Result<Place, ApiError> {
    let read = || -> Option<Place> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (ms, id) = text.split_once(' ')?;
        Some((Timestamp(ms.parse().ok()?), id.to_owned()))
    };
    read().ok_or_else(|| {
        ApiError::bad_request(
            "invalid_cursor",
            "before and after must be cursors of an earlier page",
        )
    })
}

/// One page of a service's payments.
///
/// # Errors
/// 400 `invalid_limit`, `invalid_cursor`, or `invalid_query` where both `before` and `after` are given.
pub(crate) fn page(state: &State, service: &str, query: &PageQuery) -> Result<Answer, ApiError> {
    let limit = match &query.limit {
        None => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAXIMUM_LIMIT).contains(limit))
            .ok_or_else(|| {
                ApiError::bad_request(
                    "invalid_limit",
                    format!("limit must be from 1 to {MAXIMUM_LIMIT}"),
                )
            })?,
    };
    let nothing = std::collections::BTreeSet::new();
    let order = state.order_of(service).unwrap_or(&nothing);
    let places: Vec<&Place> = match (&query.after, &query.before) {
        (Some(_), Some(_)) => {
            return Err(ApiError::bad_request(
                "invalid_query",
                "Only one of before and after may be given",
            ));
        }
        (None, None) => order.iter().rev().take(limit).collect(),
        (Some(after), None) => order.range(..place(after)?).rev().take(limit).collect(),
        (None, Some(before)) => {
            let newer = (Bound::Excluded(place(before)?), Bound::Unbounded);
            let mut places: Vec<&Place> = order.range(newer).take(limit).collect();
            places.reverse();
            places
        }
    };
    let newer_exists = |place: &Place| {
        order
            .range((Bound::Excluded(place), Bound::Unbounded))
            .next()
            .is_some()
    };
    let older_exists = |place: &Place| order.range(..place).next().is_some();
    let data: Vec<_> = places
        .iter()
        .filter_map(|(_, id)| state.payment(id))
        .map(crate::payment::Record::shown)
        .collect();
    let (first, last) = (places.first(), places.last());
    #[derive(serde::Serialize)]
    struct Page<'a> {
        data: Vec<crate::payment::Shown<'a>>,
        page_info: serde_json::Value,
    }
    let page_info = json!({
        "start_cursor": first.map(|place| cursor(place)),
        "end_cursor": last.map(|place| cursor(place)),
        "has_previous_page": first.is_some_and(|place| newer_exists(place)),
        "has_next_page": last.is_some_and(|place| older_exists(place)),
    });
    Ok(Answer::json(200, &Page { data, page_info }))
}
