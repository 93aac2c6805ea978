//! What is taken, and may be a slip all the same: secrets that are equal, short or guessable.

/// What of a configuration deserves a second look; never a value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// A word for it: see `npm/doctor/findings.js`.
    pub code: &'static str,
    /// The variables that it is about.
    pub about: String,
}

/// Shorter, a secret of a webhook is worth guessing at.
const SHORT_BYTES: usize = 16;
/// A key of random hex digits has some fourteen different ones.
const FEW_DIFFERENT: usize = 8;
const SECRETS: [&str; 4] = [
    "PAYSG_API_KEY",
    "PAYSG_WEBHOOK_SECRET",
    "PAYSG_ORDER_KEY",
    "PAYSG_SESSION_KEY",
];

/// The doubts about the secrets among the variables.
pub(super) fn doubts(variable: &dyn Fn(&str) -> Option<String>) -> Vec<Doubt> {
    let secrets: Vec<(&str, String)> = SECRETS
        .into_iter()
        .flat_map(|name| {
            let text = variable(name).unwrap_or_default();
            let each: Vec<_> = text
                .split(',')
                .map(|secret| (name, secret.to_owned()))
                .collect();
            each
        })
        .collect();
    let mut doubts: Vec<Doubt> = Vec::new();
    let mut doubt = |code, about: String| {
        let doubt = Doubt { code, about };
        if !doubts.contains(&doubt) {
            doubts.push(doubt);
        }
    };
    for (index, (name, secret)) in secrets.iter().enumerate() {
        if secret.len() < SHORT_BYTES {
            doubt("secret_short", (*name).to_owned());
        } else if different_bytes(secret) < FEW_DIFFERENT {
            doubt("secret_guessable", (*name).to_owned());
        }
        for (other, _) in secrets
            .iter()
            .skip(index.saturating_add(1))
            .filter(|(_, other)| other == secret)
        {
            doubt("secrets_equal", format!("{name}, {other}"));
        }
    }
    doubts
}

fn different_bytes(text: &str) -> usize {
    (0..=u8::MAX)
        .filter(|byte| text.as_bytes().contains(byte))
        .count()
}
