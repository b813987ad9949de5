//! The PRFs of MIKEY: RFC 3830 §4.1.2, and RFC 6043 §6.1 with SHA-256.
//!
//! What HMAC gives is borrowed from its output, which is wiped when dropped; `into_bytes` would leave a copy.
//!
//! Both cut the input key into blocks of 256 bits and xor what each gives. A TGK has 128 bits: one block, nothing to xor.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// MIKEY-1.
pub(super) fn mikey_1(inkey: &[u8; 16], label: &[u8], out: &mut [u8]) {
    p::<Hmac<Sha1>>(inkey, label, out);
}

/// PRF-HMAC-SHA-256.
pub(super) fn hmac_sha_256(inkey: &[u8; 16], label: &[u8], out: &mut [u8]) {
    p::<Hmac<Sha256>>(inkey, label, out);
}

/// P(s, label, m): HMAC(s, A_1 ‖ label) ‖ HMAC(s, A_2 ‖ label) …, where A_0 = label and A_i = HMAC(s, A_{i−1}). All A_i and
/// what is cut off the last block are as secret as the key.
fn p<M: Mac + KeyInit>(s: &[u8], label: &[u8], out: &mut [u8]) {
    let hmac = |parts: [&[u8]; 2]| {
        let mut mac = <M as KeyInit>::new_from_slice(s).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize()
    };
    let mut a = hmac([label, &[]]);
    for block in out.chunks_mut(M::output_size()) {
        block.copy_from_slice(&hmac([a.as_bytes(), label]).as_bytes()[..block.len()]);
        a = hmac([a.as_bytes(), &[]]);
    }
}
