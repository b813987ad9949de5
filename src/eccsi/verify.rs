//! RFC 6507 §5.2.2: verifying.
//!
//! The RFC computes J = \[s\](\[HE\]G + \[r\]Y) with Y = \[HS\]PVT + KPAK. The same J comes from one
//! sum, J = \[s·HE\]G + \[s·r·HS\]PVT + \[s·r\]KPAK, or, with Y at hand, J = \[s·HE\]G + \[s·r\]Y: all
//! terms share their doublings, and those with a table need none.
//!
//! Everything here is public, and the time depends on it.

mod many;

use super::hash::{HashValue, he, hs};
use super::{KmsPublicKey, PublicValidationToken, Signature};
use crate::curve::p256::{self, BasePoint, Scalar};
use crate::error::Error;
use crate::identity::{Identity, OwnedIdentity};
use ::signature::{MultipartVerifier, Verifier};

impl KmsPublicKey {
    /// Verifies that `signature` is one of `message` by `id`: [RFC 6507 §5.2.2].
    ///
    /// For many messages of one signer make a [`VerifyingKey`].
    ///
    /// # Errors
    /// [`Error::InvalidSignature`], whatever the reason.
    ///
    /// # Timing
    /// Variable; all inputs are public.
    ///
    /// [RFC 6507 §5.2.2]: https://www.rfc-editor.org/rfc/rfc6507#section-5.2.2
    pub fn verify(&self, id: Identity<'_>, message: &[u8], signature: &Signature) -> Result<(), Error> {
        IdentityVerifier { kpak: self, id }.verify_parts(&[message], signature)
    }

    /// What verifies signatures of `id`, with whatever PVT they carry, as an object for the traits
    /// of the crate `signature`. [`into_verifier`](Self::into_verifier) gives one that borrows nothing.
    pub fn verifier<'a>(&'a self, id: Identity<'a>) -> IdentityVerifier<'a> {
        IdentityVerifier { kpak: self, id }
    }

    /// As [`verifier`](Self::verifier), to keep. A [prepared](Self::prepared) key brings its table.
    ///
    /// # Timing
    /// Variable: all is public.
    pub fn into_verifier(self, id: impl Into<OwnedIdentity>) -> OwnedIdentityVerifier {
        OwnedIdentityVerifier { kpak: self, id: id.into() }
    }
}

/// An [`IdentityVerifier`] that owns its KMS public key and identity. Made by [`KmsPublicKey::into_verifier`].
#[derive(Clone, Debug)]
pub struct OwnedIdentityVerifier {
    kpak: KmsPublicKey,
    id: OwnedIdentity,
}

impl OwnedIdentityVerifier {
    /// The same, borrowed.
    ///
    /// # Timing
    /// Variable: all is public.
    pub fn as_verifier(&self) -> IdentityVerifier<'_> {
        self.kpak.verifier(self.id.as_identity())
    }
}

/// A KMS public key and an identity: verifies the signatures of that identity, whichever of its
/// keys made them. Made by [`KmsPublicKey::verifier`].
#[derive(Clone, Copy, Debug)]
pub struct IdentityVerifier<'a> {
    kpak: &'a KmsPublicKey,
    id: Identity<'a>,
}

impl IdentityVerifier<'_> {
    fn verify_parts(&self, message: &[&[u8]], signature: &Signature) -> Result<(), Error> {
        // 1) PVT lies on the curve: it was decoded.
        let pvt = signature.pvt().point();
        // 2) HS = hash(G ‖ KPAK ‖ ID ‖ PVT)
        let hs = hs(self.kpak.point(), self.id, pvt);
        // 3) HE = hash(HS ‖ r ‖ M); 4) and 5) in one sum
        let factors = Factors::new(&hs, message, signature);
        let s_r_hs = factors.s_r.mul(&hs.scalar());
        accept(p256::combination_has_x_vartime(
            signature.r(),
            &factors.s_he,
            [(&s_r_hs, pvt.as_base()), (&factors.s_r, self.kpak.base().as_base())],
        ))
    }
}

/// One signer's Y = KPAK + \[HS\]PVT (RFC 6507 §5.2.2 step 4) with HS: verifies the signatures made
/// with one key.
///
/// To make one costs most of a verification, and each further one saves some;
/// [`prepared`](Self::prepared) adds a table, which pays from about the eighth message on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    pub(super) hs: HashValue,
    pub(super) pvt: PublicValidationToken,
    pub(super) y: BasePoint,
}

impl VerifyingKey {
    /// Computes Y for a signer: RFC 6507 §5.2.2 steps 1, 2 and 4.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if Y is the identity: no SSK belongs to such values.
    ///
    /// # Timing
    /// Variable: all inputs are public.
    pub fn new(kpak: &KmsPublicKey, id: Identity<'_>, pvt: &PublicValidationToken) -> Result<Self, Error> {
        let hs = hs(kpak.point(), id, pvt.point());
        let y = p256::add_mul_vartime(kpak.point(), &hs.scalar(), pvt.point()).ok_or(Error::InvalidKey)?;
        Ok(Self { hs, pvt: *pvt, y: BasePoint::new(y) })
    }

    /// The same key with a table of its multiples, 88 KB: each verification takes a quarter to a
    /// tenth of the time it takes without. To build it takes as long as five to six verifications
    /// of a new signer (`docs/benchmarks.md` has the figures), so that it pays from about the eighth on. Clones share it. A server lets
    /// `VerifyingKeyCache` (feature `std`) decide.
    ///
    /// # Timing
    /// Variable: the key is public.
    #[cfg(feature = "tables")]
    pub fn prepared(self) -> Self {
        Self { y: self.y.prepared(), ..self }
    }

    /// Verifies that `signature` is one of `message`, made with this key: [RFC 6507 §5.2.2].
    ///
    /// # Errors
    /// [`Error::InvalidSignature`], whatever the reason; also for a signature by another key of
    /// the same identity, which carries another PVT.
    ///
    /// # Timing
    /// Variable; all inputs are public.
    ///
    /// [RFC 6507 §5.2.2]: https://www.rfc-editor.org/rfc/rfc6507#section-5.2.2
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), Error> {
        self.verify_parts(&[message], signature)
    }

    fn verify_parts(&self, message: &[&[u8]], signature: &Signature) -> Result<(), Error> {
        if *signature.pvt() != self.pvt {
            return Err(Error::InvalidSignature);
        }
        let factors = Factors::new(&self.hs, message, signature);
        accept(p256::combination_has_x_vartime(
            signature.r(),
            &factors.s_he,
            [(&factors.s_r, self.y.as_base())],
        ))
    }

    /// HS = hash(G ‖ KPAK ‖ ID ‖ PVT), 32 octets, not reduced.
    pub fn hs(&self) -> &[u8; 32] {
        &self.hs.0
    }

    /// PVT.
    pub fn pvt(&self) -> &PublicValidationToken {
        &self.pvt
    }

    /// The point Y, `04 ‖ x ‖ y`.
    pub fn to_bytes(&self) -> [u8; 65] {
        self.y.point().encode()
    }
}

/// The scalars that both sums have in common.
pub(super) struct Factors {
    /// s·HE mod q
    pub(super) s_he: Scalar,
    /// s·r mod q
    pub(super) s_r: Scalar,
}

impl Factors {
    pub(super) fn new(hs: &HashValue, message: &[&[u8]], signature: &Signature) -> Self {
        Self::of(&he(hs, signature.r(), message).scalar(), signature)
    }

    fn of(he: &Scalar, signature: &Signature) -> Self {
        let s = Scalar::reduce(signature.s());
        Self { s_he: s.mul(he), s_r: s.mul(&Scalar::reduce(signature.r())) }
    }
}

/// 6) Accept if Jx = r: J is a point, and r ≠ 0 by the form of a signature.
fn accept(x_is_r: bool) -> Result<(), Error> {
    if x_is_r { Ok(()) } else { Err(Error::InvalidSignature) }
}

impl MultipartVerifier<Signature> for IdentityVerifier<'_> {
    fn multipart_verify(&self, message: &[&[u8]], signature: &Signature) -> ::signature::Result<()> {
        self.verify_parts(message, signature).map_err(|_| ::signature::Error::new())
    }
}

impl Verifier<Signature> for IdentityVerifier<'_> {
    fn verify(&self, message: &[u8], signature: &Signature) -> ::signature::Result<()> {
        self.multipart_verify(&[message], signature)
    }
}

impl MultipartVerifier<Signature> for OwnedIdentityVerifier {
    fn multipart_verify(&self, message: &[&[u8]], signature: &Signature) -> ::signature::Result<()> {
        self.as_verifier().multipart_verify(message, signature)
    }
}

impl Verifier<Signature> for OwnedIdentityVerifier {
    fn verify(&self, message: &[u8], signature: &Signature) -> ::signature::Result<()> {
        self.multipart_verify(&[message], signature)
    }
}

impl MultipartVerifier<Signature> for VerifyingKey {
    fn multipart_verify(&self, message: &[&[u8]], signature: &Signature) -> ::signature::Result<()> {
        self.verify_parts(message, signature).map_err(|_| ::signature::Error::new())
    }
}

impl Verifier<Signature> for VerifyingKey {
    fn verify(&self, message: &[u8], signature: &Signature) -> ::signature::Result<()> {
        self.multipart_verify(&[message], signature)
    }
}
