//! What happens in a life, and the peace at its end.

use paysg_wasm::flow::desk::Message;
use paysg_wasm::flow::watch;
use paysg_wasm::ledger::{AttemptState, Flag};
use paysg_wasm::paysg::Cents;

use crate::paysg::{RETURN_URL, State};
use crate::world::{HOUR_MS, MINUTE_MS, OTHERS, REFERENCE, World, id, pressed};

impl World {
    /// A whole life, then peace, and what must hold at its end.
    pub(crate) fn live(&mut self) {
        // Another order of the same payment service, whose payment events may name by mistake or malice.
        let theirs = self.paysg.add(OTHERS, 9_900, RETURN_URL, self.now_ms);
        if self.dice.once_in(2) {
            self.paysg.find(&theirs).unwrap().state = State::Paid;
        }
        self.one_order = self.dice.once_in(3);
        if self.dice.once_in(3) {
            self.cancel_after_secs = Some(600 + self.dice.below(20_000) as u32);
            self.eservice.refuses_cancellations = self.dice.once_in(2);
        }
        let events = 20 + self.dice.below(40);
        for _ in 0..events {
            self.happen(&theirs);
            self.check();
        }
        self.find_peace();
        self.remedy();
        self.settle_every_alert();
    }

    fn happen(&mut self, theirs: &str) {
        match self.dice.below(24) {
            0..=2 => self.press(),
            3..=9 => self.progress(),
            10 => self.progress_apart(),
            11 => {
                let shown: Vec<String> = self.shown.iter().cloned().collect();
                if let Some(payment) = self.dice.pick(&shown).cloned() {
                    self.pay_late(&payment);
                }
            }
            12 => self.event(theirs),
            13 => {
                let ms = self.dice.below(90_000) as i64;
                self.pass(ms);
            }
            14 => {
                let ms = self.dice.below(30) as i64 * HOUR_MS;
                self.pass(ms);
            }
            15 => self.wake(),
            16 => {
                if let Some(known) = self.a_payment_of_ours() {
                    let payment_id = id(&known);
                    let fresh = self.dice.once_in(2);
                    self.ask(Message::Inquire {
                        payment_id,
                        patience_ms: 3_000,
                        fresh,
                    });
                }
            }
            17 if self.dice.once_in(3) => self.crash(),
            18 if self.dice.once_in(4) => self.officer(),
            19 if self.dice.once_in(4) => {
                self.paysg.hidden_until_ms = self.now_ms + self.dice.below(90) as i64 * MINUTE_MS;
            }
            19 if self.dice.once_in(3) => {
                self.eservice.down_until_ms = self.now_ms + self.dice.below(72) as i64 * HOUR_MS;
            }
            20 if self.dice.once_in(3) => self.command_payment(),
            21 => {
                let ms = self.dice.below(40) as i64 * MINUTE_MS;
                self.pass(ms);
            }
            22 => {
                self.url_from_ms = self.dice.once_in(3).then_some(self.now_ms);
                self.seen.note("a deployment without a URL");
            }
            23 => self.operator_commands(),
            _ => self.progress(),
        }
    }

    /// A payer presses Pay.
    fn press(&mut self) {
        let version = if !self.one_order && self.dice.once_in(4) {
            self.dice.below(4)
        } else {
            0
        };
        let mut order = if self.dice.once_in(2) {
            self.seen.note("an order with other metadata");
            pressed(version, &self.now_ms.to_string())
        } else {
            pressed(version, "")
        };
        order.cancel_after_secs = self.cancel_after_secs;
        self.ask(Message::Pay { order });
    }

    /// The payer of a link that was shown pays; by bank transfer also one that was cancelled within the last day.
    fn pay_late(&mut self, payment: &str) {
        let now_ms = self.now_ms;
        let held = self.paysg.find(payment).unwrap();
        if held.state == State::Cancelled
            && held
                .cancelled_ms
                .is_some_and(|at_ms| now_ms - at_ms < 23 * HOUR_MS)
        {
            held.state = State::Unpaid;
            self.seen.note("a transfer to a cancelled payment");
        }
        self.pay(payment);
    }

    /// The e-service or a payer commands something.
    fn command_payment(&mut self) {
        let Some(known) = self.a_payment_of_ours() else {
            return;
        };
        let payment_id = id(&known);
        let message = match self.dice.below(4) {
            // A payer who cancels has another order in mind.
            0 if !self.one_order => {
                self.cancelled_by_command.insert(known);
                Message::Cancel { payment_id }
            }
            1 => Message::SendEmail { payment_id },
            2 => self.refund_of(&known, "once", None),
            _ => Message::TellAgain { payment_id },
        };
        self.ask(message);
    }

    fn refund_of(&mut self, payment: &str, command_id: &str, stated: Option<u64>) -> Message {
        let amount = self.paysg.find(payment).unwrap().amount;
        Message::Refund {
            payment_id: id(payment),
            amount_in_cents: Cents::new(amount).unwrap(),
            command_id: command_id.to_owned(),
            look_first: false,
            refunded_amount_in_cents: stated,
        }
    }

    /// PaySG's own side: an officer cancels or refunds on the dashboard, or makes a payment with our reference there.
    fn officer(&mut self) {
        let Some(ours) = self.a_payment_of_ours() else {
            return;
        };
        let at = self.dice.below(8);
        let now_ms = self.now_ms;
        let payment = self.paysg.find(&ours).unwrap();
        match (payment.state, at) {
            (State::Unpaid, 0..=3) => {
                payment.state = State::Cancelled;
                payment.cancelled_ms = Some(now_ms);
            }
            (State::Paid, 0..=2) => payment.state = State::Refunded,
            // Its GET does not know a payment for longer than any lag.
            (_, 6 | 7) => {
                payment.hidden_until_ms = now_ms + self.dice.below(180) as i64 * MINUTE_MS;
            }
            (_, 4) => {
                self.paysg
                    .add(REFERENCE, 2_500, "https://elsewhere.example/", now_ms);
            }
            (_, 5) => {
                // Made by another edge of the same public URL: ours by every sign, but no attempt asked for it.
                let stray = self.paysg.add(REFERENCE, 2_500, RETURN_URL, now_ms);
                if self.dice.once_in(2) {
                    self.pay(&stray);
                }
                // The event alone leads to it, and PaySG's GET may lag, or not be reached.
                if self.dice.once_in(2) {
                    self.paysg.find(&stray).unwrap().hidden_until_ms =
                        now_ms + self.dice.below(60_000) as i64;
                } else {
                    self.paysg.hidden_until_ms = now_ms + self.dice.below(90) as i64 * MINUTE_MS;
                }
                self.seen.note("a late payment by a stranger");
                self.ask(Message::Hint {
                    payment_id: id(&stray),
                });
            }
            _ => {}
        }
    }

    pub(crate) fn a_payment_of_ours(&mut self) -> Option<String> {
        let ours: Vec<String> = self
            .paysg
            .payments
            .iter()
            .filter(|payment| payment.reference == REFERENCE)
            .map(|payment| payment.id.clone())
            .collect();
        self.dice.pick(&ours).cloned()
    }

    /// An authentic event: of a payment of ours, paid or not; of another order; of no payment at all. Once or several times.
    fn event(&mut self, theirs: &str) {
        let named = match self.dice.below(6) {
            0 => theirs.to_owned(),
            1 => "pay_unknown".to_owned(),
            _ => match self.a_payment_of_ours() {
                Some(ours) => ours,
                None => return,
            },
        };
        for _ in 0..=self.dice.below(3) {
            self.ask(Message::Hint {
                payment_id: id(&named),
            });
        }
    }

    /// Faults end, machines stay up, nobody presses anything: the alarms alone must bring every shown and paid payment home.
    pub(crate) fn find_peace(&mut self) {
        self.faults = false;
        self.eservice.down_until_ms = self.now_ms;
        for payment in &mut self.paysg.payments {
            payment.hidden_until_ms = 0;
            payment.stale_until_ms = 0;
        }
        self.rest();
        // PaySG repeats events for three days: those of payments that no browser was shown get through now.
        let shown = self.shown.clone();
        let unseen: Vec<String> = self
            .paysg
            .payments
            .iter()
            .filter(|payment| payment.reference == REFERENCE && payment.paid_ms.is_some())
            .map(|payment| payment.id.clone())
            // Nor are those repeated that were acknowledged.
            .filter(|id| !shown.contains(id) && !self.due.contains(id))
            .collect();
        for id in unseen {
            self.ask(Message::Hint {
                payment_id: crate::world::id(&id),
            });
        }
        // A payer who vanishes after paying, whom no event reports.
        let lost = shown
            .iter()
            .find(|id| self.paysg.find(id).unwrap().state == State::Unpaid)
            .cloned();
        if let Some(lost) = &lost {
            self.seen.note("a payer who vanished");
            self.pay(lost);
        }
        // The operator sets the URL at last.
        if !self.has_url() {
            self.url_from_ms = Some(self.now_ms + self.dice.below(10) as i64 * 24 * HOUR_MS);
            self.seen.note("a URL set at last");
        }
        let paid_ms = self.now_ms;
        let refuses_until_ms = paid_ms + 2 * HOUR_MS;
        let end_ms = self.now_ms + 40 * 24 * HOUR_MS;
        let mut found_ms = None;
        loop {
            self.progress();
            self.progress_apart();
            self.check();
            self.check_peace(paid_ms);
            if self.now_ms > refuses_until_ms {
                self.eservice.refuses_cancellations = false;
            }
            if let (Some(lost), None) = (&lost, found_ms)
                && self.state_of(lost).is_some_and(AttemptState::was_paid)
            {
                found_ms = Some(self.now_ms);
            }
            if self.running.is_some() || self.apart.is_some() {
                continue;
            }
            match self.alarm_ms {
                Some(at_ms) if at_ms < end_ms => {
                    self.now_ms = self.now_ms.max(at_ms);
                    self.wake();
                }
                _ => break,
            }
        }
        if self.eservice.refusals > 0 {
            self.seen.note("a notification refused");
        }
        self.check_end(lost.as_deref(), paid_ms, found_ms);
    }

    /// What the documents say is to be done about an alert ends it.
    fn remedy(&mut self) {
        self.url_from_ms = Some(self.now_ms);
        let Some(ledger) = self.intent().cloned() else {
            return;
        };
        for raised in &ledger.intent.flags {
            let Some(about) = &raised.payment_id else {
                continue;
            };
            let attempt = ledger.intent.attempt_of(about).expect("it is watched");
            let message = match raised.flag {
                Flag::Surplus if attempt.state == AttemptState::Paid => {
                    // The operator sees on the dashboard that nothing was given back: a refund may be on record whose answer was lost.
                    self.refund_of(about.as_str(), "for the alert", Some(0))
                }
                Flag::Duplicate if attempt.state == AttemptState::Open => Message::Cancel {
                    payment_id: about.clone(),
                },
                _ => continue,
            };
            self.cancelled_by_command.insert(about.as_str().to_owned());
            self.ask(message);
            self.rest();
            self.seen.note("an alert remedied");
        }
        let an_hour_later_ms = self.now_ms + HOUR_MS;
        self.sleep_until(an_hour_later_ms);
        let pace = self.terms.pace;
        let now_ms = self.now_ms;
        let ledger = self.intent().expect("it was there");
        for alert in watch::concerns(ledger, pace, now_ms) {
            assert!(
                [
                    "unanswered",
                    "search_too_long",
                    "refund_unanswered",
                    "vanished"
                ]
                .contains(&alert),
                "an alert that does not end: {alert} {:#?}",
                ledger.intent
            );
        }
    }
}
