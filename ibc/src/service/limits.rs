//! Sizes and times that requests may ask for. Each has its reason.

use core::time::Duration;

/// How long a request waits for a connection of the store.
pub const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// Labels of a registration or key: enough to sort devices by, and no data store.
pub const LABELS: usize = 16;

/// Octets of one label.
pub const LABEL_BYTES: usize = 64;

/// Targets of one key.
pub const TARGETS: usize = eccsi_sakke::onem2m::TargetIds::MAX;

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

/// The longest life of a registration: renewed well within that of what a client authenticates with.
pub const REGISTRATION_LIFETIME_MAX: Duration = Duration::from_secs(400 * 86_400);

/// The longest life of a registered, enrolment or fetched key.
pub const KEY_LIFETIME_MAX: Duration = Duration::from_secs(100 * 86_400);

/// Keys under one registration: all of them are removed, or given another end, in one transaction.
pub const KEYS: usize = 256;

/// Enrolment keys of one client: sessions of it within the life of a key.
pub const ENROLMENT_KEYS: usize = 256;

/// Commands that wait in one registration, and that registrations of one stakeholder begin with.
pub const COMMANDS: usize = 32;

/// Commands with their reports that a registration keeps.
pub const REPORTED_COMMANDS: i64 = 64;

/// Octets of the arguments of a command, as JSON.
pub const COMMAND_BYTES: usize = 4 * 1024;

/// When a client without a command asks again, if nothing is said.
pub const COMMAND_RETRY: Duration = Duration::from_secs(3_600);

/// How long a MAF waits for a MEF: well inside the timer of a handshake.
pub const FETCH: Duration = Duration::from_secs(2);

/// Fetches of one MAF at a time.
pub const FETCHES: usize = 16;

/// How long a KeID that a MEF refused is not asked for again.
pub const FETCH_REFUSED: Duration = Duration::from_secs(10);

/// KeIDs that were refused, as remembered.
pub const FETCHES_REFUSED: usize = 1024;

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

/// How long a replaced credential stays usable if its replacement is never confirmed.
pub const REPLACEMENT_GRACE: Duration = Duration::from_secs(86_400);

/// How far the clocks of peers may differ: rows of what has expired are kept that much longer.
pub const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// Objects of one device under one stakeholder, those to be deleted included: with paths and values, an answer of 64 KiB
/// holds them.
pub const DEVICE_OBJECTS: usize = 64;

/// Octets of one such object, as JSON.
pub const DEVICE_OBJECT_BYTES: usize = 640;

/// Octets of its path: as long as a relative name may be.
pub const DEVICE_PATH_BYTES: usize = 128;
