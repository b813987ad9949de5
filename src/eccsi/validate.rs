//! RFC 6507 §5.1.2: the receiver validates (SSK, PVT) before it uses them.

mod many;

use super::hash::hs;
use super::{IssuedKey, KmsPublicKey, SigningKey, VerifyingKey};
use crate::curve::p256::{self, BasePoint};
use crate::error::Error;
use crate::identity::Identity;

impl IssuedKey {
    /// Validates the pair against the KMS public key and the identity it was issued for:
    /// [RFC 6507 §5.1.2]. The only way to a [`SigningKey`], which gets a copy of SSK; the pair stays with the
    /// caller, who may try another KPAK or identity.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if SSK, PVT, KPAK and `id` do not belong together.
    ///
    /// # Timing
    /// Constant in SSK. Depends on the public values, and on the outcome.
    ///
    /// [RFC 6507 §5.1.2]: https://www.rfc-editor.org/rfc/rfc6507#section-5.1.2
    pub fn validate(&self, kpak: &KmsPublicKey, id: Identity<'_>) -> Result<SigningKey, Error> {
        // 1) PVT lies on the curve: it was decoded.
        let pvt = self.pvt;
        // 2) HS = hash(G ‖ KPAK ‖ ID ‖ PVT)
        let hs = hs(kpak.point(), id, pvt.point());
        let hs_scalar = hs.scalar();
        if hs_scalar.is_zero() {
            return Err(Error::InvalidKey); // §5.1.1 never issues it
        }
        // 3) KPAK = [SSK]G − [HS]PVT, as [SSK]G = KPAK + [HS]PVT
        let y = p256::mul_generator_if_equal(&self.ssk, kpak.base(), &hs_scalar, pvt.point())
            .ok_or(Error::InvalidKey)?;
        let verifying = VerifyingKey { hs, pvt, y: BasePoint::new(y) };
        Ok(SigningKey { issued: self.duplicate(), kpak: kpak.clone(), verifying })
    }
}
