//! Input: free text, put by turns wherever a caller can put some. Law: none of it is in the log.

use std::collections::HashSet;
use std::path::Path;
use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use paysg_wasm::edge::request::Request;
use paysg_wasm::token::Keys;
use serde_json::{Value, json};

use super::{NOW_MS, ORDER_KEY, SERVICE, edge, parts, text};

pub fn check(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let [said, answers] = parts(rest);
    let said = &*text(said);
    let token = |typ: &str, claims: Value| {
        let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        let header = json!({"alg": "HS256", "typ": typ}).to_string();
        let text = format!("{}.{}", encode(&header), encode(&claims.to_string()));
        let keys = Keys::parse(ORDER_KEY, Keys::MIN_BYTES).expect("a key");
        format!(
            "{text}.{}",
            Base64UrlUnpadded::encode_string(&keys.sign(text.as_bytes()))
        )
    };
    let signed = |order: Value| {
        let claims = json!({"aud": "paysg-wasm", "exp": NOW_MS / 1000 + 3600, "order": order});
        json!({ "order": token("paysg-order+jwt", claims) }).to_string()
    };
    let kind = choice >> 3;
    // What holds the text in a request of this kind; the other kinds' would only cost the fuzzer its time.
    let told = match kind {
        0 => signed(json!({
            "reference_id": said, "payer_name": said, "description": said, "payer_email": said, "payer_identifier": said,
            "payer_address": said, "amount_in_cents": 4200, "metadata": { said: said }, said: said,
        })),
        1 => signed(
            json!({"reference_id": "INV-001", "payer_name": said, "description": "A licence", "amount_in_cents": 4200}),
        ),
        2 => json!({"item": "dog", "payer_name": said, "payer_email": said}).to_string(),
        3 => format!("/paysg/payments/{SERVICE}/{said}"),
        4 => format!("paysg_payment_id={said}&paysg_payment_service_id={SERVICE}&x={said}"),
        5 => {
            let claims = json!({"aud": "paysg-wasm", "exp": NOW_MS / 1000 + 240, "action": "read", "reference_id": said, "jti": said});
            format!("Bearer {}", token("paysg-command+jwt", claims))
        }
        _ => said.to_owned(),
    };
    let intent = format!("/paysg/intents/{SERVICE}/{said}");
    let post = |body| Request {
        method: "POST",
        path: "/paysg/payments",
        content_type: "application/json",
        body: Some(body),
        ..Request::default()
    };
    let get = |path| Request {
        method: "GET",
        path,
        body: Some(b""),
        ..Request::default()
    };
    let mut request = match kind {
        0..=2 => post(told.as_bytes()),
        3 => get(&told),
        4 => Request {
            query: &told,
            ..get("/paysg/return")
        },
        5 => Request {
            authorization: &told,
            ..get(&intent)
        },
        6 => Request {
            path: "/paysg/webhooks",
            signature: said,
            ..post(said.as_bytes())
        },
        7 => Request {
            method: said,
            ..get(said)
        },
        _ => Request {
            path: said,
            ..post(said.as_bytes())
        },
    };
    if choice & 2 != 0 {
        request = Request {
            accept: said,
            cookie: said,
            idempotency_key: said,
            ..request
        };
    }
    if choice & 4 != 0 {
        request = Request {
            origin: said,
            fetch_site: said,
            authorization: said,
            preflight_for: said,
            ..request
        };
    }
    let (_, line) = edge::drive(choice & 1 == 1, |edge| edge.begin(&request), answers);
    check_line(&line);
}

/// A line is an object of numbers, of words that stand in the sources, of the time and of our own request's id.
pub fn check_line(line: &str) {
    let line: Value = serde_json::from_str(line).expect("a line is JSON");
    for (name, value) in line.as_object().expect("a line is an object") {
        assert!(literals().contains(name), "a field called {name}");
        match (&**name, value) {
            ("at", Value::String(at)) => {
                let digits: String = at
                    .chars()
                    .map(|c| if c.is_ascii_digit() { '0' } else { c })
                    .collect();
                assert_eq!(digits, "0000-00-00T00:00:00.000Z");
            }
            ("request_id", Value::String(id)) => {
                // Of the random bytes that every step here is given.
                assert_eq!(id, "2c2d2e2f30313233");
            }
            // PaySG's own code, from an open list: of letters and underscores, so that no number and no address is one.
            ("upstream_code", Value::String(word)) => {
                let letters = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
                assert!(word.len() <= 64 && word.bytes().all(letters), "{word}");
            }
            (_, Value::String(word)) => assert!(literals().contains(word), "{name}: {word}"),
            ("status", Value::Number(number)) => assert!(number.as_u64().is_some_and(|n| n < 600)),
            // Time that passed, within one request.
            (_, Value::Number(number)) => assert!(
                number.as_u64().is_some_and(|n| n < 3_600_000),
                "{name}: {number}"
            ),
            (_, Value::Bool(_) | Value::Null) => {}
            (_, Value::Array(_) | Value::Object(_)) => panic!("{name}: {value}"),
        }
    }
}

/// The texts in quotation marks in the sources. What a caller says is in a line only if we had it in our mouth before.
fn literals() -> &'static HashSet<String> {
    static LITERALS: OnceLock<HashSet<String>> = OnceLock::new();
    LITERALS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = ["src", "../src"].map(|folder| root.join(folder));
        let sources = sources
            .into_iter()
            .find(|folder| folder.join("edge").is_dir())
            .expect("the sources");
        let mut literals = HashSet::new();
        gather(&sources, &mut literals);
        literals
    })
}

fn gather(folder: &Path, literals: &mut HashSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("the sources").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
            gather(&path, literals);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).expect("the sources");
            for line in source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
            {
                literals.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
            }
        }
    }
}
