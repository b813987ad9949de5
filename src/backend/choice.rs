//! Which backend runs.

#[cfg(target_arch = "x86_64")]
use super::adx;
#[cfg(any(target_arch = "x86_64", feature = "__backends"))]
use super::ifma;
use super::portable;
#[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
use super::rustcrypto;

/// An implementation, with the proof that this CPU runs it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    /// The crates `p256`, `primeorder` and `crypto-bigint`: the oracle, and the conservative choice. They are
    /// linked only where they are chosen or compared with.
    #[cfg(any(test, feature = "__backends", eccsi_sakke_backend = "rustcrypto"))]
    #[cfg_attr(test, allow(dead_code, reason = "unit tests take its field alone"))]
    RustCrypto(rustcrypto::RustCrypto),
    /// Own arithmetic for every platform.
    Portable(portable::Portable),
    /// The same curve code over MULX, ADCX and ADOX.
    #[cfg(target_arch = "x86_64")]
    Adx(adx::Adx),
    /// The same with AVX-512 IFMA where several elements are multiplied.
    #[cfg(target_arch = "x86_64")]
    Ifma(ifma::Ifma),
    /// The algorithms of `Ifma` in plain integers.
    #[cfg(feature = "__backends")]
    IfmaModel(ifma::IfmaModel),
}

/// The implementation that runs an operation of a seam. The CPU was asked the first time; after that this is a load and a
/// comparison.
#[inline]
pub(crate) fn selected() -> Backend {
    #[cfg(feature = "__backends")]
    if let Some(backend) = forced::get() {
        return backend;
    }
    best()
}

/// What the `cfg` says, else the best for this CPU. All were checked for constant time on their own
/// instructions, see `docs/constant-time.md`.
#[inline]
fn best() -> Backend {
    #[cfg(eccsi_sakke_backend = "rustcrypto")]
    return Backend::RustCrypto(rustcrypto::RustCrypto);
    #[cfg(not(eccsi_sakke_backend = "rustcrypto"))]
    best_of_own()
}

#[cfg(not(eccsi_sakke_backend = "rustcrypto"))]
#[inline]
fn best_of_own() -> Backend {
    #[cfg(target_arch = "x86_64")]
    if !cfg!(any(eccsi_sakke_backend = "portable", eccsi_sakke_backend = "adx"))
        && let Some(ifma) = ifma::Ifma::detect()
    {
        return Backend::Ifma(ifma);
    }
    #[cfg(target_arch = "x86_64")]
    if !cfg!(eccsi_sakke_backend = "portable")
        && let Some(adx) = adx::Adx::detect()
    {
        return Backend::Adx(adx);
    }
    Backend::Portable(portable::Portable)
}

#[cfg(feature = "__backends")]
pub use forced::{Name, force, with};

/// To run one implementation after the other in one process: for tests and benches, no promise.
#[cfg(feature = "__backends")]
mod forced {
    #[cfg(target_arch = "x86_64")]
    use super::adx;
    use super::{Backend, ifma, portable, rustcrypto};
    use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

    /// The implementations by name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[repr(u8)]
    #[allow(missing_docs, reason = "the names of the backends")]
    pub enum Name {
        RustCrypto = 1,
        Portable = 2,
        Adx = 3,
        Ifma = 4,
        IfmaModel = 5,
    }

    impl Name {
        /// All there are.
        pub const ALL: &[Self] = &[Self::RustCrypto, Self::Portable, Self::Adx, Self::Ifma, Self::IfmaModel];

        /// As in the names of benches and in `docs/backends.md`.
        pub fn as_str(self) -> &'static str {
            match self {
                Self::RustCrypto => "rustcrypto",
                Self::Portable => "portable",
                Self::Adx => "adx",
                Self::Ifma => "ifma",
                Self::IfmaModel => "ifma-model",
            }
        }

        fn backend(self) -> Option<Backend> {
            match self {
                Self::RustCrypto => Some(Backend::RustCrypto(rustcrypto::RustCrypto)),
                Self::Portable => Some(Backend::Portable(portable::Portable)),
                #[cfg(target_arch = "x86_64")]
                Self::Adx => {
                    let token = adx::Adx::detect();
                    #[cfg(feature = "__ctgrind")]
                    let token = token.or_else(adx::Adx::detect_without_adx);
                    token.map(Backend::Adx)
                }
                #[cfg(target_arch = "x86_64")]
                Self::Ifma => ifma::Ifma::detect().map(Backend::Ifma),
                #[cfg(not(target_arch = "x86_64"))]
                Self::Adx | Self::Ifma => None,
                Self::IfmaModel => Some(Backend::IfmaModel(ifma::IfmaModel::MODEL)),
            }
        }
    }

    /// The forced implementation, 0 for none.
    static FORCED: AtomicU8 = AtomicU8::new(0);
    static BUSY: AtomicBool = AtomicBool::new(false);

    pub(super) fn get() -> Option<Backend> {
        let forced = FORCED.load(Ordering::Relaxed);
        Name::ALL.iter().find(|name| **name as u8 == forced).and_then(|name| name.backend())
    }

    /// Gives the choice back, also when the closure panics.
    struct Released {
        before: u8,
    }

    impl Drop for Released {
        fn drop(&mut self) {
            FORCED.store(self.before, Ordering::Relaxed);
            BUSY.store(false, Ordering::Release);
        }
    }

    /// Runs `f` with this implementation, in all threads; `None` if this CPU does not have it.
    ///
    /// Callers wait for one another; a call inside `f` would wait for ever.
    pub fn with<R>(name: Name, f: impl FnOnce() -> R) -> Option<R> {
        name.backend()?;
        while BUSY.swap(true, Ordering::Acquire) {
            core::hint::spin_loop();
        }
        let _released = Released { before: FORCED.swap(name as u8, Ordering::Relaxed) };
        Some(f())
    }

    /// Takes this implementation from now on; false if this CPU does not have it.
    pub fn force(name: Name) -> bool {
        let there = name.backend().is_some();
        if there {
            FORCED.store(name as u8, Ordering::Relaxed);
        }
        there
    }
}
