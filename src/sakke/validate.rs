//! RFC 6508 §6.1.2: the receiver validates its Receiver Secret Key before it uses it.

mod many;

use super::encoding::identifier_integer;
use super::{IssuedKey, KmsPublicKey, ReceiverSecretKey};
use crate::curve::ss1024::{self, Base, pairing_generator};
use crate::error::Error;
use crate::identity::sakke_identifier::Identifier;
use crate::secret::declassify;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

impl IssuedKey {
    /// Validates the key against the KMS public key and the identifier it was issued for:
    /// [RFC 6508 §6.1.2]. The only way to a [`ReceiverSecretKey`], which gets a copy of K; the key stays with
    /// the caller, who may try another Z or identifier.
    ///
    /// Checks <\[a\]P + Z, K> = g, and that K has order q. The RFC has the equation only, which
    /// K + T passes as well, for T of order 2 or 4.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if K, Z and `id` do not belong together, or K is not of order q;
    /// [`Error::UnusableIdentity`] if \[a\]P + Z is infinity.
    ///
    /// # Timing
    /// Constant in K. Depends on the public values, and on the outcome.
    ///
    /// [RFC 6508 §6.1.2]: https://www.rfc-editor.org/rfc/rfc6508#section-6.1.2
    #[allow(non_snake_case, reason = "symbols of RFC 6508 §6.1.2")]
    pub fn validate(&self, Z: &KmsPublicKey, id: &Identifier) -> Result<ReceiverSecretKey, Error> {
        self.validate_by(Z, Z, id)
    }

    /// Validates with the tables of `prepared`, which is Z, and gives a key that keeps those of Z only.
    #[allow(non_snake_case, reason = "symbols of RFC 6508 §6.1.2")]
    fn validate_by(
        &self,
        prepared: &KmsPublicKey,
        Z: &KmsPublicKey,
        id: &Identifier,
    ) -> Result<ReceiverSecretKey, Error> {
        // [a]P + Z
        let a = identifier_integer(id);
        let bound = Z.bound_point_of(&a)?;
        // K is of order q
        let order = ss1024::has_order_q(&self.k);
        // < [a]P + Z, K > = g: by the loops that walk P and Z, if Z was prepared for it, else by the one
        // that walks K as it will in decapsulation
        let w = prepared.pairing_with_bound_point(&a, &self.k).unwrap_or_else(|| {
            let w = ss1024::pairing_many(Base { point: &self.k, table: None }, &[&bound]);
            Zeroizing::new(w[0])
        });
        let valid = order & w.as_slice().ct_eq(&pairing_generator());
        if declassify(valid).into() {
            Ok(ReceiverSecretKey::new(self.duplicate(), id, Z, Some(bound)))
        } else {
            Err(Error::InvalidKey)
        }
    }
}
