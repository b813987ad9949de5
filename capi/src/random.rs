//! Random octets: from the system, or from the caller.

use crate::edge::{self, Outcome};
use core::ffi::{c_char, c_void};
use eccsi_sakke::SysRng;
use eccsi_sakke::rand_core::{TryCryptoRng, TryRng};

/// A generator of the caller, for machines whose system has none. Where a function takes a pointer to one, NULL stands for
/// the generator of the operating system.
///
/// `fill` writes `length` octets that nobody can predict and returns 0; anything else is a failure, and then nothing is
/// computed. It gets `context` as it stands here, is called on the calling thread, any number of times and during the
/// call only; neither this structure nor what `context` points to is used after the call. It must not leave by longjmp
/// or an exception. It may call this library, but neither free nor change a handle or memory that the call was given.
/// Threads that share one generator call it at the same time: locking is its own matter, and the library holds no lock
/// meanwhile.
///
/// Signatures and issued keys mix its octets with the secret key and the message, so that a generator that repeats
/// itself gives no key away; master keys and shared secret values are as good as it is.
#[repr(C)]
pub struct es_random {
    /// Fills `length` octets; 0 for success. Not NULL.
    pub fill: Option<extern "C" fn(context: *mut c_void, octets: *mut u8, length: usize) -> i32>,
    /// Handed to `fill`.
    pub context: *mut c_void,
}

/// The generator that a function was given.
pub(crate) enum Random {
    System,
    Caller(extern "C" fn(*mut c_void, *mut u8, usize) -> i32, *mut c_void),
}

impl Random {
    pub(crate) fn new(random: *const es_random) -> Outcome<Self> {
        match edge::optional(random)? {
            None => Ok(Self::System),
            Some(random) => {
                let fill = random.fill.ok_or(crate::error::es_error::ES_BAD_POINTER)?;
                Ok(Self::Caller(fill, random.context))
            }
        }
    }
}

/// It failed. The library passes on no more than that.
#[derive(Debug)]
pub(crate) struct Failed;

impl core::fmt::Display for Failed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("random generator failed")
    }
}

impl core::error::Error for Failed {}

impl TryRng for Random {
    type Error = Failed;

    fn try_next_u32(&mut self) -> Result<u32, Failed> {
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets)?;
        Ok(u32::from_le_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Failed> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets)?;
        Ok(u64::from_le_bytes(octets))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Failed> {
        match self {
            Self::System => SysRng.try_fill_bytes(out).map_err(|_| Failed),
            Self::Caller(function, context) => {
                if edge::fill(*function, *context, out) {
                    Ok(())
                } else {
                    Err(Failed)
                }
            }
        }
    }
}

impl TryCryptoRng for Random {}

/// The version of the library, such as "0.1.0": static, ends in NUL.
///
/// Threads: any number may call it.
#[unsafe(no_mangle)]
pub extern "C" fn es_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
