//! The two hashes of RFC 6507. Plain concatenations, and yet unambiguous: all parts but one have
//! a fixed length.

use crate::curve::p256::{Point, Scalar};
use crate::hash;
use crate::identity::Identity;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};

/// A hash value as it goes on into the next hash: 32 octets, *not* reduced modulo q.
///
/// HS and HE reach q with probability 2⁻³². As integers they are used modulo q ([`scalar`]
/// (Self::scalar)), but HS enters HE as these octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HashValue(pub(crate) [u8; 32]);

impl HashValue {
    /// The hash of each message, which is the concatenation of its parts.
    pub(crate) fn many<const N: usize>(messages: &[[&[u8]; N]]) -> Vec<Self> {
        let mut values = alloc::vec![[0; hash::BYTES]; messages.len()];
        hash::digest_many(messages, &mut values);
        values.into_iter().map(Self).collect()
    }

    /// The hash as an integer modulo q.
    pub(crate) fn scalar(&self) -> Scalar {
        Scalar::reduce(&self.0)
    }
}

/// HS = hash(G ‖ KPAK ‖ ID ‖ PVT), RFC 6507 §5.1.1 step 3, §5.1.2 step 2, §5.2.2 step 2.
///
/// Each point takes 65 octets, `04` included.
pub(crate) fn hs(kpak: &Point, id: Identity<'_>, pvt: &Point) -> HashValue {
    let mut hash = Sha256::new();
    hash.update(Point::GENERATOR_ENCODED);
    hash.update(kpak.encode());
    hash.update(id.as_bytes());
    hash.update(pvt.encode());
    HashValue(hash.finalize().into())
}

/// HS for each of the identities and PVTs.
pub(crate) fn hs_many<'a>(
    kpak: &Point,
    keys: impl ExactSizeIterator<Item = (Identity<'a>, &'a Point)>,
) -> Vec<HashValue> {
    let kpak = kpak.encode();
    let keys: Vec<_> = keys.map(|(id, pvt)| (id.as_bytes(), pvt.encode())).collect();
    let parts: Vec<[&[u8]; 4]> =
        keys.iter().map(|(id, pvt)| [&Point::GENERATOR_ENCODED[..], &kpak, id, pvt]).collect();
    HashValue::many(&parts)
}

/// HE = hash(HS ‖ r ‖ M), RFC 6507 §5.2.1 step 3, §5.2.2 step 3.
///
/// `message` is the concatenation of its parts.
pub(crate) fn he(hs: &HashValue, r: &[u8; 32], message: &[&[u8]]) -> HashValue {
    let mut hash = Sha256::new();
    hash.update(hs.0);
    hash.update(r);
    for part in message {
        hash.update(part);
    }
    HashValue(hash.finalize().into())
}
