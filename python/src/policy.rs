//! Security policies of SRTP in messages of MIKEY-SAKKE.

use mikey_sakke::payload;
use pyo3::prelude::*;

/// A security policy of SRTP (RFC 3830 6.10.1): which algorithms, and how long their keys are, in octets. One begins with what
/// has a name, such as SrtpPolicy.MCX, and replaces fields of it.
#[pyclass(frozen, eq, module = "eccsi_sakke.mikey")]
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct SrtpPolicy(pub(crate) payload::SrtpPolicy);

/// A getter for each field, and `replace`.
macro_rules! fields {
    ($($(#[$doc:meta])* $field:ident: $type:ident,)*) => {
        #[pymethods]
        impl SrtpPolicy {
            $($(#[$doc])* #[getter] fn $field(&self) -> $type { self.0.$field })*

            /// The same policy with some fields replaced.
            #[pyo3(signature = (*, $($field = None),*))]
            #[allow(clippy::too_many_arguments, reason = "named ones, in Python")]
            fn replace(&self, $($field: Option<$type>),*) -> Self {
                Self(payload::SrtpPolicy { $($field: $field.unwrap_or(self.0.$field)),* })
            }
        }
    };
}

fields! {
    /// 0 NULL, 1 AES-CM, 2 AES-F8, 6 AES-GCM (RFC 7714).
    encryption: u8,
    /// Session encryption key, and master key: 16, 24 or 32 with AES-CM, 16 with AES-F8, 16 or 32 with AES-GCM.
    encryption_key: u8,
    /// Of SRTP packets: 0 NULL, 1 HMAC-SHA-1-160, 2 to 4 RCCm1 to RCCm3 (RFC 4771).
    authentication: u8,
    /// Session authentication key of SRTP: 20 with HMAC.
    authentication_key: u8,
    /// Tag of SRTP packets, the 4 octets of ROC included: 4 to 20 with HMAC-SHA-1, 8 to 24 with RCCm1 and RCCm2, 4 with RCCm3.
    tag: u8,
    /// Of SRTCP packets: 0 NULL, 1 HMAC-SHA-1-160.
    rtcp_authentication: u8,
    /// Session authentication key of SRTCP, as that of SRTP.
    rtcp_authentication_key: u8,
    /// Tag of SRTCP packets: 4 to 20 with HMAC-SHA-1.
    rtcp_tag: u8,
    /// Session salt: at most 14, and 12 with AES-GCM.
    salt: u8,
    /// The PRF of SRTP; 0 is AES-CM.
    prf: u8,
    /// Key derivation rate, in packets: 0 derives once, others are powers of 2 up to 2^24 (RFC 3711 4.3.1).
    key_derivation_rate: u32,
    /// Tag of AES-GCM: 16.
    aead_tag: u8,
    /// Each n-th packet carries ROC, 1 or more; of use with RCC alone.
    roc_rate: u16,
}

#[pymethods]
impl SrtpPolicy {
    /// What RFC 3830 6.10.1 gives where a parameter is not there: AES-CM, and HMAC-SHA-1 with a tag of 10 octets.
    #[classattr]
    const RFC_3830: Self = Self(payload::SrtpPolicy::RFC_3830);
    /// The default of TS 33.180 Annex E: AES-GCM with a key of 16 octets. It holds where a message has no policy.
    #[classattr]
    const MCX: Self = Self(payload::SrtpPolicy::MCX);
    /// The same for group calls: with RCCm3, and ROC, 4 octets, in each SRTP packet.
    #[classattr]
    const MCX_GROUP: Self = Self(payload::SrtpPolicy::MCX_GROUP);

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
