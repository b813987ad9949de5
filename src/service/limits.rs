//! Sizes and times that requests may ask for. Each has its reason.

use core::time::Duration;

/// Labels of a registration or key: enough to sort devices by, and no data store.
pub const LABELS: usize = 16;

/// Octets of one label.
pub const LABEL_BYTES: usize = 64;

/// Targets of one key.
pub const TARGETS: usize = crate::onem2m::TargetIds::MAX;

/// Octets of any identifier: no valid one is longer, and longer texts are not looked at.
pub const IDENTIFIER_BYTES: usize = 512;

/// Octets of a request identifier (X-M2M-RI).
pub const REQUEST_ID_BYTES: usize = 64;

/// Octets of a key value given for ESPrim or ESData; for SAEF and a MAF it is exactly 32.
pub const KEY_BYTES: core::ops::RangeInclusive<usize> = 16..=64;

/// Octets of a key for SAEF or a MAF.
pub const SAEF_KEY_BYTES: usize = 32;

/// Octets of a stakeholder's configuration for a client, as JSON.
pub const CONFIGURATION_BYTES: usize = 16 * 1024;

/// Answers that one session remembers, so that a repeated request gets the same one.
pub const REMEMBERED_ANSWERS: usize = 32;

/// How often a collision of ID_2 moves its expiry by one second before it is given up.
pub const EXPIRY_MOVES: u64 = 60;

/// How often a random identifier is drawn before its generator counts as broken.
pub const DRAWS: usize = 4;

/// Life of a credential of IBC if the client proposes nothing.
pub const CREDENTIAL_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// The longest life of a credential of IBC.
pub const CREDENTIAL_LIFETIME_MAX: Duration = Duration::from_secs(400 * 86_400);

/// Live credentials of IBC for one entity: the new one and the one it replaces.
pub const LIVE_CREDENTIALS: usize = 2;

/// How long a replaced credential stays usable if its replacement is never confirmed.
pub const REPLACEMENT_GRACE: Duration = Duration::from_secs(86_400);

/// How far the clocks of peers may differ: rows of what has expired are kept that much longer.
pub const CLOCK_SKEW: Duration = Duration::from_secs(300);
