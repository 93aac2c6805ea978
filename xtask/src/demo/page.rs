//! A page of somebody's own, at which payers pay in the place of the demonstration's.

use anyhow::bail;

use crate::report;
use crate::stack::Stack;

/// Its address, and the origin of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    url: String,
    origin: String,
}

impl Page {
    /// A development server is on this machine; what is elsewhere has a name that the cookie would have to be for.
    pub(super) fn parse(url: &str) -> anyhow::Result<Self> {
        let (authority, path) = url.strip_prefix("http://").map_or(("", ""), |rest| {
            rest.split_at(rest.find('/').unwrap_or(rest.len()))
        });
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        if !matches!(host, "localhost" | "127.0.0.1") || port.parse::<u16>().is_err() {
            bail!(
                "--page takes the address of a page on this machine, like http://localhost:5173/, not `{url}`"
            );
        }
        let origin = format!("http://{authority}");
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self {
            url: format!("{origin}{path}"),
            origin,
        })
    }

    /// The edge is at its own port, and the page calls it there: under the page's host name, since another name is another site, to which no
    /// browser sends the cookie.
    pub(super) fn calls(&self, stack: &mut Stack) {
        let edge_url = if self.origin.starts_with("http://localhost") {
            stack.edge_url.replace("127.0.0.1", "localhost")
        } else {
            stack.edge_url.clone()
        };
        self.set(stack, "PAYSG_PUBLIC_URL", &edge_url);
        self.set(stack, "PAYSG_ALLOWED_ORIGINS", &self.origin);
        self.set(stack, "PAYSG_RESULT_URL", &self.url);
    }

    /// The edge is a part of the page's own server.
    pub(super) fn serves_the_edge(&self, stack: &mut Stack) {
        stack.edge_url.clone_from(&self.origin);
        self.set(stack, "PAYSG_RESULT_URL", &self.url);
    }

    /// What was asked for with `--edge-env` wins.
    fn set(&self, stack: &mut Stack, name: &str, value: &str) {
        stack
            .edge_env
            .entry(name.to_owned())
            .or_insert_with(|| value.to_owned());
    }

    /// Says how the page has the module loaded.
    pub(super) fn announce(&self, stack: &Stack) {
        let settings = stack.edge_settings();
        let public_url = settings
            .get("PAYSG_PUBLIC_URL")
            .map_or(stack.edge_url.as_str(), String::as_str);
        report::line(&format!("  Your page   {}", self.url));
        report::line(&format!(
            "              load({{ proxyUrl: \"{public_url}{}\", devPaymentOrigin: \"{}\" }})",
            stack.base_path, stack.simulator_url
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::Page;
    use crate::stack::Stack;

    fn stack() -> anyhow::Result<Stack> {
        Ok(serde_json::from_str(
            r#"{
                "edge_url": "http://127.0.0.1:8787", "base_path": "/paysg", "www_url": "http://127.0.0.1:8787",
                "simulator_url": "http://127.0.0.1:8788", "api_key": "k", "payment_service_id": "s",
                "webhook_secret": "w", "order_key": "o", "session_key": "s"
            }"#,
        )?)
    }

    #[test]
    fn a_page_that_calls_the_edge_does_so_under_its_own_host_name() -> anyhow::Result<()> {
        for (url, public_url) in [
            ("http://localhost:5173", "http://localhost:8787"),
            ("http://127.0.0.1:5173", "http://127.0.0.1:8787"),
        ] {
            let mut stack = stack()?;
            Page::parse(url)?.calls(&mut stack);
            let settings = stack.edge_settings();
            let setting = |name| settings.get(name).map(String::as_str);
            assert_eq!(setting("PAYSG_PUBLIC_URL"), Some(public_url));
            assert_eq!(setting("PAYSG_ALLOWED_ORIGINS"), Some(url));
            assert_eq!(
                setting("PAYSG_RESULT_URL"),
                Some(format!("{url}/").as_str())
            );
            assert_eq!(
                stack.edge_url, "http://127.0.0.1:8787",
                "where it listens is not where it is called"
            );
        }
        Ok(())
    }

    #[test]
    fn a_page_whose_server_has_the_edge_gets_the_webhooks() -> anyhow::Result<()> {
        let mut stack = stack()?;
        Page::parse("http://localhost:3000/pay")?.serves_the_edge(&mut stack);
        let settings = stack.edge_settings();
        let setting = |name| settings.get(name).map(String::as_str);
        assert_eq!(setting("PAYSG_PUBLIC_URL"), Some("http://localhost:3000"));
        assert_eq!(
            setting("PAYSG_RESULT_URL"),
            Some("http://localhost:3000/pay")
        );
        assert_eq!(stack.webhook_url(), "http://localhost:3000/paysg/webhooks");
        Ok(())
    }

    #[test]
    fn what_is_asked_for_by_name_wins() -> anyhow::Result<()> {
        let mut stack = stack()?;
        stack.edge_env.insert(
            "PAYSG_RESULT_URL".to_owned(),
            "http://localhost:1/".to_owned(),
        );
        Page::parse("http://localhost:5173")?.calls(&mut stack);
        assert_eq!(
            stack
                .edge_settings()
                .get("PAYSG_RESULT_URL")
                .map(String::as_str),
            Some("http://localhost:1/")
        );
        Ok(())
    }

    #[test]
    fn a_page_is_on_this_machine() -> anyhow::Result<()> {
        for (text, url, origin) in [
            (
                "http://localhost:5173",
                "http://localhost:5173/",
                "http://localhost:5173",
            ),
            (
                "http://127.0.0.1:8000/pay/result.html",
                "http://127.0.0.1:8000/pay/result.html",
                "http://127.0.0.1:8000",
            ),
        ] {
            let page = Page::parse(text)?;
            assert_eq!((page.url.as_str(), page.origin.as_str()), (url, origin));
        }
        for elsewhere in [
            "https://localhost:5173/",
            "http://eservice.example:5173/",
            "http://localhost:x/",
            "http://localhost.evil/",
            "localhost:5173",
            "",
        ] {
            assert!(Page::parse(elsewhere).is_err(), "{elsewhere}");
        }
        Ok(())
    }
}
