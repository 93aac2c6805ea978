//! The idempotency key of each order, where a reload finds it again.

use std::cell::RefCell;

use wasm_bindgen::prelude::*;
use web_sys::Storage;

use super::key_book;
use super::window;

/// The only name that is used in `sessionStorage`, which ends with the tab.
const ITEM: &str = "paysg-wasm:keys";

thread_local! {
    /// The book, for a browser that forbids storage: then a key survives everything but a reload.
    static BOOK: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The key for this order: the one that it already has, or a new one, stored before it is used.
pub(super) fn key_for(order: &str) -> Result<String, JsValue> {
    let book = read();
    if let Some(key) = key_book::find(&book, order) {
        return Ok(key.into());
    }
    let mut random = [0; 16];
    window()?
        .crypto()?
        .get_random_values_with_u8_array(&mut random)?;
    let key = key_book::uuid(random);
    write(key_book::add(&book, &key, order));
    Ok(key)
}

/// Notes which payment came of a key.
pub(super) fn name_payment(key: &str, payment_id: &str) {
    write(key_book::name_payment(&read(), key, payment_id));
}

/// Drops the key of a payment that is settled: the next order, even an equal one, is a new intent.
pub(super) fn forget(payment_id: &str) {
    write(key_book::forget(&read(), payment_id));
}

fn read() -> String {
    storage()
        .and_then(|storage| storage.get_item(ITEM).ok().flatten())
        .unwrap_or_else(|| BOOK.with_borrow(Clone::clone))
}

fn write(book: String) {
    if let Some(storage) = storage() {
        let _ = if book.is_empty() {
            storage.remove_item(ITEM)
        } else {
            storage.set_item(ITEM, &book)
        };
    }
    BOOK.set(book);
}

/// `None` where the browser's settings forbid it.
fn storage() -> Option<Storage> {
    window().ok()?.session_storage().ok().flatten()
}
