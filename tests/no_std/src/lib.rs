//! Sign, verify and open messages as a bare-metal program would call them.
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, PublicValidationToken, Signature};
use eccsi_sakke::identity::Identity;
use eccsi_sakke::onem2m::UnixTime;
use eccsi_sakke::sakke;
use mikey_sakke::open::{Known, Receiver};
use mikey_sakke::{BoundedReplayCache, IMessage, User};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Gives memory and never takes it back.
struct Bump;

const ROOM: usize = 64 * 1024;
static mut MEMORY: [u8; ROOM] = [0; ROOM];
static NEXT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: each allocation is a part of MEMORY that no other overlaps, aligned as asked.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() + layout.align();
        let start = NEXT.fetch_add(size, Ordering::Relaxed);
        if start + size > ROOM {
            return core::ptr::null_mut();
        }
        let address = (&raw mut MEMORY).cast::<u8>().wrapping_add(start);
        address.wrapping_add(address.align_offset(layout.align()))
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Bump = Bump;

/// A generator whose octets the caller gives.
struct Given<'a>(&'a [u8; 32]);

impl rand_core::TryRng for Given<'_> {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from(self.0[0]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from(self.0[0]))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for (out, octet) in out.iter_mut().zip(self.0.iter().cycle()) {
            *out = *octet;
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Given<'_> {}

/// Validates the key and signs; false if anything is refused.
#[unsafe(no_mangle)]
pub extern "C" fn ibc_sign(
    kpak: &[u8; 65],
    ssk: &[u8; 32],
    pvt: &[u8; 65],
    fresh: &[u8; 32],
    out: &mut [u8; 129],
) -> bool {
    let id = Identity::new(b"device");
    let signed = || {
        let kpak = KmsPublicKey::from_bytes(kpak).ok()?;
        let pvt = PublicValidationToken::from_bytes(pvt).ok()?;
        let key = IssuedKey::from_parts(ssk, &pvt).ok()?.validate(&kpak, id).ok()?;
        key.sign(b"message", &mut Given(fresh)).ok()
    };
    signed().map(|signature| *out = signature.to_bytes()).is_some()
}

/// Verifies.
#[unsafe(no_mangle)]
pub extern "C" fn ibc_verify(kpak: &[u8; 65], signature: &[u8; 129]) -> bool {
    let verified = || {
        let kpak = KmsPublicKey::from_bytes(kpak).ok()?;
        let signature = Signature::from_bytes(signature).ok()?;
        kpak.verify(Identity::new(b"device"), b"message", &signature).ok()
    };
    verified().is_some()
}

/// Decapsulates; false if anything is refused.
#[unsafe(no_mangle)]
pub extern "C" fn ibc_decapsulate(
    z: &[u8; 257],
    rsk: &[u8; 257],
    data: &[u8; 273],
    out: &mut [u8; 16],
) -> bool {
    let decapsulated = || {
        let id = sakke::Identifier::from_raw(b"device").ok()?;
        let z = sakke::KmsPublicKey::from_bytes(z).ok()?;
        let key = sakke::IssuedKey::from_bytes(rsk).ok()?.validate(&z, &id).ok()?;
        key.decapsulate(&sakke::EncapsulatedData::from_bytes(data).ok()?).ok()
    };
    decapsulated().map(|ssv| *out = *ssv.expose()).is_some()
}

/// Encapsulates.
#[unsafe(no_mangle)]
pub extern "C" fn ibc_encapsulate(z: &[u8; 257], ssv: &[u8; 16], out: &mut [u8; 273]) -> bool {
    let encapsulated = || {
        let z = sakke::KmsPublicKey::from_bytes(z).ok()?;
        let id = sakke::Identifier::from_raw(b"device").ok()?;
        z.encapsulate_ssv(&id, &sakke::SharedSecretValue::from_bytes(ssv)).ok()
    };
    encapsulated().map(|data| *out = data.to_bytes()).is_some()
}

/// Opens a message for a user of tel URIs; false if anything is refused.
#[unsafe(no_mangle)]
pub extern "C" fn ibc_open_mikey(
    kpak: &[u8; 65],
    z: &[u8; 257],
    rsk: &[u8; 257],
    message: &[u8; 600],
    now: u64,
    out: &mut [u8; 16],
) -> bool {
    let opened = || {
        let kpak = KmsPublicKey::from_bytes(kpak).ok()?;
        let z = sakke::KmsPublicKey::from_bytes(z).ok()?;
        let (own, peer) = (User::tel("tel:+447700900123").ok()?, User::tel("tel:+447700900456").ok()?);
        let now = UnixTime::from_seconds(now);
        let id = own.identifier(now)?.sakke();
        let keys = [sakke::IssuedKey::from_bytes(rsk).ok()?.validate(&z, &id).ok()?];
        let known = Known { user: &peer, kpak: &kpak };
        let mut seen = BoundedReplayCache::new(16);
        IMessage::open(message, &Receiver::new(&own, &keys), &known, &mut seen, now).ok()
    };
    opened().map(|opened| *out = *opened.tgk.expose()).is_some()
}
