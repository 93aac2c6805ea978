//! Input: `0`, stored rows and the schedule, as the host reads them from its storage; or `1` and transitions as JSON, a line each, to be recorded.

use paysg_wasm::edge::object;
use paysg_wasm::ledger::{Ledger, Row, Transition};
use paysg_wasm::paysg::PaymentServiceId;

use super::{NOW_MS, SERVICE, parts, text};

pub fn check(data: &[u8]) {
    match data.split_first() {
        Some((b'0', rest)) => {
            let [rows, schedule] = parts(rest);
            let (rows, schedule) = (text(rows), text(schedule));
            if let Ok(Some(ledger)) = object::load(&rows, &schedule) {
                let rows: Vec<Row> = serde_json::from_str(&rows).expect("they were read");
                check_loaded(
                    &rows,
                    &ledger,
                    &serde_json::to_string(&ledger.schedule).expect("JSON"),
                );
            }
        }
        Some((b'1', rest)) => check_recorded(rest),
        _ => {}
    }
}

/// Whatever could be recorded replays to what it was, and what was paid stays paid.
fn check_recorded(data: &[u8]) {
    let service = PaymentServiceId::parse(SERVICE).expect("an id");
    let mut ledger = Ledger::new(service, "INV-001".to_owned());
    let mut rows = Vec::new();
    for (line, second) in data.split(|byte| *byte == b'\n').zip(0..) {
        let Ok(transition) = serde_json::from_slice::<Transition>(line) else {
            continue;
        };
        let before = ledger.clone();
        if ledger.record(NOW_MS + second * 1000, transition).is_err() {
            assert_eq!(ledger, before, "an illegal transition leaves no trace");
            continue;
        }
        rows.extend(ledger.take_unsaved());
        if let Some(paid) = before.intent.paid() {
            let still = ledger.intent.paid().expect("paid never goes back");
            assert_eq!(
                (still.number, &still.payment_id),
                (paid.number, &paid.payment_id)
            );
        }
    }
    if !rows.is_empty() {
        let schedule = serde_json::to_string(&ledger.schedule).expect("JSON");
        check_loaded(&rows, &ledger, &schedule);
    }
}

/// These rows and no others: each byte of the chain is held by it.
fn check_loaded(rows: &[Row], ledger: &Ledger, schedule: &str) {
    let stored = |rows: &[Row]| serde_json::to_string(rows).expect("JSON");
    assert_eq!(
        object::load(&stored(rows), schedule).as_ref(),
        Ok(&Some(ledger.clone()))
    );
    // The host holds the ledger as JSON between two steps.
    let held = serde_json::to_string(ledger).expect("JSON");
    assert_eq!(
        &serde_json::from_str::<Ledger>(&held).expect("JSON"),
        ledger
    );
    let refused = |rows: &[Row], what: &str| {
        assert!(object::load(&stored(rows), schedule).is_err(), "{what}");
    };
    for at in 0..rows.len() {
        let mut altered = rows.to_vec();
        altered[at].at_ms ^= 1;
        refused(&altered, "another time");
        let mut altered = rows.to_vec();
        altered[at].entry.push(' ');
        refused(&altered, "another entry");
        let mut altered = rows.to_vec();
        altered[at].number = altered[at].number.wrapping_add(1);
        refused(&altered, "another number");
        let mut altered = rows.to_vec();
        altered.remove(at);
        // The end may be missing: that is what a crash before the write leaves.
        if at + 1 < rows.len() {
            refused(&altered, "a row missing");
        }
        let mut altered = rows.to_vec();
        altered.insert(at, rows[at].clone());
        refused(&altered, "a row twice");
    }
}
