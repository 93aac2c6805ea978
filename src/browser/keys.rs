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
use web_sys::Storage;

use super::error::{Kind, error_with};
use super::window::{random_uuid, window};

/// What every name in `sessionStorage` begins with.
const PREFIX: &str = "paysg-wasm:";
/// What the keys begin with that are drawn here. The proxy's cookie prevails over them, so that equal orders of two tabs are one.
const TAB_KEY_PREFIX: &str = "tab-";

/// A stored text, as this page knows it.
struct Item {
    name: String,
    value: String,
    /// Whether the storage took it: then the storage says whether it is still there.
    stored: bool,
}

thread_local! {
    /// For a browser that forbids storage, and for storage that is full: there a key survives everything but a reload.
    static ITEMS: Cell<Vec<Item>> = const { Cell::new(Vec::new()) };
}

/// The tab's storage. A browser that forbids it throws already when it is named.
fn storage() -> Result<Storage, JsValue> {
    window()?.session_storage()?.ok_or(JsValue::NULL)
}

fn stored(name: &str) -> Result<Option<String>, JsValue> {
    storage()?.get_item(name)
}

/// The key for this order: the one that it already has, or a new one, stored before it is used.
pub(super) fn key_for(order: &str) -> Result<String, JsValue> {
    let name = name_of(order);
    let key = match read(&name) {
        Some(key) => key,
        None => {
            let uuid = random_uuid().map_err(|cause| {
                error_with(
                    Kind::InsecurePage,
                    "Payments need a page that was loaded over https.",
                    cause,
                )
            })?;
            [TAB_KEY_PREFIX, &uuid].concat()
        }
    };
    keep(name, key.clone());
    Ok(key)
}

/// Notes which payment came of an order.
pub(super) fn name_payment(order: &str, payment_id: &str) {
    keep(name_of(payment_id), name_of(order));
}

/// Drops the key of a payment that is settled: the next order, even an equal one, is a new intent.
pub(super) fn forget(payment_id: &str) {
    let payment = name_of(payment_id);
    if let Some(order) = read(&payment) {
        drop_item(&order);
        drop_item(&payment);
    }
}

/// Drops everything that this tab knows of payments.
pub(super) fn forget_all() {
    ITEMS.set(Vec::new());
    let Ok(storage) = storage() else {
        return;
    };
    let count = storage.length().unwrap_or_default();
    let names = (0..count).filter_map(|at| storage.key(at).ok()?);
    let ours = names.filter(|name| name.starts_with(PREFIX));
    for name in ours.collect::<Vec<_>>() {
        let _ = storage.remove_item(&name);
    }
}

/// Whether this key was stored for the order and is not any more: another page of the tab has seen its payment settled.
pub(super) fn is_gone(order: &str, key: &str) -> bool {
    let name = name_of(order);
    let items = ITEMS.take();
    let was_stored = items
        .iter()
        .any(|item| item.stored && item.name == name && item.value == key);
    ITEMS.set(items);
    was_stored && matches!(stored(&name), Ok(found) if found.as_deref() != Some(key))
}

/// What the storage did not take is ours alone. What it took and no longer has, another page of this tab has dropped: after the back
/// button this one must not bring it back.
fn read(name: &str) -> Option<String> {
    let found = stored(name);
    let items = ITEMS.take();
    let value = match items.iter().find(|item| item.name == name) {
        Some(item) if !item.stored || found.is_err() => Some(item.value.clone()),
        _ => found.ok().flatten(),
    };
    ITEMS.set(items);
    value
}

fn keep(name: String, value: String) {
    let stored = storage().is_ok_and(|storage| storage.set_item(&name, &value).is_ok());
    let mut items = ITEMS.take();
    items.retain(|item| item.name != name);
    items.push(Item {
        name,
        value,
        stored,
    });
    ITEMS.set(items);
}

fn drop_item(name: &str) {
    let _ = storage().and_then(|storage| storage.remove_item(name));
    let mut items = ITEMS.take();
    items.retain(|item| item.name != name);
    ITEMS.set(items);
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
