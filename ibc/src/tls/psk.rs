//! Pre-shared keys: who gives them, and how OpenSSL asks.

use super::error::TlsError;
use super::openssl_ffi;
use hmac::{Hmac, KeyInit, Mac};
use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{NameType, Ssl, SslContextBuilder, SslRef, SslVersion};
use sha2::Sha256;
use std::any::Any;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::String;
use std::sync::{Arc, OnceLock};
use std::vec::Vec;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Most octets of a PSK identity: what the common TLS libraries take.
pub const PSK_IDENTITY_MAX: usize = 255;

/// A pre-shared key, 1 to 64 octets. Wiped when dropped; no way to clone, compare or print it.
#[derive(ZeroizeOnDrop)]
pub struct Psk(Zeroizing<Vec<u8>>);

crate::redacted::redacted_debug!(Psk);

impl Psk {
    /// Most octets of a key.
    pub const MAX_BYTES: usize = 64;

    /// Takes a key. Registered and derived keys have exactly 32 octets; how long a configured one has to be
    /// is for its framework to say.
    ///
    /// # Errors
    /// [`TlsError::Configuration`] for no octets or more than 64.
    pub fn new(octets: impl Into<Zeroizing<Vec<u8>>>) -> Result<Self, TlsError> {
        let octets = octets.into();
        if (1..=Self::MAX_BYTES).contains(&octets.len()) {
            Ok(Self(octets))
        } else {
            Err(TlsError::Configuration("a pre-shared key has 1 to 64 octets"))
        }
    }

    /// The octets.
    pub fn expose(&self) -> Zeroizing<Vec<u8>> {
        self.0.clone()
    }

    /// A copy for another handshake.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Writes the key to where OpenSSL wants it; gives its length.
    fn write(&self, out: &mut [u8]) -> usize {
        match out.get_mut(..self.0.len()) {
            Some(place) => {
                place.copy_from_slice(&self.0);
                self.0.len()
            }
            None => 0, // OpenSSL takes 256 octets and more; without a key the handshake fails
        }
    }
}

/// What a resolver wants to find again at the session: who the peer is, when the session ends.
pub type Note = Arc<dyn Any + Send + Sync>;

/// A key and what belongs to it.
#[derive(Debug)]
pub struct PskAnswer {
    /// The key.
    pub key: Psk,
    /// Comes back from [`Session::note`](super::Session::note).
    pub note: Option<Note>,
}

impl PskAnswer {
    /// A key alone.
    pub const fn new(key: Psk) -> Self {
        Self { key, note: None }
    }
}

/// A server's way from a PSK identity to a key.
///
/// Called in the handshake, on the thread that does the handshake, which waits for it: whatever may take
/// long needs a deadline of its own. The identity is what a stranger claims until the handshake is done;
/// cheap checks first.
pub trait PskResolver: Send + Sync + 'static {
    /// The key of `identity`, UTF-8 of 1 to 255 octets, at the server that the client asked for (SNI), one of those
    /// that the context has; `None` to refuse.
    ///
    /// A refusal is not told to the peer: a key that nobody knows stands in, HMAC-SHA-256 of a secret of
    /// the server and the identity, so that the handshake fails where it fails with a wrong key, at
    /// Finished. Over TLS that is an alert, over DTLS silence.
    fn resolve(&self, server: &str, identity: &str) -> Option<PskAnswer>;
}

impl<F: Fn(&str) -> Option<PskAnswer> + Send + Sync + 'static> PskResolver for F {
    fn resolve(&self, _: &str, identity: &str) -> Option<PskAnswer> {
        self(identity)
    }
}

/// What a client sends and the key behind it.
#[derive(Debug)]
pub struct PskOffered {
    /// At most 255 octets, without NUL.
    pub identity: String,
    /// The key and what belongs to it.
    pub answer: PskAnswer,
}

/// A client's choice of identity and key, for one handshake.
pub trait PskOffer: Send + Sync + 'static {
    /// `hint` is what the server sent, if it did; nothing vouches for it before the handshake is done.
    /// `None` to stop the handshake.
    fn offer(&self, hint: Option<&str>) -> Option<PskOffered>;
}

/// An identity and a key, whatever the hint.
#[derive(Debug)]
pub struct FixedPsk {
    identity: Box<str>,
    key: Psk,
}

impl FixedPsk {
    /// # Errors
    /// [`TlsError::Configuration`] if the identity is empty, longer than 255 octets, or has a NUL.
    pub fn new(identity: &str, key: Psk) -> Result<Self, TlsError> {
        if identity_text(identity.as_bytes()).is_none() {
            return Err(TlsError::Configuration("a PSK identity has 1 to 255 octets and no NUL"));
        }
        Ok(Self { identity: identity.into(), key })
    }
}

impl PskOffer for FixedPsk {
    fn offer(&self, _: Option<&str>) -> Option<PskOffered> {
        let answer = PskAnswer::new(self.key.duplicate());
        Some(PskOffered { identity: self.identity.as_ref().into(), answer })
    }
}

/// What the callback leaves with the connection.
pub(super) struct PskRecord {
    /// What the peer called itself, fit for a log; empty on the client's side.
    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "for the log of a server"))]
    claimed: String,
    /// `None` if this side refused.
    pub(super) accepted: Option<(Box<str>, Option<Note>)>,
}

/// A place for `T` at connections, made when first needed. Two threads that come first together waste one.
fn place<T: 'static + Send + Sync>(cell: &OnceLock<Index<Ssl, T>>) -> Result<Index<Ssl, T>, ErrorStack> {
    if let Some(index) = cell.get() {
        return Ok(*index);
    }
    let index = Ssl::new_ex_index()?;
    Ok(*cell.get_or_init(|| index))
}

fn record_place() -> Result<Index<Ssl, PskRecord>, ErrorStack> {
    static PLACE: OnceLock<Index<Ssl, PskRecord>> = OnceLock::new();
    place(&PLACE)
}

fn offer_place() -> Result<Index<Ssl, Arc<dyn PskOffer>>, ErrorStack> {
    static PLACE: OnceLock<Index<Ssl, Arc<dyn PskOffer>>> = OnceLock::new();
    place(&PLACE)
}

/// Whether the identity that came has a NUL.
fn nul_place() -> Result<Index<Ssl, bool>, ErrorStack> {
    static PLACE: OnceLock<Index<Ssl, bool>> = OnceLock::new();
    place(&PLACE)
}

/// Notes whether an identity has a NUL. OpenSSL gives the identity of a ClientKeyExchange (RFC 4279 section 2) as text of C,
/// which ends at the first NUL: whether there is one shows here only.
struct NulWatcher;

impl openssl_ffi::HandshakeWatcher for NulWatcher {
    fn heard(ssl: &mut SslRef, message: &[u8]) {
        const CLIENT_KEY_EXCHANGE: u8 = 16;
        // Type (1) and length (3); over DTLS then the message's number (2), and offset and length of the fragment (3, 3).
        let header = if ssl.version2() == Some(SslVersion::DTLS1_2) { 12 } else { 4 };
        let Some((CLIENT_KEY_EXCHANGE, body)) = message.first().copied().zip(message.get(header..)) else {
            return;
        };
        let identity = body
            .split_first_chunk()
            .and_then(|(length, rest)| rest.get(..usize::from(u16::from_be_bytes(*length))));
        if let (Some(identity), Ok(place)) = (identity, nul_place()) {
            ssl.set_ex_data(place, identity.contains(&0));
        }
    }
}

/// What the callback left, if it was called.
pub(super) fn record(ssl: &SslRef) -> Option<&PskRecord> {
    ssl.ex_data(record_place().ok()?)
}

/// As which PSK identity the peer came, in text of one line, if it named one; whether this side had a key for it. For the
/// log of a server: nobody has proved it.
#[cfg(feature = "server")]
pub(crate) fn claim(ssl: &SslRef) -> Option<(&str, bool)> {
    record(ssl).map(|record| (record.claimed.as_str(), record.accepted.is_some()))
}

/// Did this side's callback refuse?
pub(super) fn refused(ssl: &SslRef) -> bool {
    record(ssl).is_some_and(|record| record.accepted.is_none())
}

/// Sets what this client connection is to offer.
pub(super) fn set_offer(ssl: &mut SslRef, offer: Arc<dyn PskOffer>) -> Result<(), ErrorStack> {
    ssl.set_ex_data(offer_place()?, offer);
    Ok(())
}

/// An identity or hint that can be one.
fn identity_text(octets: &[u8]) -> Option<&str> {
    let fits = (1..=PSK_IDENTITY_MAX).contains(&octets.len()) && !octets.contains(&0);
    core::str::from_utf8(octets).ok().filter(|_| fits)
}

/// Runs `ask`, through which nothing may unwind: C is below. A panic there is a refusal here.
fn guarded<T>(ask: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok().flatten()
}

/// Lets `resolver` answer the PSK handshakes of this context.
pub(super) fn serve(context: &mut SslContextBuilder, resolver: Arc<dyn PskResolver>) -> Result<(), TlsError> {
    let (place, nul) = (record_place()?, nul_place()?);
    let secret = super::random::<32>()?;
    openssl_ffi::watch_handshakes::<NulWatcher>(context);
    context.set_psk_server_callback(move |ssl, identity, out| {
        let octets = identity.unwrap_or_default();
        let is_cut = ssl.ex_data(nul).copied().unwrap_or(true);
        let text = identity_text(octets).filter(|_| !is_cut);
        let server = ssl.servername(NameType::HOST_NAME).unwrap_or_default();
        let answer =
            text.and_then(|text| guarded(|| resolver.resolve(server, text)).map(|answer| (text, answer)));
        let (key, accepted) = match answer {
            Some((text, PskAnswer { key, note })) => (key, Some((text.into(), note))),
            None => (stand_in(&secret, octets), None),
        };
        ssl.set_ex_data(place, PskRecord { claimed: shown(octets), accepted });
        Ok(key.write(out))
    });
    Ok(())
}

/// Octets of a stranger as text of one line.
fn shown(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The key of a refused identity: always the same for one identity, so that asking twice tells nothing.
fn stand_in(secret: &[u8; 32], identity: &[u8]) -> Psk {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(identity);
    Psk(Zeroizing::new(mac.finalize().into_bytes().to_vec()))
}

/// Lets each connection of this context offer what [`set_offer`] gave it.
pub(super) fn offer(context: &mut SslContextBuilder) -> Result<(), TlsError> {
    let (record, offer) = (record_place()?, offer_place()?);
    context.set_psk_client_callback(move |ssl, hint, identity_out, key_out| {
        let hint = hint.and_then(identity_text);
        let given = ssl.ex_data(offer).cloned();
        let offered = given.and_then(|given| guarded(|| given.offer(hint)));
        let Some(PskOffered { identity, answer: PskAnswer { key, note } }) =
            offered.filter(|offered| identity_text(offered.identity.as_bytes()).is_some())
        else {
            ssl.set_ex_data(record, PskRecord { claimed: String::new(), accepted: None });
            return Ok(0);
        };
        let Some((place, end)) = identity_out.split_at_mut_checked(identity.len()) else { return Ok(0) };
        let Some(end) = end.first_mut() else { return Ok(0) };
        place.copy_from_slice(identity.as_bytes());
        *end = 0;
        ssl.set_ex_data(
            record,
            PskRecord { claimed: String::new(), accepted: Some((identity.into(), note)) },
        );
        Ok(key.write(key_out))
    });
    Ok(())
}
