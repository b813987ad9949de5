//! Validating, signing and verifying as a program on a device would call them.
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, PublicValidationToken, Signature, SigningKey};
use eccsi_sakke::identity::Identity;
use rand_core::{TryCryptoRng, TryRng};

const ID: Identity<'static> = Identity::new(b"2011-02\0tel:+447700900123\0");
const MESSAGE: &[u8] = b"message\0";

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

unsafe extern "C" {
    /// Ends the program. That it is linked at all shows that something can allocate.
    fn heap_was_used() -> !;
}

struct NoHeap;

// SAFETY: never returns.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        // SAFETY: a function without conditions.
        unsafe { heap_was_used() }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {
        // SAFETY: as above.
        unsafe { heap_was_used() }
    }
}

#[global_allocator]
static ALLOCATOR: NoHeap = NoHeap;

/// Octets that the caller gives, again and again.
struct Given<'a>(&'a [u8; 32]);

impl TryRng for Given<'_> {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_le_bytes([self.0[0], self.0[1], self.0[2], self.0[3]]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from(self.try_next_u32()?))
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Self::Error> {
        for (octet, given) in octets.iter_mut().zip(self.0.iter().cycle()) {
            *octet = *given;
        }
        Ok(())
    }
}

impl TryCryptoRng for Given<'_> {}

/// Octets of a key, for the caller to give room.
#[unsafe(no_mangle)]
pub extern "C" fn footprint_key_size() -> usize {
    size_of::<SigningKey>()
}

/// Validates a key and puts it in place.
#[unsafe(no_mangle)]
pub extern "C" fn footprint_validate(
    kpak: &[u8; 65],
    ssk: &[u8; 32],
    pvt: &[u8; 65],
    key: &mut MaybeUninit<SigningKey>,
) -> bool {
    let validated = || {
        let kpak = KmsPublicKey::from_bytes(kpak).ok()?;
        let pvt = PublicValidationToken::from_bytes(pvt).ok()?;
        IssuedKey::from_parts(ssk, &pvt).ok()?.validate(&kpak, ID).ok()
    };
    validated().map(|valid| key.write(valid)).is_some()
}

/// Signs.
#[unsafe(no_mangle)]
pub extern "C" fn footprint_sign(key: &SigningKey, fresh: &[u8; 32], out: &mut [u8; 129]) -> bool {
    let signed = key.sign(MESSAGE, &mut Given(fresh));
    signed.map(|signature| *out = signature.to_bytes()).is_ok()
}

/// Verifies.
#[unsafe(no_mangle)]
pub extern "C" fn footprint_verify(kpak: &[u8; 65], signature: &[u8; 129]) -> bool {
    let verified = || {
        let kpak = KmsPublicKey::from_bytes(kpak).ok()?;
        let signature = Signature::from_bytes(signature).ok()?;
        kpak.verify(ID, MESSAGE, &signature).ok()
    };
    verified().is_some()
}
