//! What holds at every moment, and what holds at the end.

use paysg_wasm::flow::desk::{Message, Reply};
use paysg_wasm::flow::upstream::Trouble;
use paysg_wasm::ledger::{Attempt, AttemptState, Flag, PaymentOrigin, TellStatus};
use paysg_wasm::paysg::{Json, PaymentId};

use crate::paysg::{Payment, RETURN_URL, State};
use crate::world::{HOUR_MS, MINUTE_MS, REFERENCE, World, id};

/// For so long a link that nobody reports on is looked after.
const WATCHED_MS: i64 = 29 * 24 * HOUR_MS;

impl World {
    pub(crate) fn state_of(&mut self, payment: &str) -> Option<AttemptState> {
        let attempt = self.intent()?.intent.attempt_of(&id(payment))?;
        Some(attempt.state)
    }

    fn is_paid(&mut self) -> bool {
        self.intent()
            .is_some_and(|ledger| ledger.intent.paid().is_some())
    }

    /// No link is cancelled before its time, unless another payment is paid; and none because it is asked for once more.
    pub(crate) fn check_cancellation(&mut self, asked: &Message, path: &str) {
        let payment = path.rsplit('/').nth(1).expect("a payment");
        let asked_for = self.paysg.find(payment).expect("a payment").asked_for;
        match asked {
            Message::Wake if self.is_paid() => {
                self.seen.note("cancelled for another that is paid");
            }
            Message::Wake => {
                self.seen.note("cancelled for its age");
                let deadline_ms = self.deadline_ms(payment);
                assert!(
                    deadline_ms.is_some_and(|at_ms| self.now_ms >= at_ms),
                    "{payment} is cancelled before {deadline_ms:?}"
                );
            }
            Message::Pay { .. } => {
                self.seen.note("cancelled for a changed order");
                let attempt = self.intent().and_then(|ledger| {
                    let attempt = ledger.intent.attempt_of(&id(payment))?;
                    Some(attempt.origin)
                });
                assert!(
                    !self.one_order || !asked_for || attempt == Some(PaymentOrigin::Adopted),
                    "{payment} is cancelled because it is asked for once more"
                );
            }
            Message::Inquire { .. }
            | Message::Hint { .. }
            | Message::Cancel { .. }
            | Message::Refund { .. }
            | Message::SendEmail { .. }
            | Message::TellAgain { .. }
            | Message::Reconcile
            | Message::Adopt { .. }
            | Message::AbandonAttempt { .. }
            | Message::Acknowledge { .. }
            | Message::Erase { .. }
            | Message::OperatorCommand { .. }
            | Message::Read => {
                self.seen.note("cancelled by command");
                assert!(self.cancelled_by_command.contains(payment));
            }
        }
    }

    /// When a link is to be cancelled: that long after it came to be known, or after an earlier one of which that was still to come.
    fn deadline_ms(&self, payment: &str) -> Option<i64> {
        let limit_ms = i64::from(self.cancel_after_secs?) * 1000;
        let (opened_ms, _) = self.opened_ms.get(payment)?;
        let ordered = self.opened_ms.values().filter(|(_, ordered)| *ordered);
        let deadlines = ordered.map(|(at_ms, _)| at_ms + limit_ms);
        deadlines.filter(|at_ms| at_ms > opened_ms).min()
    }

    /// Nobody is told of a payment that PaySG does not hold paid.
    pub(crate) fn check_telling(&mut self, body: &str) {
        let json = paysg_wasm::paysg::json::parse(body.as_bytes()).unwrap();
        let payment = json.get("payment").unwrap();
        let text = |name: &str| payment.get(name).and_then(Json::as_str).unwrap().to_owned();
        let named = text("id");
        let held = self.paysg.find(&named).expect("a payment of PaySG's");
        assert_eq!(held.reference, REFERENCE, "another order's payment is told");
        match &*text("status") {
            "paid" => assert!(held.is_paid(), "an unpaid payment is told as paid"),
            // By command or on PaySG's dashboard. The e-service knows the payment, or is told that another one counts.
            "refunded" => {
                assert_eq!(held.state, State::Refunded, "told, and not given back");
                let other = json.get("overpayment_of").and_then(Json::as_str);
                assert!(
                    self.eservice.effects.contains_key(&named)
                        || other.is_some_and(|other| other != named),
                    "a payment that the e-service never heard of"
                );
            }
            // By transfer it may have been paid since.
            "cancelled" => assert!(
                held.cancelled_ms.is_some()
                    && (self.cancel_after_secs.is_some()
                        || self.cancelled_by_command.contains(&named)),
                "told as cancelled, and PaySG says otherwise"
            ),
            other => panic!("nothing of this was asked through the edge: {other}"),
        }
    }

    /// A payment of ours that PaySG has is never said to be unknown, unless PaySG itself says so again and again; and no event about one that is
    /// paid is acknowledged as another system's.
    pub(crate) fn check_reply(&mut self, asked: &Message, reply: &Reply) {
        let ours =
            |payment: &Payment| payment.reference == REFERENCE && payment.return_url == RETURN_URL;
        match (asked, reply) {
            (Message::Pay { .. }, Reply::Failed(Trouble::UnknownPayment)) => {
                let denied = self.paysg.denials.keys();
                assert!(
                    denied
                        .clone()
                        .any(|id| self.paysg.denied_again_and_again(id)),
                    "a payer who presses reads that there is no payment"
                );
            }
            (Message::Inquire { payment_id, .. }, Reply::Failed(Trouble::UnknownPayment)) => {
                let held = self.paysg.find(payment_id.as_str());
                let held = held.cloned().filter(ours);
                assert!(
                    held.is_none_or(|held| self.paysg.denied_again_and_again(&held.id)),
                    "{payment_id} is said to be unknown"
                );
            }
            (Message::Hint { payment_id }, Reply::Noted | Reply::NotOurs) => {
                let held = self.paysg.find(payment_id.as_str());
                if held.is_some_and(|held| ours(held) && held.state == State::Paid) {
                    assert!(
                        matches!(reply, Reply::Noted),
                        "the event of {payment_id} is taken for another system's"
                    );
                    self.due.insert(payment_id.as_str().to_owned());
                    self.seen.note("an event that is due");
                }
            }
            _ => {}
        }
    }

    /// What holds at every moment.
    pub(crate) fn check(&mut self) {
        self.paysg.arrive(self.now_ms);
        self.intent();
        if self.checked == (self.rows.len(), self.paysg.changes) {
            return;
        }
        let Some(ledger) = self.intent().cloned() else {
            return;
        };
        let intent = &ledger.intent;
        // Links that are known, or of our own making, and can be paid: one, unless flagged. Where a stranger's payment was taken for one whose
        // answer was lost, that one is known once the intent is paid.
        let known = |payment: &Payment| intent.attempt_of(&id(&payment.id)).is_some();
        let mut attempts = intent.attempts.iter();
        let mistaken = attempts.any(|attempt| attempt.origin == PaymentOrigin::Found);
        let payments = self.paysg.payments.iter();
        let links: Vec<&str> = payments
            .filter(|payment| payment.state == State::Unpaid)
            .filter(|payment| known(payment) || (ours(payment) && !mistaken))
            .map(|payment| &*payment.id)
            .collect();
        let is_flagged = |flag, payment: &str| intent.is_flagged(flag, Some(&id(payment)));
        let unflagged = links.iter().filter(|id| !is_flagged(Flag::Duplicate, id));
        assert!(
            unflagged.count() <= 1,
            "several links and no flag: {links:?} {intent:#?}"
        );
        if links.len() > 1 {
            self.seen.note("two links at once");
        }
        let paid_tellings = intent
            .tellings
            .iter()
            .filter(|telling| telling.status == TellStatus::Paid)
            .count();
        assert!(
            paid_tellings <= 1,
            "one intent told as paid under several keys"
        );
        let told = intent.paid().and_then(|attempt| attempt.payment_id.clone());
        for attempt in &intent.attempts {
            let Some(payment_id) = &attempt.payment_id else {
                continue;
            };
            let held = self
                .paysg
                .find(payment_id.as_str())
                .expect("a payment of PaySG's");
            if attempt.state.was_paid() {
                self.paid_once.insert(payment_id.as_str().to_owned());
                assert!(held.is_paid(), "paid, and PaySG says otherwise");
                assert!(
                    Some(payment_id) == told.as_ref()
                        || attempt.state == AttemptState::Refunded
                        || intent.is_flagged(Flag::Surplus, Some(payment_id)),
                    "a second payment, and no flag"
                );
            } else {
                assert!(
                    !self.paid_once.contains(payment_id.as_str()),
                    "paid went back"
                );
            }
        }
        for raised in &intent.flags {
            let (flag, about) = (raised.flag, raised.payment_id.as_ref());
            match flag {
                Flag::Duplicate => self.seen.note("a second payment that can be paid"),
                Flag::Surplus => self.seen.note("a second payment that is paid"),
                Flag::Mismatch
                | Flag::SearchTooLong
                | Flag::WentBack
                | Flag::Vanished
                | Flag::RefundFailed
                | Flag::RefundStatusUnknown => {}
            }
            assert_ne!(flag, Flag::Mismatch, "PaySG has swapped nothing");
            let missing = about.filter(|_| flag == Flag::Vanished);
            assert!(
                missing.is_none_or(|id| self.paysg.denied_again_and_again(id.as_str())),
                "{about:?} is flagged as missing, and PaySG has not said so again and again"
            );
            assert!(
                about.is_none_or(|id| intent.attempt_of(id).is_some()),
                "{flag:?}, and no command is carried out for {about:?}"
            );
        }
        let effects = self
            .eservice
            .effects
            .values()
            .filter(|(_, status)| status == "paid")
            .count();
        assert!(effects <= 1, "two effects for one intent");
        self.checked = (self.rows.len(), self.paysg.changes);
    }

    /// What holds soon after faults have ended.
    pub(crate) fn check_peace(&mut self, peace_ms: i64) {
        let (now_ms, url_ms) = (self.now_ms, self.url_from_ms.unwrap_or(i64::MAX));
        let Some(ledger) = self.intent().cloned() else {
            return;
        };
        let intent = &ledger.intent;
        // Nothing that the e-service refuses to hear stands before a payment; and what was paid without a URL is told within a day once there is one.
        for telling in &intent.tellings {
            let due_ms = telling.since_ms.max(peace_ms);
            let (due_ms, patience_ms) = if url_ms > due_ms {
                (url_ms, 24 * HOUR_MS)
            } else {
                (due_ms, 0)
            };
            let waited_ms = now_ms - due_ms - patience_ms;
            assert!(
                telling.status != TellStatus::Paid
                    || telling.acknowledged
                    || waited_ms <= 5 * MINUTE_MS + 10_000,
                "paid, and not told for {waited_ms} ms"
            );
        }
        // Pressing Pay again does not put a cancellation off.
        for payment_id in intent.attempts.iter().filter_map(open_link) {
            let deadline_ms = self.deadline_ms(payment_id.as_str()).unwrap_or(now_ms);
            let waited_ms = now_ms - deadline_ms.max(peace_ms);
            assert!(
                waited_ms <= HOUR_MS + MINUTE_MS,
                "{payment_id} outlives its time by {waited_ms} ms"
            );
        }
        // A link beside a paid payment does not stay open.
        let since_ms = intent.paid_since_ms().unwrap_or(now_ms).max(peace_ms);
        let mut links = intent.attempts.iter();
        let link = links.rfind(|attempt| intent.is_superseded(attempt));
        if let Some(link) = link {
            let opened_ms = link.opened_at_ms.unwrap();
            let waited_ms = now_ms - since_ms.max(opened_ms);
            assert!(
                waited_ms <= HOUR_MS + MINUTE_MS,
                "a second link stays open for {waited_ms} ms: {link:?}"
            );
        }
    }

    pub(crate) fn check_end(&mut self, lost: Option<&str>, paid_ms: i64, found_ms: Option<i64>) {
        let Some(ledger) = self.intent().cloned() else {
            assert!(lost.is_none(), "a shown payment is on record");
            return;
        };
        let intent = &ledger.intent;
        assert!(
            self.refused <= self.paysg.refusals,
            "a create is recorded as refused that PaySG has not refused"
        );
        for due in &self.due {
            let attempt = intent.attempt_of(&id(due));
            assert!(
                attempt.is_some_and(|attempt| attempt.state.was_paid()),
                "the event of {due} was acknowledged, and lost"
            );
        }
        if self.paysg.gateway_answers > 0 {
            self.seen.note("an answer of a gateway");
        }
        if self.paysg.lags > 0 {
            self.seen.note("a GET that lags");
        }
        if let Some(lost) = lost {
            let created_ms = self.paysg.find(lost).unwrap().created_ms;
            let age_ms = paid_ms - created_ms;
            if age_ms < WATCHED_MS {
                let found_ms = found_ms.expect("a lost payment is found");
                let bound = age_ms.max(10 * MINUTE_MS) + MINUTE_MS;
                let took = found_ms - paid_ms;
                assert!(took <= bound, "found after {took} ms, aged {age_ms} ms");
            }
        }
        assert!(intent.hints.is_empty(), "a hint waits for ever");
        let is_paid = intent.paid().is_some();
        for telling in &intent.tellings {
            if is_paid && telling.status == TellStatus::Cancelled && !telling.acknowledged {
                continue;
            }
            assert!(
                telling.acknowledged,
                "something was never told: {telling:?}"
            );
            assert!(
                self.eservice.effects.contains_key(&telling.key),
                "acknowledged, and no effect"
            );
        }
        let mut attempts = intent.attempts.iter();
        let any_paid = attempts.any(|attempt| attempt.state.was_paid());
        assert_eq!(any_paid, is_paid, "paid, and nobody is told");
        // Every payment that was watched is known as it is, the current one or not.
        for attempt in &intent.attempts {
            let Some(payment_id) = &attempt.payment_id else {
                assert!(
                    !is_paid || attempt.state != AttemptState::Started,
                    "an attempt of a paid intent is not settled: {intent:#?}"
                );
                continue;
            };
            let held = self.paysg.find(payment_id.as_str()).unwrap();
            let watched = held.paid_ms.is_none_or(|at_ms| {
                at_ms - attempt.opened_at_ms.unwrap_or(held.created_ms) < WATCHED_MS
            });
            assert!(
                !watched || held.is_paid() == attempt.state.was_paid(),
                "{payment_id} is {:?}, and nobody knows: {attempt:#?}",
                held.state
            );
            assert!(
                held.state != State::Unpaid
                    || self.cancel_after_secs.is_none()
                    || attempt.cancel_after_secs.is_none(),
                "{payment_id} outlives its time"
            );
        }
        let known = |payment: &Payment| intent.attempt_of(&id(&payment.id)).is_some();
        let payments = self.paysg.payments.iter();
        let link = payments
            .filter(|payment| ours(payment) || known(payment))
            .find(|payment| is_paid && payment.state == State::Unpaid);
        assert!(
            link.is_none(),
            "paid, and a second link can be paid: {link:?} {intent:#?}"
        );
    }
}

fn ours(payment: &Payment) -> bool {
    payment.asked_for && payment.reference == REFERENCE
}

fn open_link(attempt: &Attempt) -> Option<&PaymentId> {
    let payment_id = attempt.payment_id.as_ref()?;
    (attempt.state == AttemptState::Open).then_some(payment_id)
}
