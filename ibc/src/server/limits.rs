//! Sizes, times and numbers. Each has its reason.

use crate::service::budgets;
use crate::tls::HandshakeLimits;
use core::time::Duration;

/// Octets of a body: a registration with all its targets has a tenth.
pub(super) const BODY: usize = 64 * 1024;

/// After a failure to accept.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// For taking the answer to a session too many, and how long one that has its last answer may be silent before it has
/// closed the connection.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// Octets that a client may still send when it has its last answer: it reads that once it has sent what it is about to,
/// mostly a body that is too long.
pub(super) const DRAINED: usize = 4 * 1024 * 1024;

/// For finding out why a handshake failed.
pub(super) const EXPLANATION: Duration = Duration::from_secs(1);

/// When a client that was refused for its rate is to come again.
pub(super) const RETRY_AFTER: u64 = 1;

/// What a server allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// Handshakes under way at a time.
    pub handshakes: usize,
    /// Of these from one address.
    pub handshakes_per_address: usize,
    /// Connections from one address (of IPv6 the first 64 bits) in a second, after as many as four times that at once.
    pub address_rate: u32,
    /// Completed handshakes of one credential in a second, likewise. Claimed ones do not count: nobody locks out
    /// another.
    pub credential_rate: u32,
    /// Requests of one credential in a second, likewise.
    pub request_rate: u32,
    /// Sessions of one credential at a time.
    pub sessions_per_credential: usize,
    /// Until the client has said what it wants (ClientHello), its first octet included: silence costs it nothing and a
    /// place here.
    pub client_hello: Duration,
    /// For a handshake.
    pub handshake: Duration,
    /// For the head of a request once it has begun, for its body, and for taking the answer.
    pub message: Duration,
    /// Between requests.
    pub idle: Duration,
    /// From handshake to close: a session does not outlive by more what a client authenticated with.
    pub session: Duration,
    /// For requests that have begun when the server stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: budgets::CONNECTIONS.count(),
            handshakes: budgets::HANDSHAKES.count(),
            handshakes_per_address: budgets::HANDSHAKES_PER_ADDRESS.count(),
            address_rate: budgets::ADDRESS_RATE.default,
            credential_rate: budgets::CREDENTIAL_RATE.default,
            request_rate: budgets::REQUEST_RATE.default,
            sessions_per_credential: budgets::SESSIONS_PER_CREDENTIAL.count(),
            client_hello: Duration::from_secs(3),
            handshake: Duration::from_secs(10),
            message: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            session: Duration::from_secs(3_600),
            grace: Duration::from_secs(10),
        }
    }
}

impl Limits {
    pub(super) const fn handshakes(&self) -> HandshakeLimits {
        HandshakeLimits { total: self.handshakes, per_address: self.handshakes_per_address }
    }
}
