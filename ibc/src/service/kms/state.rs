//! Small state that is kept outside the database: sealed under the root key, so that it can be neither read
//! nor changed without it.

use super::directory::KeyDirectory;
use super::error::KeysError;
use super::sealed_file::{self, NONCE, TAG};
use super::secret_octets::SecretOctets;
use rand_core::TryCryptoRng;

impl KeyDirectory {
    /// Seals `octets` for the purpose `label`: nonce (12) ‖ ciphertext ‖ tag (16), AES-256-GCM-SIV under a
    /// key of its own, with the associated data `"ibc state v1 "` ‖ label.
    ///
    /// # Errors
    /// [`KeysError::Rng`].
    pub fn seal_state<R: TryCryptoRng + Send + ?Sized>(
        &self,
        label: &str,
        octets: &[u8],
        rng: &mut R,
    ) -> Result<Vec<u8>, KeysError> {
        self.vault().run(|| {
            let nonce = sealed_file::nonce(rng)?;
            let sealed = sealed_file::encrypt(&self.purpose_key("state"), &nonce, &associated(label), octets);
            Ok([&nonce[..], &sealed].concat())
        })
    }

    /// Opens what [`seal_state`](Self::seal_state) made with the same label.
    ///
    /// # Errors
    /// [`KeysError::Sealed`].
    pub fn open_state(&self, label: &str, sealed: &[u8]) -> Result<SecretOctets, KeysError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(KeysError::Sealed)?;
        let length = sealed.len().checked_sub(TAG).ok_or(KeysError::Sealed)?;
        self.vault().run(|| {
            let key = self.purpose_key("state");
            SecretOctets::filled(length, |octets| {
                sealed_file::decrypt(&key, nonce, &associated(label), sealed, octets)
            })
            .map_err(|_| KeysError::Sealed)
        })
    }
}

fn associated(label: &str) -> Vec<u8> {
    [&b"ibc state v1 "[..], label.as_bytes()].concat()
}
