//! A stack's keys: random, made once for each state folder, so that a stack started again knows its payments.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

const FILE: &str = "keys.json";

/// What a shell makes the API key of, for lines to paste: the key itself stays out of terminals and logs.
pub(super) fn read_by_shell(state: &Path) -> String {
    format!(
        r#"$(node -p 'require("{}").api_key')"#,
        state.join(FILE).display()
    )
}

#[derive(Serialize, Deserialize)]
pub(super) struct Keys {
    pub(super) api_key: String,
    pub(super) payment_service_id: String,
    pub(super) webhook_secret: String,
    pub(super) order_key: String,
    pub(super) session_key: String,
}

impl Keys {
    /// Those of this state folder, made now if it has none.
    pub(super) fn of(state: &Path) -> anyhow::Result<Self> {
        let file = state.join(FILE);
        if let Ok(text) = std::fs::read_to_string(&file) {
            return serde_json::from_str(&text)
                .with_context(|| format!("{} holds no keys: delete it", file.display()));
        }
        let keys = Self {
            api_key: format!("paysg_stag_{}", random_hex::<24>()?),
            payment_service_id: format!("payment_service_{}", random_uuid()?),
            webhook_secret: random_hex::<32>()?,
            order_key: random_hex::<32>()?,
            session_key: random_hex::<32>()?,
        };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?
            .write_all(serde_json::to_string_pretty(&keys)?.as_bytes())?;
        Ok(keys)
    }
}

fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(bytes)
}

fn random_hex<const N: usize>() -> anyhow::Result<String> {
    Ok(hex(&random::<N>()?))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A version 4 UUID, as PaySG's own ids bear.
fn random_uuid() -> anyhow::Result<String> {
    let [a, b, c, d, e, f, version, h, variant, rest @ ..]: [u8; 16] = random()?;
    Ok([
        hex(&[a, b, c, d]),
        hex(&[e, f]),
        hex(&[version & 0x0f | 0x40, h]),
        hex(&[variant & 0x3f | 0x80, rest[0]]),
        hex(&rest[1..]),
    ]
    .join("-"))
}
