//! Input: the header, then the body.

use base64ct::{Base64Unpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use paysg_wasm::paysg::signature::{self, Header, MAX_HEADER_BYTES, MAX_TAGS, Secret};
use sha2::Sha256;

use super::{WEBHOOK_SECRET, parts, text};

pub fn check(data: &[u8]) {
    let [header, body] = parts(data);
    let header = text(header);
    let secret = Secret::parse(WEBHOOK_SECRET).expect("a secret");
    let secrets = [secret];
    let Ok(parsed) = Header::parse(&header) else {
        return;
    };
    let pairs: Vec<(&str, &str)> = header
        .split(',')
        .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
        .collect();
    let values = |wanted: &str| -> Vec<&str> {
        let named = pairs.iter().filter(|(name, _)| *name == wanted);
        named.map(|(_, value)| *value).collect()
    };
    let [timestamp] = values("t")[..] else {
        panic!("exactly one t");
    };
    let sent = values("v1");
    assert!(header.len() <= MAX_HEADER_BYTES && (1..=MAX_TAGS).contains(&sent.len()));

    // A peer's HMAC, and a peer's reading of the tags: full length or nothing.
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).expect("a key");
    mac.update([timestamp.as_bytes(), b".", body].concat().as_slice());
    let good: [u8; 32] = mac.finalize().into_bytes().into();
    let genuine = sent
        .iter()
        .any(|tag| decoded(tag).as_deref() == Some(&good));
    assert_eq!(signature::verify(&parsed, body, &secrets), genuine);

    let hex = base16ct::lower::encode_string(&good);
    let signed = format!("{header},v1={hex}");
    match Header::parse(&signed) {
        Err(_) => assert!(signed.len() > MAX_HEADER_BYTES || sent.len() == MAX_TAGS),
        Ok(signed) => {
            assert!(signature::verify(&signed, body, &secrets));
            let longer = [body, b"\0"].concat();
            assert!(!signature::verify(&signed, &longer, &secrets));
            let other = Secret::parse("whsec_of_another").expect("a secret");
            assert!(!signature::verify(&signed, body, &[other]));
        }
    }
    // A tag cut short is no tag, however good its beginning.
    for cut in [1, 2, 32, 62, 63] {
        let short = format!("t={timestamp},v1={}", &hex[..cut]);
        let taken = Header::parse(&short).is_ok_and(|it| signature::verify(&it, body, &secrets));
        assert!(!taken, "{cut} digits of 64");
    }
    assert!(Header::parse(&format!("{header},t={timestamp}")).is_err());
}

fn decoded(tag: &str) -> Option<Vec<u8>> {
    match tag.len() {
        64 => base16ct::mixed::decode_vec(tag).ok(),
        43 | 44 => {
            let digits = if tag.len() == 44 {
                tag.strip_suffix('=')?
            } else {
                tag
            };
            Base64Unpadded::decode_vec(&digits.replace('-', "+").replace('_', "/")).ok()
        }
        _ => None,
    }
}
