//! As much of wolfCrypt's SAKKE interface as the comparison needs, declared by hand after
//! `wolfssl/wolfcrypt/sakke.h` of version 5.5.4.
//!
//! A key object of wolfSSL works for one role: after `wc_MakeSakkeRsk` the same object refuses
//! right keys and right data. So the KMS, a sender and a receiver each have their own.

pub use crate::common::Refused;
use crate::common::{Point, Rng, Room, SHA256, check, length};
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

/// Room for a `SakkeKey`, 11 936 octets in 5.5.4.
const KEY_ROOM: usize = 32 * 1024;

#[link(name = "wolfssl")]
unsafe extern "C" {
    fn wc_InitSakkeKey(key: *mut c_void, heap: *mut c_void, device: c_int) -> c_int;
    fn wc_FreeSakkeKey(key: *mut c_void);
    fn wc_MakeSakkeKey(key: *mut c_void, rng: *mut c_void) -> c_int;
    fn wc_MakeSakkePublicKey(key: *mut c_void, public: *mut c_void) -> c_int;
    fn wc_ExportSakkePrivateKey(key: *mut c_void, data: *mut u8, size: *mut u32) -> c_int;
    fn wc_ExportSakkePublicKey(key: *mut c_void, data: *mut u8, size: *mut u32, raw: c_int) -> c_int;
    fn wc_ImportSakkeKey(key: *mut c_void, data: *const u8, size: u32) -> c_int;
    fn wc_ImportSakkePrivateKey(key: *mut c_void, data: *const u8, size: u32) -> c_int;
    fn wc_ImportSakkePublicKey(key: *mut c_void, data: *const u8, size: u32, trusted: c_int) -> c_int;
    fn wc_MakeSakkeRsk(key: *mut c_void, id: *const u8, id_size: u16, rsk: *mut c_void) -> c_int;
    fn wc_ValidateSakkeRsk(
        key: *mut c_void,
        id: *const u8,
        id_size: u16,
        rsk: *mut c_void,
        valid: *mut c_int,
    ) -> c_int;
    fn wc_EncodeSakkeRsk(
        key: *const c_void,
        rsk: *mut c_void,
        out: *mut u8,
        size: *mut u32,
        raw: c_int,
    ) -> c_int;
    fn wc_DecodeSakkeRsk(key: *const c_void, data: *const u8, size: u32, rsk: *mut c_void) -> c_int;
    fn wc_SetSakkeRsk(key: *mut c_void, rsk: *const c_void, table: *mut u8, size: u32) -> c_int;
    fn wc_SetSakkeIdentity(key: *mut c_void, id: *const u8, id_size: u16) -> c_int;
    fn wc_MakeSakkePointI(key: *mut c_void, id: *const u8, id_size: u16) -> c_int;
    fn wc_GenerateSakkePointITable(key: *mut c_void, table: *mut u8, size: *mut u32) -> c_int;
    fn wc_GenerateSakkeRskTable(
        key: *const c_void,
        rsk: *const c_void,
        table: *mut u8,
        size: *mut u32,
    ) -> c_int;
    fn wc_MakeSakkeEncapsulatedSSV(
        key: *mut c_void,
        hash: c_int,
        ssv: *mut u8,
        ssv_size: u16,
        auth: *mut u8,
        auth_size: *mut u16,
    ) -> c_int;
    fn wc_DeriveSakkeSSV(
        key: *mut c_void,
        hash: c_int,
        ssv: *mut u8,
        ssv_size: u16,
        auth: *const u8,
        auth_size: u16,
    ) -> c_int;
}

/// What wolfSSL answers when it is asked for the size of a table.
const LENGTH_ONLY: c_int = -202;

/// A `SakkeKey`.
struct Key(Room);

impl Key {
    fn new() -> Self {
        let room = Room::new(KEY_ROOM);
        // SAFETY: the room holds a SakkeKey; INVALID_DEVID is -2.
        check(unsafe { wc_InitSakkeKey(room.pointer(), null_mut(), -2) }).expect("wc_InitSakkeKey");
        Self(room)
    }

    fn public(z: &[u8; 257]) -> Result<Self, Refused> {
        let key = Self::new();
        // SAFETY: pointer and length of one array; 0 asks for the check of the key.
        check(unsafe { wc_ImportSakkePublicKey(key.pointer(), z.as_ptr(), length(z), 0) })?;
        Ok(key)
    }

    fn pointer(&self) -> *mut c_void {
        self.0.pointer()
    }

    fn rsk(&self, octets: &[u8; 257]) -> Result<Point, Refused> {
        let rsk = Point::new();
        // SAFETY: pointer and length of one array; both objects are initialised.
        check(unsafe { wc_DecodeSakkeRsk(self.pointer(), octets.as_ptr(), length(octets), rsk.pointer()) })?;
        Ok(rsk)
    }

    fn encoded(&self, point: &Point) -> Result<[u8; 257], Refused> {
        let (mut octets, mut size) = ([0; 257], 257);
        // SAFETY: pointer and length of one array; 0 asks for the form octet.
        check(unsafe {
            wc_EncodeSakkeRsk(self.pointer(), point.pointer(), octets.as_mut_ptr(), &raw mut size, 0)
        })?;
        assert_eq!(size, 257);
        Ok(octets)
    }

    fn set_identity(&self, id: &[u8]) -> Result<(), Refused> {
        // SAFETY: pointer and length of one slice, which is copied.
        check(unsafe { wc_SetSakkeIdentity(self.pointer(), id.as_ptr(), short(id)) })
    }

    /// Computes \[b\]P + Z and keeps it.
    fn make_point(&self, id: &[u8]) -> Result<(), Refused> {
        // SAFETY: pointer and length of one slice, which is copied.
        check(unsafe { wc_MakeSakkePointI(self.pointer(), id.as_ptr(), short(id)) })
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, freed once.
        unsafe { wc_FreeSakkeKey(self.pointer()) };
    }
}

fn short(octets: &[u8]) -> u16 {
    octets.len().try_into().expect("short")
}

/// (z, Z) of a KMS that wolfSSL makes.
pub fn generate() -> Result<([u8; 128], [u8; 257]), Refused> {
    let (key, rng) = (Key::new(), Rng::new());
    // SAFETY: both are initialised.
    check(unsafe { wc_MakeSakkeKey(key.pointer(), rng.pointer()) })?;
    let (mut z, mut size) = ([0; 128], 128);
    // SAFETY: pointer and length of one array.
    check(unsafe { wc_ExportSakkePrivateKey(key.pointer(), z.as_mut_ptr(), &raw mut size) })?;
    assert_eq!(size, 128);
    let (mut public, mut size) = ([0; 257], 257);
    // SAFETY: pointer and length of one array; 0 asks for the form octet.
    check(unsafe { wc_ExportSakkePublicKey(key.pointer(), public.as_mut_ptr(), &raw mut size, 0) })?;
    assert_eq!(size, 257);
    Ok((z, public))
}

/// Z = \[z\]P.
pub fn public_key(z: &[u8; 128]) -> Result<[u8; 257], Refused> {
    let (key, public) = (Key::new(), Point::new());
    // SAFETY: pointer and length of one array.
    check(unsafe { wc_ImportSakkePrivateKey(key.pointer(), z.as_ptr(), length(z)) })?;
    // SAFETY: both are initialised.
    check(unsafe { wc_MakeSakkePublicKey(key.pointer(), public.pointer()) })?;
    key.encoded(&public)
}

/// wolfSSL's KMS.
pub struct Kms {
    key: Key,
    rsk: Point,
}

impl Kms {
    pub fn new(z: &[u8; 128], public: &[u8; 257]) -> Result<Self, Refused> {
        let key = Key::new();
        let both = [&z[..], &public[1..]].concat();
        // SAFETY: pointer and length of one slice.
        check(unsafe { wc_ImportSakkeKey(key.pointer(), both.as_ptr(), length(&both)) })?;
        Ok(Self { key, rsk: Point::new() })
    }

    /// K for `id`, RFC 6508 §6.1.1.
    pub fn issue(&mut self, id: &[u8]) -> Result<[u8; 257], Refused> {
        // SAFETY: all objects are initialised; pointer and length of one slice.
        check(unsafe { wc_MakeSakkeRsk(self.key.pointer(), id.as_ptr(), short(id), self.rsk.pointer()) })?;
        self.key.encoded(&self.rsk)
    }
}

/// A sender of wolfSSL.
pub struct Sender(Key);

impl Sender {
    pub fn new(z: &[u8; 257]) -> Result<Self, Refused> {
        Key::public(z).map(Self)
    }

    /// Writes to `id` from now on.
    pub fn to(&mut self, id: &[u8]) -> Result<(), Refused> {
        self.0.set_identity(id)
    }

    /// Computes \[b\]P + Z once and for all.
    pub fn prepare(&mut self, id: &[u8]) -> Result<(), Refused> {
        self.0.make_point(id)
    }

    /// RFC 6508 §6.2.1.
    pub fn encapsulate(&mut self, ssv: &[u8; 16]) -> Result<[u8; 273], Refused> {
        let (mut data, mut size) = ([0; 273], 257);
        let (r, h) = data.split_at_mut(257);
        h.copy_from_slice(ssv);
        // SAFETY: pointers and lengths of slices. SSV is overwritten by H.
        check(unsafe {
            wc_MakeSakkeEncapsulatedSSV(
                self.0.pointer(),
                SHA256,
                h.as_mut_ptr(),
                short(h),
                r.as_mut_ptr(),
                &raw mut size,
            )
        })?;
        assert_eq!(size, 257);
        Ok(data)
    }
}

/// A receiver of wolfSSL with a key.
pub struct Receiver {
    key: Key,
    rsk: Point,
    id: Vec<u8>,
}

impl Receiver {
    pub fn new(z: &[u8; 257], id: &[u8], rsk: &[u8; 257]) -> Result<Self, Refused> {
        let key = Key::public(z)?;
        let rsk = key.rsk(rsk)?;
        key.set_identity(id)?;
        // SAFETY: both are initialised; the point is copied, there is no table.
        check(unsafe { wc_SetSakkeRsk(key.pointer(), rsk.pointer(), null_mut(), 0) })?;
        Ok(Self { key, rsk, id: id.to_vec() })
    }

    /// RFC 6508 §6.1.2.
    pub fn validate(&mut self) -> Result<bool, Refused> {
        let Self { key, rsk, id } = self;
        let mut valid = 0;
        // SAFETY: both are initialised; pointer and length of one slice.
        check(unsafe {
            wc_ValidateSakkeRsk(key.pointer(), id.as_ptr(), short(id), rsk.pointer(), &raw mut valid)
        })?;
        Ok(valid == 1)
    }

    /// Computes \[b\]P + Z once and for all.
    pub fn prepare(&mut self) -> Result<(), Refused> {
        self.key.make_point(&self.id)
    }

    /// RFC 6508 §6.2.2.
    pub fn decapsulate(&mut self, data: &[u8; 273]) -> Result<[u8; 16], Refused> {
        let (r, h) = data.split_first_chunk::<257>().expect("273 octets");
        let mut ssv: [u8; 16] = h.try_into().expect("16 octets");
        // SAFETY: pointers and lengths of arrays. H is overwritten by SSV.
        check(unsafe {
            wc_DeriveSakkeSSV(self.key.pointer(), SHA256, ssv.as_mut_ptr(), short(&ssv), r.as_ptr(), short(r))
        })?;
        Ok(ssv)
    }

    /// Octets of the tables that this build would make of \[b\]P + Z and of K: 0 if it has none.
    pub fn table_sizes(&mut self) -> [u32; 2] {
        let (mut point, mut rsk) = (0, 0);
        // SAFETY: all objects are initialised; without a table only its size is written.
        let codes = unsafe {
            [
                wc_GenerateSakkePointITable(self.key.pointer(), null_mut(), &raw mut point),
                wc_GenerateSakkeRskTable(self.key.pointer(), self.rsk.pointer(), null_mut(), &raw mut rsk),
            ]
        };
        assert_eq!(codes, [LENGTH_ONLY; 2]);
        [point, rsk]
    }
}
