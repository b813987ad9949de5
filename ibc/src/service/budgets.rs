//! How much and how often: what one address, one credential, one entity may ask of a service, and all of them together.
//!
//! One table, [`ALL`]. Whoever enforces a budget takes its number from here, metrics and audit log name it as it is named
//! here, and the table of docs/operating.md is this one. What a single message may hold is in [`limits`](super::limits).

use core::time::Duration;
use eccsi_sakke::onem2m::UnixTime;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as named")]
pub enum Unit {
    AtATime,
    PerSecond,
    PerWindow,
    Entries,
    Seconds,
}

impl Unit {
    /// As the documents write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtATime => "at a time",
            Self::PerSecond => "a second",
            Self::PerWindow => "a window",
            Self::Entries => "entries",
            Self::Seconds => "s",
        }
    }
}

/// One budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// As in the configuration, in metrics and in the audit log.
    pub name: &'static str,
    /// Where nobody said otherwise.
    pub default: u32,
    /// What that counts.
    pub unit: Unit,
    /// Whose it is.
    pub of: &'static str,
    /// Why this number.
    pub reason: &'static str,
}

impl Budget {
    /// The default as a number of things.
    pub const fn count(&self) -> usize {
        self.default as usize
    }

    /// The default as a time.
    pub const fn time(&self) -> Duration {
        Duration::from_secs(self.default as u64)
    }
}

macro_rules! budgets {
    ($($(#[$doc:meta])* $constant:ident = $default:literal $unit:ident, $of:literal, $name:literal, $reason:literal;)*) => {
        $($(#[$doc])* pub const $constant: Budget =
            Budget { name: $name, default: $default, unit: Unit::$unit, of: $of, reason: $reason };)*

        /// All there are.
        pub const ALL: &[Budget] = &[$($constant),*];
    };
}

budgets! {
    /// Connections.
    CONNECTIONS = 10_000 AtATime, "server", "connections", "each holds a file and 16 KiB";
    /// Connections of one address, four times as many at once.
    ADDRESS_RATE = 100 PerSecond, "address", "address_rate", "a handshake costs 1 ms of a core";
    /// Handshakes under way.
    HANDSHAKES = 256 AtATime, "server", "handshakes", "each may hold a thread while the database is asked";
    /// Handshakes of one address under way.
    HANDSHAKES_PER_ADDRESS = 64 AtATime, "address", "handshakes_per_address", "four addresses fill the server's, and then make room";
    /// Completed handshakes of one credential, four times as many at once.
    CREDENTIAL_RATE = 10 PerSecond, "credential", "credential_rate", "a device opens one session for each procedure";
    /// Sessions of one credential.
    SESSIONS_PER_CREDENTIAL = 64 AtATime, "credential", "sessions_per_credential", "a MAF fetches in 16 of them, and other nodes of it too";
    /// Requests of one credential, four times as many at once.
    REQUEST_RATE = 50 PerSecond, "credential", "request_rate", "a gateway renews for all its devices; the disk takes thousands";
    /// New credentials of IBC for one entity within [`SUPERSEDE_WINDOW`] that have not expired.
    LIVE_CREDENTIALS = 2 PerWindow, "entity", "live_credentials", "the new one and the one it replaces";
    /// The same with those that have expired.
    NEW_CREDENTIALS = 60 PerWindow, "entity", "new_credentials", "one that lives for two minutes is renewed in time";
    /// The window of [`LIVE_CREDENTIALS`].
    SUPERSEDE_WINDOW = 3_600 Seconds, "entity", "supersede_window", "a device whose answers are lost has a credential an hour later";
    /// Superseded credentials of one entity that are denied and have not expired.
    SUPERSEDED = 32 Entries, "entity", "superseded", "a device that fails sixteen hours long has a fault; its newest credentials stay valid";
    /// Superseded credentials of all entities that are denied and have not expired.
    SUPERSEDED_IN_ALL = 100_000 Entries, "server", "superseded_in_all", "of 245 octets at most: leaves a quarter of a deny list's 32 MiB to the operator";
    /// Refusals of one source within a minute that the audit log shows singly.
    REFUSALS = 30 PerWindow, "credential", "refusals", "an hour of them takes less than 1 MiB; the rest is counted";
}

/// Superseded credentials are denied once they are replaced for good only while the list has fewer entries: the rest of
/// [`SUPERSEDED_IN_ALL`] is for those whose number says that something is wrong.
pub const REPLACED_IN_ALL: u64 = SUPERSEDED_IN_ALL.default as u64 / 2;

/// When the window of this length began that ends now: new credentials count in it if they were asked for later, whatever
/// has become of them.
pub fn supersede_window(length: Duration, now: UnixTime) -> UnixTime {
    now.checked_sub(length).unwrap_or(UnixTime::EPOCH)
}

/// How long refusals of one source are counted before the audit log gets their sum.
pub const REFUSAL_WINDOW: Duration = Duration::from_secs(60);

/// Sources of refusals that are told apart; more count as one.
pub const REFUSAL_SOURCES: usize = 4096;

/// How long an identity that was reserved counts before its credential is there: longer than a KMS takes.
pub const RESERVED: Duration = Duration::from_secs(60);
