//! The one word that a payer or an e-service is told about a payment.

/// What has become of a payment, over PaySG's several status fields.
///
/// How it follows from them stands in `Payment::status`. Only [`Status::Paid`] earns a receipt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "edge", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "edge", serde(rename_all = "snake_case"))]
pub enum Status {
    /// Waiting for the payer: a link never expires by itself.
    Unpaid,
    /// Paid, and nothing given back as far as is known.
    Paid,
    /// Paid, and some of it given back.
    PartiallyRefunded,
    /// Paid, and all of it given back.
    Refunded,
    /// Cancelled before it was paid.
    Cancelled,
    /// PaySG used a word that is not known here: neither paid nor given up.
    #[cfg_attr(feature = "edge", serde(other))]
    Unknown,
}

impl Status {
    /// The status as a word, as it stands in JSON: `unpaid`, `paid`, `partially_refunded`, `refunded`, `cancelled`, `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word; whatever is not one of ours is [`Status::Unknown`], never paid.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "unpaid" => Self::Unpaid,
            "paid" => Self::Paid,
            "partially_refunded" => Self::PartiallyRefunded,
            "refunded" => Self::Refunded,
            "cancelled" => Self::Cancelled,
            _ => Self::Unknown,
        }
    }

    /// Whether a poll may stop: everything but [`Status::Unpaid`] and [`Status::Unknown`].
    #[must_use]
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Unpaid | Self::Unknown)
    }

    /// Whether the payer's money was received at some time, given back or not.
    #[must_use]
    pub const fn was_paid(self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded | Self::Refunded)
    }

    /// Whether money was given back, in part or in full.
    #[must_use]
    pub const fn was_given_back(self) -> bool {
        matches!(self, Self::PartiallyRefunded | Self::Refunded)
    }
}
