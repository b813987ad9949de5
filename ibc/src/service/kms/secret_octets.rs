//! A secret on its way from the threads that made it.

use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Octets of a secret in one place on the heap, which never moves and is wiped when dropped.
///
/// Moving this value moves one pointer, and so does moving an `Option` of it. A pointer with a length would leave the
/// length of `None` to chance, and what a register held by chance, a limb of another secret, would move along with
/// every copy. It cannot be cloned, compared or printed.
pub struct SecretOctets(Box<Zeroizing<Box<[u8]>>>);

/// By what the box holds.
impl ZeroizeOnDrop for SecretOctets {}

crate::redacted::redacted_debug!(SecretOctets);

impl SecretOctets {
    /// Copies `octets`.
    pub(super) fn copy(octets: &[u8]) -> Self {
        Self(Box::new(Zeroizing::new(octets.into())))
    }

    /// Takes `length` octets of 0, and lets `fill` put the secret in.
    pub(super) fn filled<E>(length: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut octets = Self(Box::new(Zeroizing::new(std::vec![0; length].into_boxed_slice())));
        fill(&mut octets.0)?;
        Ok(octets)
    }

    /// The octets themselves, to deliver them. What is made of them is the caller's to wipe.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Their number.
    pub fn octets(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_beside_the_pointer_moves() {
        assert_eq!(size_of::<Option<SecretOctets>>(), size_of::<usize>());
    }

    #[test]
    fn shows_nothing_and_holds_what_was_put_in() {
        let secret = SecretOctets::filled::<()>(3, |octets| {
            octets.copy_from_slice(b"abc");
            Ok(())
        });
        let secret = secret.unwrap();
        assert_eq!((secret.expose(), secret.octets()), (&b"abc"[..], 3));
        assert_eq!(std::format!("{secret:?}"), "SecretOctets(..)");
        assert_eq!(SecretOctets::filled(3, |_| Err(7)).err(), Some(7));
    }
}
