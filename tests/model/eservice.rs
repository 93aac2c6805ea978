//! The e-service: it acts once for each key, may be down, and may act and yet not get its answer through.

use std::collections::BTreeMap;

use crate::dice::Dice;

#[derive(Default)]
pub(crate) struct EService {
    /// Key, and the payment and status that it stands for.
    pub(crate) effects: BTreeMap<String, (String, String)>,
    pub(crate) calls: u64,
    /// It answers 503 until then.
    pub(crate) down_until_ms: i64,
    /// Whether it refuses to hear of cancellations.
    pub(crate) refuses_cancellations: bool,
    pub(crate) refusals: u64,
}

impl EService {
    /// Takes a call; `None`: no answer.
    pub(crate) fn call(
        &mut self,
        key: &str,
        body: &str,
        now_ms: i64,
        dice: Option<&mut Dice>,
    ) -> Option<u16> {
        self.calls += 1;
        if now_ms < self.down_until_ms {
            return Some(503);
        }
        if self.refuses_cancellations && key.ends_with("-cancelled") {
            self.refusals += 1;
            return Some(422);
        }
        let json: serde_json::Value = serde_json::from_str(body).expect("a telling is JSON");
        let payment = &json["payment"];
        let status = payment["status"].as_str().expect("a status");
        // Of a refund the payment's own status says nothing new.
        let refund = json["refund"]["status"].as_str();
        let told = (
            payment["id"].as_str().expect("an id").to_owned(),
            refund.map_or_else(|| status.to_owned(), |refund| format!("refund {refund}")),
        );
        if let Some(dice) = dice {
            match dice.below(8) {
                0 => return None,
                1 => return Some(503),
                2 => {
                    self.act(key, told);
                    return None;
                }
                _ => {}
            }
        }
        self.act(key, told);
        Some(200)
    }

    fn act(&mut self, key: &str, told: (String, String)) {
        let before = self.effects.insert(key.to_owned(), told.clone());
        assert!(
            before.is_none_or(|before| before == told),
            "one key, two meanings"
        );
    }
}
