//! Derived keys are gone from the heap once they are dropped.

#[path = "../../tests/support/heap.rs"]
mod heap;

use mikey_sakke::keys::{Context, KeyKind, Protection, Tgk};
use mikey_sakke::payload::PrfFunction;

fn tgk() -> Tgk {
    Tgk::from_bytes(b"wiped from heaps")
}

/// A copy that is not wiped is found; the key, and what led to it, is not.
fn is_wiped(key: &[u8], derive: impl Fn()) {
    assert_eq!(heap::left_on_the_heap(key, || drop(key.to_vec())), 1);
    assert_eq!(heap::left_on_the_heap(key, derive), 0);
}

#[test]
fn keys_of_sessions_and_of_signalling() {
    for prf in [PrfFunction::MIKEY_1, PrfFunction::HMAC_SHA_256] {
        let context = Context { prf, cs_id: 1, csb_id: 2, rand: &[3; 16] };
        let derive = || tgk().derive(KeyKind::Encryption, &context, 45).expect("a known PRF");
        is_wiped(derive().expose(), || drop(derive()));
    }
    let derive = || tgk().signalling_key(Protection::Integrity, "sip:a@example.org", 4).expect("short");
    is_wiped(derive().expose(), || drop(derive()));
}
