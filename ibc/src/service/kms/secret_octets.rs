//! A secret on its way from the threads that made it.

use zeroize::ZeroizeOnDrop;

/// Octets of a secret in one place on the heap, which never moves and is wiped when dropped.
///
/// Moving this value moves a pointer. It cannot be cloned, compared or printed.
#[derive(ZeroizeOnDrop)]
pub struct SecretOctets(Box<[u8]>);

crate::redacted::redacted_debug!(SecretOctets);

impl SecretOctets {
    /// Copies `octets`.
    pub(super) fn copy(octets: &[u8]) -> Self {
        Self(octets.into())
    }

    /// Takes `length` octets of 0, and lets `fill` put the secret in.
    pub(super) fn filled<E>(length: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let mut octets = Self(std::vec![0; length].into_boxed_slice());
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
