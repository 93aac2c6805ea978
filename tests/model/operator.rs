//! An operator's commands, in random lives and at their end: every alert ends, by its cause or by a command.

use paysg_wasm::flow::desk::Message;
use paysg_wasm::flow::watch::{Acknowledgeable, concerns};
use paysg_wasm::ledger::{Ledger, RefundState};

use crate::paysg::State;
use crate::world::{REFERENCE, World, id};

impl World {
    fn command(&mut self, message: Message) {
        self.ask(Message::OperatorCommand {
            action: "any".to_owned(),
            by: Some("operator".to_owned()),
            message: Box::new(message),
        });
    }

    pub(crate) fn operator_commands(&mut self) {
        let ledger = self.intent().cloned();
        let ours = self.a_payment_of_ours();
        match (self.dice.below(6), ledger, ours) {
            (0, _, _) => self.command(Message::Reconcile),
            (1, _, Some(payment)) => self.command(Message::Adopt {
                payment_id: id(&payment),
            }),
            (2, Some(ledger), _) if self.is_all_known(&ledger) => {
                let attempt = 1 + self.dice.below(4) as u32;
                self.command(Message::AbandonAttempt { attempt });
            }
            (3, Some(ledger), _) => {
                if let Some(raised) = self.dice.pick(&ledger.intent.flags).cloned() {
                    self.command(Message::Acknowledge {
                        alert: Acknowledgeable::Flag(raised.flag),
                        payment_id: raised.payment_id,
                    });
                }
            }
            (5, _, _) => self.command(Message::Erase { by: None }),
            (4, _, Some(payment)) => self.command(Message::TellAgain {
                payment_id: id(&payment),
            }),
            _ => {}
        }
    }

    /// Whether PaySG's dashboard shows no payment of the order that the ledger does not know, and nothing is under way that could make one: an
    /// operator looks there before abandoning an attempt.
    fn is_all_known(&mut self, ledger: &Ledger) -> bool {
        self.paysg.arrive(self.now_ms);
        if self.is_busy() {
            return false;
        }
        let known = |payment: &str| ledger.intent.attempt_of(&id(payment)).is_some();
        self.paysg
            .payments
            .iter()
            .filter(|payment| payment.reference == REFERENCE)
            .all(|payment| known(&payment.id))
    }

    /// What an operator does about alerts leaves none.
    pub(crate) fn settle_every_alert(&mut self) {
        let Some(ledger) = self.intent().cloned() else {
            return;
        };
        // No call is under way any more.
        self.pass(120_000);
        self.paysg.arrive(self.now_ms);
        // On PaySG's dashboard: nothing can be paid any more, and only the payment that counted keeps its money.
        let counted = ledger
            .intent
            .paid()
            .and_then(|paid| paid.payment_id.clone());
        for payment in &mut self.paysg.payments {
            let counts = counted.as_ref().is_some_and(|id| id.as_str() == payment.id);
            match payment.state {
                State::Unpaid => payment.state = State::Cancelled,
                State::Paid if !counts => payment.state = State::Refunded,
                State::Paid | State::Refunded | State::Cancelled => {}
            }
        }
        self.command(Message::Reconcile);
        self.rest();
        let Some(ledger) = self.intent().cloned() else {
            return;
        };
        let known = |raised: &&paysg_wasm::ledger::RaisedFlag| {
            let payment = raised.payment_id.as_ref();
            payment.is_none_or(|id| ledger.intent.attempt_of(id).is_some())
        };
        assert_eq!(
            ledger.intent.flags.iter().find(known),
            None,
            "its cause has ended: {:#?}",
            ledger.intent
        );
        // Of payments that the ledger does not know nothing shows an end.
        for raised in &ledger.intent.flags {
            self.command(Message::Acknowledge {
                alert: Acknowledgeable::Flag(raised.flag),
                payment_id: raised.payment_id.clone(),
            });
        }
        self.command(Message::Acknowledge {
            alert: Acknowledgeable::Refund(RefundState::Requested),
            payment_id: None,
        });
        // The e-service is told of what was given back on the dashboard.
        self.url_from_ms.get_or_insert(self.now_ms);
        let soon_ms = self.now_ms.max(self.url_from_ms.unwrap_or_default());
        self.sleep_until(soon_ms + 26 * crate::world::HOUR_MS);
        let later_ms = self.now_ms + 24 * crate::world::HOUR_MS;
        let Some(ledger) = self.intent().cloned() else {
            return;
        };
        let alerts = concerns(&ledger, self.terms.pace, later_ms);
        assert!(
            alerts.is_empty(),
            "{alerts:?} for ever: {:#?}",
            ledger.intent
        );
        self.erase_and_press();
    }

    /// When all is over the journal can be erased, and what was paid is not payable again.
    fn erase_and_press(&mut self) {
        self.sleep_until(self.now_ms + 40 * 24 * crate::world::HOUR_MS);
        self.command(Message::Erase { by: None });
        self.rest();
        let Some(ledger) = self.intent().cloned() else {
            return;
        };
        assert!(ledger.intent.is_erased(), "{:#?}", ledger.intent);
        let payments = self.paysg.payments.len();
        self.one_order = false;
        for version in [0, 1] {
            self.ask(Message::Pay {
                order: crate::world::order(version),
            });
            self.rest();
        }
        if ledger.intent.paid().is_some() {
            assert_eq!(self.paysg.payments.len(), payments, "payable again");
        }
    }
}
