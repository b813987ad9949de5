//! Nonces given by hand, and the intermediate values: for test vectors and research.
//!
//! **A nonce used twice gives the key away.** Two signatures of one key with the same j give SSK;
//! two keys issued with the same v give KSAK, and with it the whole community, to their owners. So
//! does a nonce that can be guessed, even in part. Nothing here checks any of this.

use super::hash;
use super::verify::Factors;
use super::{IssuedKey, KmsPublicKey, KmsSecretKey, PublicValidationToken, Signature, SigningKey};
use crate::curve::p256::{self, Scalar};
use crate::error::{DecodeError, Error, Part, Problem};
use crate::identity::Identity;
use alloc::vec::Vec;

/// [`KmsSecretKey::issue`] with the nonce v given, 32 octets, big-endian.
///
/// # Errors
/// [`Problem::OutOfRange`] unless v lies in [1, q − 1]; [`Error::UnusableNonce`] if HS or SSK is 0.
///
/// # Timing
/// Constant in KSAK, v and SSK, but for whether v can be used.
pub fn issue_with_nonce(ksak: &KmsSecretKey, id: Identity<'_>, v: &[u8; 32]) -> Result<IssuedKey, Error> {
    let v = nonce(v)?;
    ksak.bind(id, &v, p256::mul_generator(&v)).ok_or(Error::UnusableNonce)
}

/// [`KmsSecretKey::issue_many`] with the nonces v given.
///
/// # Errors
/// As [`issue_with_nonce`]; then nothing was issued.
///
/// # Timing
/// Constant in KSAK, all v and SSKs, but for whether each v can be used.
pub fn issue_many_with_nonces(
    ksak: &KmsSecretKey,
    requests: &[(Identity<'_>, &[u8; 32])],
) -> Result<Vec<IssuedKey>, Error> {
    let (ssk, pvt) = super::issue::in_batches(requests, |batch, ssk| {
        let mut v = Vec::with_capacity(batch.len());
        for (_, octets) in batch {
            match nonce(octets) {
                Ok(nonce) => v.push(nonce),
                Err(error) => return alloc::vec![Err(Error::from(error))],
            }
        }
        let points = p256::mul_generator_many(v.iter());
        let mut pvt = Vec::with_capacity(batch.len());
        for (i, (id, _)) in batch.iter().enumerate() {
            pvt.push(ksak.bind(*id, &v[i], points[i]).ok_or(Error::UnusableNonce).map(|key| {
                ssk[i] = *key.ssk.as_octets();
                key.pvt
            }));
        }
        pvt
    });
    let pvt = pvt.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(IssuedKey::join(&ssk, pvt))
}

/// [`SigningKey::sign`] with the nonce j given, 32 octets, big-endian.
///
/// # Errors
/// [`Problem::OutOfRange`] unless j lies in [1, q − 1]; [`Error::UnusableNonce`] if r or
/// HE + r·SSK is 0.
///
/// # Timing
/// Constant in SSK and j, but for whether j can be used. Depends on the length of `message`.
pub fn sign_with_nonce(key: &SigningKey, message: &[u8], j: &[u8; 32]) -> Result<Signature, Error> {
    key.sign_with(&nonce(j)?, &[message]).ok_or(Error::UnusableNonce)
}

/// HS = hash(G ‖ KPAK ‖ ID ‖ PVT), RFC 6507 §5.1.1 step 3.
///
/// # Timing
/// Variable: all inputs are public.
pub fn hs(kpak: &KmsPublicKey, id: Identity<'_>, pvt: &PublicValidationToken) -> [u8; 32] {
    hash::hs(kpak.point(), id, pvt.point()).0
}

/// HE = hash(HS ‖ r ‖ M), RFC 6507 §5.2.1 step 3.
///
/// # Timing
/// Variable: all inputs are public.
pub fn he(hs: &[u8; 32], r: &[u8; 32], message: &[u8]) -> [u8; 32] {
    hash::he(&hash::HashValue(*hs), r, &[message]).0
}

/// \[k\]G, `04 ‖ x ‖ y`, for k in [1, q − 1]: J of RFC 6507 §5.2.1 step 2, PVT of §5.1.1 step 2.
///
/// # Errors
/// [`Problem::OutOfRange`] for another k.
///
/// # Timing
/// Constant in k, but for whether it lies in the range.
pub fn mul_generator(k: &[u8; 32]) -> Result<[u8; 65], Error> {
    Ok(p256::mul_generator(&nonce(k)?).encode())
}

/// J as a verifier computes it, `04 ‖ x ‖ y`, RFC 6507 §5.2.2 step 5; `None` for the identity.
///
/// # Timing
/// Variable: all inputs are public.
pub fn recover_j(
    kpak: &KmsPublicKey,
    id: Identity<'_>,
    message: &[u8],
    signature: &Signature,
) -> Option<[u8; 65]> {
    let pvt = signature.pvt().point();
    let hs = hash::hs(kpak.point(), id, pvt);
    let factors = Factors::new(&hs, &[message], signature);
    let s_r_hs = factors.s_r.mul(&hs.scalar());
    let terms = [(&s_r_hs, pvt.as_base()), (&factors.s_r, kpak.base().as_base())];
    p256::combination_vartime(&factors.s_he, terms).map(|j| j.encode())
}

fn nonce(octets: &[u8; 32]) -> Result<Scalar, DecodeError> {
    Scalar::from_octets(octets).ok_or(DecodeError::new(Part::Nonce, Problem::OutOfRange))
}
