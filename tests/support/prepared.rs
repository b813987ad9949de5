//! A public key plain and, with the feature `tables`, with its table.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

use eccsi_sakke::eccsi::{KmsPublicKey, VerifyingKey};

/// `kpak` as it is, then prepared.
pub fn kpak_forms(kpak: KmsPublicKey) -> Vec<(&'static str, KmsPublicKey)> {
    #[cfg(feature = "tables")]
    let prepared = Some(("prepared KPAK", kpak.clone().prepared()));
    #[cfg(not(feature = "tables"))]
    let prepared = None;
    std::iter::once(("plain KPAK", kpak)).chain(prepared).collect()
}

/// What `check` gives for `key` as it is, then prepared.
pub fn key_forms<T>(key: VerifyingKey, check: impl Fn(&VerifyingKey) -> T) -> Vec<(&'static str, T)> {
    #[cfg(not(feature = "tables"))]
    return vec![("plain VerifyingKey", check(&key))];
    #[cfg(feature = "tables")]
    vec![("plain VerifyingKey", check(&key)), ("prepared VerifyingKey", check(&key.prepared()))]
}
