//! The edge's configuration: read once, contradictions refused by name.

use super::catalogue::Catalogue;
use super::doubt::{Doubt, doubts};
use crate::flow::agenda::Pace;
use crate::flow::terms::Terms;
use crate::paysg::signature::Secret;
use crate::paysg::{ApiKey, Environment, PaymentPages, PaymentServiceId, UrlPart, WebUrl};
use crate::token::Keys;

/// The variable that is missing or contradicts another, and the rule it breaks; never its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misconfigured {
    /// The variable's name.
    pub variable: &'static str,
    /// What it must be.
    pub rule: &'static str,
    /// Which of several breaks it (items of the catalogue, origins), counted from 1.
    pub item: Option<usize>,
    /// Which part of a URL breaks it.
    pub part: Option<UrlPart>,
}

/// Everything that the edge is told by its environment.
pub struct Config {
    /// PaySG's key.
    pub api_key: ApiKey,
    /// Where PaySG's API is, without a slash at the end.
    pub api_origin: String,
    /// The payment services, the default first. Never empty.
    pub services: Vec<PaymentServiceId>,
    /// The secrets that events may be signed with.
    pub webhook_secrets: Vec<Secret>,
    /// The keys shared with the e-service's server.
    pub order_keys: Keys,
    /// The edge's own keys.
    pub session_keys: Keys,
    /// What seals cookies, and opens them: a key for each of those, newest first.
    pub sealing_keys: Vec<[u8; 32]>,
    /// What is sold without a server, if anything.
    pub catalogue: Catalogue,
    /// The edge's own origin.
    pub public_origin: String,
    /// Whether the public origin is HTTPS.
    pub secure: bool,
    /// Where the payer goes after the return; `None`: to the edge's own status page.
    pub result_url: Option<WebUrl>,
    /// Where the e-service is notified. While it is `None`, what is due waits for it, unless `notifies_nobody`.
    pub fulfilment_url: Option<WebUrl>,
    /// Whether `PAYSG_FULFILMENT_URL` says that nobody is to be notified.
    pub notifies_nobody: bool,
    /// Further origins whose pages may call.
    pub allowed_origins: Vec<String>,
    /// Origins at which this proxy was reached before.
    pub earlier_origins: Vec<String>,
    /// Begins with a slash and does not end with one, or is empty.
    pub base_path: String,
    /// Alarms run so many times faster.
    pub time_scale: u32,
    /// Whether there is a ledger.
    pub has_ledger: bool,
    /// Where payers may be sent.
    pub pages: PaymentPages,
    /// What is taken, and may be a slip all the same.
    pub doubts: Vec<Doubt>,
    /// Whether a text is in Unicode's normal form C. The host's: every JavaScript engine carries the tables, and the wasm need not.
    pub is_nfc: fn(&str) -> bool,
}

/// The value of `PAYSG_FULFILMENT_URL` that says: nobody is to be notified, and that is no oversight.
const NOTIFIES_NOBODY: &str = "none";
/// What the session keys make sealing keys for.
const SEALING: &[u8] = b"paysg-wasm session v1";

const fn wrong(variable: &'static str, rule: &'static str) -> Misconfigured {
    Misconfigured {
        variable,
        rule,
        item: None,
        part: None,
    }
}

/// A URL that is refused, and the part that is to blame.
const fn wrong_part(variable: &'static str, rule: &'static str, part: UrlPart) -> Misconfigured {
    Misconfigured {
        part: Some(part),
        ..wrong(variable, rule)
    }
}

/// Reads an origin: a URL that is nothing else, of a scheme that `fits`.
fn origin(text: &str, fits: impl FnOnce(&WebUrl) -> bool) -> Result<WebUrl, UrlPart> {
    let url = WebUrl::check(text)?;
    if !fits(&url) {
        return Err(UrlPart::Scheme);
    }
    match url.part_after_origin() {
        Some(part) => Err(part),
        None => Ok(url),
    }
}

fn is_secure_or_here(url: &WebUrl) -> bool {
    url.is_https() || url.is_loopback()
}

impl Config {
    /// Reads the variables.
    ///
    /// # Errors
    /// [`Misconfigured`], for the first variable that is missing or contradicts another.
    pub fn read(
        variable: impl Fn(&str) -> Option<String>,
        has_ledger: bool,
    ) -> Result<Self, Misconfigured> {
        let optional = |name: &str| variable(name).filter(|value| !value.is_empty());
        let required = |name: &'static str| optional(name).ok_or(wrong(name, "must be set"));

        let api_key = ApiKey::parse(&required("PAYSG_API_KEY")?).ok_or(wrong(
            "PAYSG_API_KEY",
            "must begin with paysg_stag_ or paysg_live_ and have nothing around it",
        ))?;
        let (api_origin, simulator) = api_origin(api_key.environment(), optional("PAYSG_API_URL"))?;
        let services = services(&required("PAYSG_PAYMENT_SERVICE_ID")?)?;
        let webhook_secrets = required("PAYSG_WEBHOOK_SECRET")?
            .split(',')
            .map(|secret| Secret::parse(secret).filter(|_| secret.trim() == secret))
            .collect::<Option<Vec<_>>>()
            .ok_or(wrong(
                "PAYSG_WEBHOOK_SECRET",
                "must be one or more secrets, comma-separated, without white space",
            ))?;
        let keys = |name: &'static str| {
            Keys::parse(&required(name)?, Keys::MIN_BYTES).ok_or(wrong(
                name,
                "must be one or more keys of 32 bytes or more, comma-separated, without white space",
            ))
        };
        let order_keys = keys("PAYSG_ORDER_KEY")?;
        let session_keys = keys("PAYSG_SESSION_KEY")?;
        let catalogue = match optional("PAYSG_CATALOGUE") {
            Some(json) => Catalogue::read(&json).map_err(|(rule, item)| Misconfigured {
                item,
                ..wrong("PAYSG_CATALOGUE", rule)
            })?,
            None => Catalogue::default(),
        };
        let public = origin(&required("PAYSG_PUBLIC_URL")?, |url| {
            url.is_https() || (url.is_loopback() && simulator)
        })
        .map_err(|part| {
            let rule = "must be an https: origin, without a path (http: on this machine only against a simulator on it)";
            wrong_part("PAYSG_PUBLIC_URL", rule, part)
        })?;
        let elsewhere = |name: &'static str| {
            optional(name)
                .map(|text| {
                    WebUrl::check(&text).map_err(|part| {
                        wrong_part(name, "must be an https: URL, or one of this machine", part)
                    })
                })
                .transpose()
        };
        let result_url = elsewhere("PAYSG_RESULT_URL")?;
        let notifies_nobody =
            optional("PAYSG_FULFILMENT_URL").is_some_and(|value| value == NOTIFIES_NOBODY);
        let fulfilment_url = if notifies_nobody {
            None
        } else {
            elsewhere("PAYSG_FULFILMENT_URL")?
        };
        let origins =
            |name: &'static str| optional(name).map_or(Ok(Vec::new()), |text| origins(name, &text));
        let allowed_origins = origins("PAYSG_ALLOWED_ORIGINS")?;
        let earlier_origins = origins("PAYSG_EARLIER_PUBLIC_URLS")?;
        let base_path = base_path(optional("PAYSG_BASE_PATH"))?;
        let time_scale = match optional("PAYSG_TIME_SCALE") {
            None => 1,
            Some(text) => text
                .parse()
                .ok()
                .filter(|scale| *scale >= 1 && simulator)
                .ok_or(wrong(
                    "PAYSG_TIME_SCALE",
                    "must be a whole number, and set only against a simulator on this machine",
                ))?,
        };
        let pages = PaymentPages::only(api_key.environment());
        let pages = if simulator {
            pages
                .with_origin(&api_origin)
                .ok_or(wrong("PAYSG_API_URL", "must be an origin"))?
        } else {
            pages
        };
        Ok(Self {
            api_key,
            api_origin,
            services,
            webhook_secrets,
            order_keys,
            sealing_keys: session_keys.derive(SEALING).collect(),
            session_keys,
            catalogue,
            public_origin: public.origin().to_owned(),
            secure: public.is_https(),
            result_url,
            fulfilment_url,
            notifies_nobody,
            allowed_origins,
            earlier_origins,
            base_path,
            time_scale,
            has_ledger,
            pages,
            doubts: doubts(&variable),
            is_nfc: str::is_ascii,
        })
    }

    /// PaySG's `return_url` for the payments of this edge.
    #[must_use]
    pub fn return_url(&self) -> String {
        format!("{}{}/return", self.public_origin, self.base_path)
    }

    /// Where payments are made.
    #[must_use]
    pub fn payments_url(&self) -> String {
        format!("{}{}/payments", self.public_origin, self.base_path)
    }

    /// What follows from it for every intent.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let keys = self.order_keys.clone();
        let issuer = self.public_origin.clone();
        let audience = self.audience().to_owned();
        let mut own_origins = vec![self.public_origin.clone()];
        own_origins.extend_from_slice(&self.earlier_origins);
        Terms {
            return_url: self.return_url(),
            own_origins,
            remembers: self.has_ledger,
            pages: self.pages.clone(),
            pace: Pace {
                tells: self.fulfilment_url.is_some(),
                notifies_nobody: self.notifies_nobody,
                scale: self.time_scale,
            },
            sign: Box::new(move |receipt, now_ms| receipt.sign(&issuer, &audience, &keys, now_ms)),
        }
    }

    /// The origin that receipts are for: where the payer sees the result.
    #[must_use]
    pub fn audience(&self) -> &str {
        self.result_url
            .as_ref()
            .map_or(&*self.public_origin, WebUrl::origin)
    }

    /// The e-service's own front page, where the edge knows of it.
    #[must_use]
    pub fn home(&self) -> Option<String> {
        Some(format!("{}/", self.result_url.as_ref()?.origin()))
    }

    /// The payment service that a text names, if it is one of ours.
    #[must_use]
    pub fn service(&self, text: &str) -> Option<&PaymentServiceId> {
        self.services
            .iter()
            .find(|service| service.as_str() == text)
    }

    /// The payment service of orders that name none.
    #[must_use]
    pub fn default_service(&self) -> Option<&PaymentServiceId> {
        self.services.first()
    }
}

fn api_origin(
    environment: Environment,
    overridden: Option<String>,
) -> Result<(String, bool), Misconfigured> {
    let own = environment.api_origin();
    let Some(text) = overridden else {
        return Ok((own.to_owned(), false));
    };
    let url = origin(&text, is_secure_or_here).map_err(|part| {
        let rule = "must be an https: origin, or one of this machine, without a path";
        wrong_part("PAYSG_API_URL", rule, part)
    })?;
    let others_own = match environment {
        Environment::Staging => Environment::Live.api_origin(),
        Environment::Live => Environment::Staging.api_origin(),
    };
    if environment == Environment::Live && url.origin() != own {
        return Err(wrong(
            "PAYSG_API_URL",
            "must be PaySG's own, or absent, with a live key",
        ));
    }
    if url.origin() == others_own {
        return Err(wrong(
            "PAYSG_API_URL",
            "must be of the environment that the key is for",
        ));
    }
    Ok((url.origin().to_owned(), url.is_loopback()))
}

fn services(text: &str) -> Result<Vec<PaymentServiceId>, Misconfigured> {
    text.split(',')
        .map(|id| PaymentServiceId::parse(id.trim()))
        .collect::<Option<Vec<_>>>()
        .ok_or(wrong(
            "PAYSG_PAYMENT_SERVICE_ID",
            "must be one or more ids, comma-separated, each payment_service_ and a UUID",
        ))
}

fn origins(name: &'static str, text: &str) -> Result<Vec<String>, Misconfigured> {
    text.split(',')
        .zip(1..)
        .map(|(text, number)| {
            let origin = origin(text.trim(), is_secure_or_here);
            origin.map(|url| url.origin().to_owned()).map_err(|part| {
                let rule = "must be https: origins without a path, comma-separated (http: on this machine)";
                Misconfigured {
                    item: Some(number),
                    ..wrong_part(name, rule, part)
                }
            })
        })
        .collect()
}

fn base_path(text: Option<String>) -> Result<String, Misconfigured> {
    let Some(text) = text else {
        return Ok("/paysg".to_owned());
    };
    let path = text.strip_suffix('/').unwrap_or(&text);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    if (path.is_empty() || path.starts_with('/')) && !path.contains("//") && path.bytes().all(plain)
    {
        Ok(path.to_owned())
    } else {
        Err(wrong(
            "PAYSG_BASE_PATH",
            "must be a path of letters, digits, hyphens and underscores",
        ))
    }
}
