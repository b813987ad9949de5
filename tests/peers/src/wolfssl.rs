//! As much of wolfCrypt's ECCSI interface as the comparison needs, declared by hand after
//! `wolfssl/wolfcrypt/eccsi.h` of version 5.5.4.

pub use crate::common::Refused;
use crate::common::{Point, Rng, Room, SHA256, check, length};
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

/// Room for an `EccsiKey`, 15 920 octets in 5.5.4, and for an `mp_int`, 1 072.
const KEY_ROOM: usize = 32 * 1024;
const NUMBER_ROOM: usize = 4 * 1024;

#[link(name = "wolfssl")]
unsafe extern "C" {
    fn sp_init(number: *mut c_void) -> c_int;
    fn wc_InitEccsiKey(key: *mut c_void, heap: *mut c_void, device: c_int) -> c_int;
    fn wc_FreeEccsiKey(key: *mut c_void);
    fn wc_ImportEccsiKey(key: *mut c_void, data: *const u8, size: u32) -> c_int;
    fn wc_ImportEccsiPublicKey(key: *mut c_void, data: *const u8, size: u32, trusted: c_int) -> c_int;
    fn wc_MakeEccsiPair(
        key: *mut c_void,
        rng: *mut c_void,
        hash: c_int,
        id: *const u8,
        id_size: u32,
        ssk: *mut c_void,
        pvt: *mut c_void,
    ) -> c_int;
    fn wc_ValidateEccsiPair(
        key: *mut c_void,
        hash: c_int,
        id: *const u8,
        id_size: u32,
        ssk: *const c_void,
        pvt: *mut c_void,
        valid: *mut c_int,
    ) -> c_int;
    fn wc_EncodeEccsiSsk(key: *const c_void, ssk: *mut c_void, data: *mut u8, size: *mut u32) -> c_int;
    fn wc_EncodeEccsiPvt(
        key: *const c_void,
        pvt: *mut c_void,
        data: *mut u8,
        size: *mut u32,
        raw: c_int,
    ) -> c_int;
    fn wc_DecodeEccsiSsk(key: *const c_void, data: *const u8, size: u32, ssk: *mut c_void) -> c_int;
    fn wc_DecodeEccsiPvt(key: *const c_void, data: *const u8, size: u32, pvt: *mut c_void) -> c_int;
    fn wc_DecodeEccsiPvtFromSig(
        key: *const c_void,
        signature: *const u8,
        size: u32,
        pvt: *mut c_void,
    ) -> c_int;
    fn wc_HashEccsiId(
        key: *mut c_void,
        hash: c_int,
        id: *const u8,
        id_size: u32,
        pvt: *mut c_void,
        out: *mut u8,
        out_size: *mut u8,
    ) -> c_int;
    fn wc_SetEccsiHash(key: *mut c_void, hash: *const u8, size: u8) -> c_int;
    fn wc_SetEccsiPair(key: *mut c_void, ssk: *const c_void, pvt: *const c_void) -> c_int;
    fn wc_SignEccsiHash(
        key: *mut c_void,
        rng: *mut c_void,
        hash: c_int,
        message: *const u8,
        message_size: u32,
        signature: *mut u8,
        size: *mut u32,
    ) -> c_int;
    fn wc_VerifyEccsiHash(
        key: *mut c_void,
        hash: c_int,
        message: *const u8,
        message_size: u32,
        signature: *const u8,
        size: u32,
        verified: *mut c_int,
    ) -> c_int;
}

struct Number(Room);

impl Number {
    fn new() -> Self {
        let room = Room::new(NUMBER_ROOM);
        // SAFETY: the room holds an mp_int.
        check(unsafe { sp_init(room.pointer()) }).expect("sp_init");
        Self(room)
    }
}

/// An `EccsiKey` with KPAK, and KSAK if it was given.
struct Key(Room);

impl Key {
    fn new() -> Self {
        let room = Room::new(KEY_ROOM);
        // SAFETY: the room holds an EccsiKey; INVALID_DEVID is -2.
        check(unsafe { wc_InitEccsiKey(room.pointer(), null_mut(), -2) }).expect("wc_InitEccsiKey");
        Self(room)
    }

    fn public(kpak: &[u8; 65]) -> Result<Self, Refused> {
        let key = Self::new();
        // SAFETY: pointer and length of one slice; x ‖ y without form octet; 0 asks for the curve check.
        check(unsafe { wc_ImportEccsiPublicKey(key.0.pointer(), kpak[1..].as_ptr(), 64, 0) })?;
        Ok(key)
    }

    fn secret(ksak: &[u8; 32], kpak: &[u8; 65]) -> Result<Self, Refused> {
        let key = Self::new();
        let both = [&ksak[..], &kpak[1..]].concat();
        // SAFETY: pointer and length of one slice.
        check(unsafe { wc_ImportEccsiKey(key.0.pointer(), both.as_ptr(), 96) })?;
        Ok(key)
    }

    fn ssk(&self, octets: &[u8; 32]) -> Result<Number, Refused> {
        let ssk = Number::new();
        // SAFETY: pointer and length of one array; the number is initialised.
        check(unsafe { wc_DecodeEccsiSsk(self.0.pointer(), octets.as_ptr(), 32, ssk.0.pointer()) })?;
        Ok(ssk)
    }

    fn pvt(&self, octets: &[u8; 65]) -> Result<Point, Refused> {
        let pvt = Point::new();
        // SAFETY: pointer and length of one slice.
        check(unsafe { wc_DecodeEccsiPvt(self.0.pointer(), octets[1..].as_ptr(), 64, pvt.pointer()) })?;
        Ok(pvt)
    }

    /// Computes HS and stores it in the key.
    fn set_hash(&self, id: &[u8], pvt: &Point) -> Result<[u8; 32], Refused> {
        let (mut hash, mut size) = ([0; 64], 64u8);
        // SAFETY: pointers and lengths of slices; 64 octets are room for any hash.
        check(unsafe {
            wc_HashEccsiId(
                self.0.pointer(),
                SHA256,
                id.as_ptr(),
                length(id),
                pvt.pointer(),
                hash.as_mut_ptr(),
                &raw mut size,
            )
        })?;
        assert_eq!(size, 32);
        // SAFETY: pointer and length of one array.
        check(unsafe { wc_SetEccsiHash(self.0.pointer(), hash.as_ptr(), size) })?;
        Ok(hash[..32].try_into().expect("32 octets"))
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: initialised in `new`, freed once.
        unsafe { wc_FreeEccsiKey(self.0.pointer()) };
    }
}

/// wolfSSL's KMS.
pub struct Kms {
    key: Key,
    rng: Rng,
    ssk: Number,
    pvt: Point,
}

impl Kms {
    pub fn new(ksak: &[u8; 32], kpak: &[u8; 65]) -> Result<Self, Refused> {
        let key = Key::secret(ksak, kpak)?;
        Ok(Self { key, rng: Rng::new(), ssk: Number::new(), pvt: Point::new() })
    }

    /// (SSK, PVT) for `id`, RFC 6507 §5.1.1.
    pub fn issue(&mut self, id: &[u8]) -> Result<([u8; 32], [u8; 65]), Refused> {
        let Self { key, rng, ssk, pvt } = self;
        // SAFETY: all objects are initialised; pointer and length of one slice.
        check(unsafe {
            wc_MakeEccsiPair(
                key.0.pointer(),
                rng.pointer(),
                SHA256,
                id.as_ptr(),
                length(id),
                ssk.0.pointer(),
                pvt.pointer(),
            )
        })?;
        let (mut ssk_octets, mut size) = ([0; 32], 32);
        // SAFETY: pointer and length of one array.
        check(unsafe {
            wc_EncodeEccsiSsk(key.0.pointer(), ssk.0.pointer(), ssk_octets.as_mut_ptr(), &raw mut size)
        })?;
        assert_eq!(size, 32);
        let (mut pvt_octets, mut size) = ([4; 65], 64);
        // SAFETY: 64 octets from the second on; 1 asks for x ‖ y.
        check(unsafe {
            wc_EncodeEccsiPvt(key.0.pointer(), pvt.pointer(), pvt_octets[1..].as_mut_ptr(), &raw mut size, 1)
        })?;
        assert_eq!(size, 64);
        Ok((ssk_octets, pvt_octets))
    }
}

/// A user of wolfSSL with a key.
pub struct User {
    key: Key,
    rng: Rng,
    ssk: Number,
    pvt: Point,
}

impl User {
    pub fn new(kpak: &[u8; 65], ssk: &[u8; 32], pvt: &[u8; 65]) -> Result<Self, Refused> {
        let key = Key::public(kpak)?;
        let (ssk, pvt) = (key.ssk(ssk)?, key.pvt(pvt)?);
        Ok(Self { key, rng: Rng::new(), ssk, pvt })
    }

    /// RFC 6507 §5.1.2.
    pub fn validate(&mut self, id: &[u8]) -> Result<bool, Refused> {
        let mut valid = 0;
        // SAFETY: all objects are initialised; pointer and length of one slice.
        check(unsafe {
            wc_ValidateEccsiPair(
                self.key.0.pointer(),
                SHA256,
                id.as_ptr(),
                length(id),
                self.ssk.0.pointer(),
                self.pvt.pointer(),
                &raw mut valid,
            )
        })?;
        Ok(valid == 1)
    }

    /// Computes HS and keeps it with the pair, as signing wants it.
    pub fn prepare_to_sign(&mut self, id: &[u8]) -> Result<[u8; 32], Refused> {
        let hs = self.key.set_hash(id, &self.pvt)?;
        // SAFETY: both are initialised.
        check(unsafe { wc_SetEccsiPair(self.key.0.pointer(), self.ssk.0.pointer(), self.pvt.pointer()) })?;
        Ok(hs)
    }

    /// RFC 6507 §5.2.1, after [`prepare_to_sign`](Self::prepare_to_sign).
    pub fn sign(&mut self, message: &[u8]) -> Result<[u8; 129], Refused> {
        let (mut signature, mut size) = ([0; 129], 129);
        // SAFETY: pointers and lengths of slices.
        check(unsafe {
            wc_SignEccsiHash(
                self.key.0.pointer(),
                self.rng.pointer(),
                SHA256,
                message.as_ptr(),
                length(message),
                signature.as_mut_ptr(),
                &raw mut size,
            )
        })?;
        assert_eq!(size, 129);
        Ok(signature)
    }
}

/// A verifier of wolfSSL. Its key object is its own: verification overwrites the SSK in it.
pub struct Verifier {
    key: Key,
    pvt: Point,
}

impl Verifier {
    pub fn new(kpak: &[u8; 65]) -> Result<Self, Refused> {
        Ok(Self { key: Key::public(kpak)?, pvt: Point::new() })
    }

    /// RFC 6507 §5.2.2, but for the checks that wolfSSL 5.5.4 leaves out.
    pub fn verify(&mut self, id: &[u8], message: &[u8], signature: &[u8]) -> Result<bool, Refused> {
        // SAFETY: pointer and length of one slice.
        check(unsafe {
            wc_DecodeEccsiPvtFromSig(
                self.key.0.pointer(),
                signature.as_ptr(),
                length(signature),
                self.pvt.pointer(),
            )
        })?;
        self.key.set_hash(id, &self.pvt)?;
        let mut verified = 0;
        // SAFETY: pointers and lengths of slices.
        check(unsafe {
            wc_VerifyEccsiHash(
                self.key.0.pointer(),
                SHA256,
                message.as_ptr(),
                length(message),
                signature.as_ptr(),
                length(signature),
                &raw mut verified,
            )
        })?;
        Ok(verified == 1)
    }
}
