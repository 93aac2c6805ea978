//! Identifiers, each checked against its grammar once.
//!
//! An identifier that parsed can stand in a path, a query, a header or a log line without escaping: no grammar here
//! admits a slash, a dot, a percent sign, a space or a control character.

/// Writes one identifier type: they differ in grammar and documentation only.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $grammar:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(Box<str>);

        impl $name {
            /// Reads an identifier; `None` when the text is not of the grammar.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let grammar: fn(&str) -> bool = $grammar;
                grammar(text).then(|| Self(text.into()))
            }

            /// The identifier as it was sent, its prefix included.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        #[cfg(feature = "edge")]
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        #[cfg(feature = "edge")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        #[cfg(feature = "edge")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                // The value stays out of the message: a payment id is a capability.
                Self::parse(&text).ok_or_else(|| serde::de::Error::custom(concat!("not a ", stringify!($name))))
            }
        }
    };
}

identifier! {
    /// A payment's identifier: `[A-Za-z0-9_-]{1,64}`.
    ///
    /// Staging was seen to use 21 characters of this alphabet `[formsg]`; the length is left open to 64. It is a
    /// capability: whoever has it can open the payment page, so it belongs in no log that strangers read.
    ///
    /// ```
    /// use paysg_wasm::paysg::PaymentId;
    /// assert!(PaymentId::parse("WlM3qMUUHQ2gipngenEmE").is_some());
    /// assert!(PaymentId::parse("../cancel").is_none());
    /// ```
    PaymentId,
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

identifier! {
    /// A payment service's identifier: `payment_service_` and a UUID, the prefix being part of it `[guide/endpoints]`.
    ///
    /// Hexadecimal digits of either case are accepted and kept as they are: two spellings are two identifiers here,
    /// because PaySG does not say that it folds them.
    ///
    /// ```
    /// use paysg_wasm::paysg::PaymentServiceId;
    /// assert!(PaymentServiceId::parse("payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8").is_some());
    /// assert!(PaymentServiceId::parse("655d26a2-ddfc-4718-a008-bd181c1522e8").is_none());
    /// ```
    PaymentServiceId,
    |text| text.strip_prefix("payment_service_").is_some_and(is_uuid)
}

#[cfg(feature = "edge")]
identifier! {
    /// A webhook event's identifier: `evt_` and a UUID `[guide/webhooks]`.
    EventId,
    |text| text.strip_prefix("evt_").is_some_and(is_uuid)
}

/// Whether the text is a UUID in its 36-character form, any version, hexadecimal digits of either case.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
