//! `stack.json`: where a running stack answers, and with which keys.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

/// A stack, running or to be started. The fields without a default are the contract with whoever tests against
/// it; the others let a part be started again exactly as it was.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Stack {
    /// Origin of the edge, without a slash at its end.
    pub(crate) edge_url: String,
    pub(crate) base_path: String,
    /// Where a payer opens the e-service.
    pub(crate) www_url: String,
    pub(crate) simulator_url: String,
    pub(crate) api_key: String,
    pub(crate) payment_service_id: String,
    pub(crate) webhook_secret: String,
    pub(crate) order_key: String,
    pub(crate) session_key: String,
    /// Where the edge tells of paid payments; empty: nowhere.
    #[serde(default)]
    pub(crate) fulfilment_url: String,
    #[serde(default)]
    pub(crate) pids: Pids,
    /// Where the e-service's own server listens, behind the edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) www_server_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Settings of the edge beyond those that follow from the fields above; they win over those.
    #[serde(default)]
    pub(crate) edge_env: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) simulator_args: Vec<String>,
    /// Without its Durable Objects.
    #[serde(default)]
    pub(crate) stateless: bool,
}

/// The listening processes themselves.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Pids {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) edge: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) simulator: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) www: Option<u32>,
}

impl Stack {
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read the stack file {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not a stack", file.display()))
    }

    /// Writes it whole or not at all: somebody may be waiting for the file to appear.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let draft = file.with_extension("json.new");
        std::fs::write(&draft, serde_json::to_string_pretty(self)?)?;
        Ok(std::fs::rename(draft, file)?)
    }

    pub(crate) fn edge_address(&self) -> anyhow::Result<SocketAddr> {
        address(&self.edge_url)
    }

    pub(crate) fn simulator_address(&self) -> anyhow::Result<SocketAddr> {
        address(&self.simulator_url)
    }

    pub(crate) fn webhook_url(&self) -> String {
        format!("{}{}/webhooks", self.edge_url, self.base_path)
    }

    pub(crate) fn health_url(&self) -> String {
        format!("{}{}/health", self.edge_url, self.base_path)
    }

    /// The edge's environment.
    pub(crate) fn edge_settings(&self) -> BTreeMap<String, String> {
        let mut settings: BTreeMap<String, String> = [
            ("PAYSG_API_KEY", &self.api_key),
            ("PAYSG_API_URL", &self.simulator_url),
            ("PAYSG_PAYMENT_SERVICE_ID", &self.payment_service_id),
            ("PAYSG_WEBHOOK_SECRET", &self.webhook_secret),
            ("PAYSG_ORDER_KEY", &self.order_key),
            ("PAYSG_SESSION_KEY", &self.session_key),
            ("PAYSG_PUBLIC_URL", &self.edge_url),
            ("PAYSG_BASE_PATH", &self.base_path),
            ("PAYSG_FULFILMENT_URL", &self.fulfilment_url),
        ]
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .into();
        if self.www_server_url.is_some() {
            settings.insert(
                "PAYSG_RESULT_URL".to_owned(),
                format!("{}/result", self.www_url),
            );
            if self.www_url != self.edge_url {
                settings.insert("PAYSG_ALLOWED_ORIGINS".to_owned(), self.www_url.clone());
            }
        }
        settings.extend(self.edge_env.clone());
        // Set to nothing means not set, for `--edge-env NAME=` as well.
        settings.retain(|_, value| !value.is_empty());
        settings
    }
}

/// The address that an origin of this stack listens on.
pub(crate) fn address(origin: &str) -> anyhow::Result<SocketAddr> {
    let host = origin
        .strip_prefix("http://")
        .map(|rest| rest.trim_end_matches('/').replace("localhost", "127.0.0.1"));
    match host.and_then(|host| host.parse().ok()) {
        Some(address) => Ok(address),
        None => bail!(
            "`{origin}` is not an origin with a port on this machine, like http://127.0.0.1:8787"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Stack, address};

    /// What the contract promises, and nothing else.
    const CONTRACT: &str = r#"{
        "edge_url": "http://127.0.0.1:8787", "base_path": "/paysg", "www_url": "http://127.0.0.1:8787",
        "simulator_url": "http://127.0.0.1:8788", "api_key": "paysg_stag_x", "payment_service_id": "payment_service_x",
        "webhook_secret": "w", "order_key": "o", "session_key": "s", "fulfilment_url": "http://127.0.0.1:9000/told",
        "pids": {"edge": 1, "simulator": 2}
    }"#;

    #[test]
    fn a_stack_written_by_somebody_else_is_enough_for_an_edge() -> anyhow::Result<()> {
        let settings = serde_json::from_str::<Stack>(CONTRACT)?.edge_settings();
        let setting = |name| settings.get(name).map(String::as_str);
        assert_eq!(setting("PAYSG_API_URL"), Some("http://127.0.0.1:8788"));
        assert_eq!(
            setting("PAYSG_FULFILMENT_URL"),
            Some("http://127.0.0.1:9000/told")
        );
        assert_eq!(setting("PAYSG_RESULT_URL"), None);
        Ok(())
    }

    #[test]
    fn a_further_setting_wins_and_an_empty_one_is_none() -> anyhow::Result<()> {
        let mut stack: Stack = serde_json::from_str(CONTRACT)?;
        stack.edge_env = [("PAYSG_ORDER_KEY", "other"), ("PAYSG_SESSION_KEY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let settings = stack.edge_settings();
        assert_eq!(
            settings.get("PAYSG_ORDER_KEY").map(String::as_str),
            Some("other")
        );
        assert!(!settings.contains_key("PAYSG_SESSION_KEY"));
        Ok(())
    }

    #[test]
    fn an_origin_is_an_address_of_this_machine() {
        assert!(address("http://127.0.0.1:8787").is_ok());
        assert!(address("http://localhost:8787/").is_ok());
        assert!(address("https://eservice.example.gov.sg").is_err());
    }
}
