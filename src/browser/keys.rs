//! The idempotency key of each order, where a reload finds it again.
//!
//! An order holds the payer's data, and a payment id opens the payment page, so neither is stored: only a random key, under a
//! fingerprint of its order, and that fingerprint, under one of the payment that came of it. All of it ends with the tab.
//!
//! The fingerprint is 64-bit FNV-1a, rather than SHA-256 by `crypto.subtle`: it only has to tell one order from another in one tab.
//! A collision would do no harm, as a proxy derives an intent from the whole order and not from the key alone. Nothing
//! can be read out of it: orders are far longer, so that countless ones share each value. And it is synchronous: the key
//! is stored before anything is sent.

use std::cell::Cell;

use wasm_bindgen::prelude::*;

use super::error::{Kind, error_with};
use super::page::{get_item, random_uuid, remove_item, set_item};

/// What every name in `sessionStorage` begins with.
const PREFIX: &str = "paysg-wasm:";

thread_local! {
    /// The latest name and key, for a browser that forbids storage: there a key survives everything but a reload.
    static LATEST: Cell<Option<(String, String)>> = const { Cell::new(None) };
}

/// The key for this order: the one that it already has, or a new one, stored before it is used.
pub(super) fn key_for(order: &str) -> Result<String, JsValue> {
    let name = name_of(order);
    let latest = LATEST.take().filter(|(latest, _)| *latest == name);
    let key = match (get_item(&name), latest) {
        (Ok(Some(key)), _) => key,
        (Err(_), Some((_, key))) => key,
        _ => random_uuid().map_err(|cause| {
            error_with(
                Kind::InsecurePage,
                "Payments need a page that was loaded over https.",
                cause,
            )
        })?,
    };
    let _ = set_item(&name, &key);
    LATEST.set(Some((name, key.clone())));
    Ok(key)
}

/// Notes which payment came of an order.
pub(super) fn name_payment(order: &str, payment_id: &str) {
    let _ = set_item(&name_of(payment_id), &name_of(order));
}

/// Drops the key of a payment that is settled: the next order, even an equal one, is a new intent.
pub(super) fn forget(payment_id: &str) {
    let payment = name_of(payment_id);
    if let Ok(Some(order)) = get_item(&payment) {
        let _ = remove_item(&order);
        let _ = remove_item(&payment);
    }
    LATEST.set(None);
}

/// The prefix, and the fingerprint in sixteen letters from a to p.
fn name_of(text: &str) -> String {
    // FNV-1a's published offset and prime.
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut name = String::from(PREFIX);
    for _ in 0..16 {
        name.push(char::from(b'a'.wrapping_add((hash & 15) as u8)));
        hash >>= 4;
    }
    name
}
