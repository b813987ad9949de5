//! A signing key and a generator in one, for code that knows the traits of the crate `signature` alone.

use super::{Signature, SigningKey, VerifyingKey};
use core::borrow::Borrow;
use rand_core::TryCryptoRng;
use signature::{KeypairRef, MultipartSigner, RandomizedMultipartSigner, Signer};

/// A [`SigningKey`] with the generator that it signs with: signs without being handed one.
///
/// `K` is the key, a reference to it, or an `Arc` or `Box` of it; [`SigningKey::with_rng`] borrows,
/// [`new`](Self::new) takes what it is given. `R` is `Copy`, which generators with a state are not: each
/// signature asks for fresh octets. `getrandom`'s `SysRng` is one.
#[derive(Clone, Copy, Debug)]
pub struct WithRng<K, R> {
    key: K,
    rng: R,
}

impl<K: Borrow<SigningKey>, R: TryCryptoRng + Copy> WithRng<K, R> {
    /// Puts both together.
    ///
    /// # Timing
    /// Constant: nothing is looked at.
    pub const fn new(key: K, rng: R) -> Self {
        Self { key, rng }
    }

    /// The key.
    pub fn signing_key(&self) -> &SigningKey {
        self.key.borrow()
    }
}

impl SigningKey {
    /// This key with a generator, as a `signature::Signer`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn core::error::Error>> {
    /// # #[cfg(feature = "getrandom")] {
    /// use eccsi_sakke::signature::{Signer, Verifier};
    /// use eccsi_sakke::{Identity, SysRng, eccsi};
    ///
    /// let kms = eccsi::KmsSecretKey::generate(&mut SysRng)?;
    /// let id = Identity::new(b"alice@example.com");
    /// let key = kms.issue(id, &mut SysRng)?.validate(&kms.public_key(), id)?;
    /// let signature = key.with_rng(SysRng).try_sign(b"a message")?;
    /// kms.public_key().verifier(id).verify(b"a message", &signature)?;
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Timing
    /// Constant: nothing is looked at.
    pub fn with_rng<R: TryCryptoRng + Copy>(&self, rng: R) -> WithRng<&Self, R> {
        WithRng::new(self, rng)
    }
}

/// # Timing
/// As [`SigningKey::sign`].
impl<K: Borrow<SigningKey>, R: TryCryptoRng + Copy> MultipartSigner<Signature> for WithRng<K, R> {
    fn try_multipart_sign(&self, message: &[&[u8]]) -> signature::Result<Signature> {
        let mut rng = self.rng;
        self.signing_key().try_multipart_sign_with_rng(&mut rng, message)
    }
}

/// # Timing
/// As [`SigningKey::sign`].
impl<K: Borrow<SigningKey>, R: TryCryptoRng + Copy> Signer<Signature> for WithRng<K, R> {
    fn try_sign(&self, message: &[u8]) -> signature::Result<Signature> {
        self.try_multipart_sign(&[message])
    }
}

impl<K: Borrow<SigningKey>, R> AsRef<VerifyingKey> for WithRng<K, R> {
    fn as_ref(&self) -> &VerifyingKey {
        self.key.borrow().verifying_key()
    }
}

impl<K: Borrow<SigningKey>, R> KeypairRef for WithRng<K, R> {
    type VerifyingKey = VerifyingKey;
}
