//! Cookies of DTLS (RFC 6347 section 4.2.1): a stranger has to receive at the address it sends from before
//! anything is remembered or computed for it.

use crate::tls::error::TlsError;
use crate::tls::random;
use hmac::{Hmac, KeyInit, Mac};
use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{Ssl, SslContextBuilder, SslRef};
use sha2::Sha256;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;
use zeroize::Zeroizing;

/// Octets of a cookie.
const BYTES: usize = 32;

/// Seconds after which cookies are made anew; each is good for one to two such times.
const WINDOW: u64 = 60;

/// Whose datagram the connection object is looking at.
pub(super) type Sender = Arc<Mutex<Option<SocketAddr>>>;

fn sender_place() -> Result<Index<Ssl, Sender>, ErrorStack> {
    static PLACE: OnceLock<Index<Ssl, Sender>> = OnceLock::new();
    if let Some(place) = PLACE.get() {
        return Ok(*place);
    }
    let place = Ssl::new_ex_index()?;
    Ok(*PLACE.get_or_init(|| place))
}

/// Gives the object a place where the sender stands.
pub(super) fn set_sender(ssl: &mut SslRef, sender: Sender) -> Result<(), ErrorStack> {
    ssl.set_ex_data(sender_place()?, sender);
    Ok(())
}

/// cookie = HMAC-SHA-256(secret, window (8) ‖ port (2) ‖ address (16)).
struct Cookies {
    secret: Zeroizing<[u8; 32]>,
    since: Instant,
}

impl Cookies {
    fn window(&self) -> u64 {
        self.since.elapsed().as_secs() / WINDOW
    }

    fn mac(&self, window: u64, sender: SocketAddr) -> Hmac<Sha256> {
        let address = match sender.ip() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.secret).expect("a key of any length");
        mac.update(&window.to_be_bytes());
        mac.update(&sender.port().to_be_bytes());
        mac.update(&address.octets());
        mac
    }

    fn cookie(&self, sender: SocketAddr) -> [u8; BYTES] {
        self.mac(self.window(), sender).finalize().into_bytes().into()
    }

    fn is_good(&self, sender: SocketAddr, cookie: &[u8], window: u64) -> bool {
        [Some(window), window.checked_sub(1)]
            .into_iter()
            .flatten()
            .any(|window| self.mac(window, sender).verify_slice(cookie).is_ok())
    }
}

/// Lets the context make and check cookies, with a secret of its own.
pub(in crate::tls) fn cookies(context: &mut SslContextBuilder) -> Result<(), TlsError> {
    let cookies = Arc::new(Cookies { secret: random()?, since: Instant::now() });
    let place = sender_place()?;
    let sender = move |ssl: &SslRef| {
        ssl.ex_data(place).and_then(|sender| *sender.lock().unwrap_or_else(PoisonError::into_inner))
    };
    let making = Arc::clone(&cookies);
    context.set_cookie_generate_cb(move |ssl, out| {
        let place = out.get_mut(..BYTES);
        let (Some(sender), Some(place)) = (sender(ssl), place) else { return Err(ErrorStack::get()) };
        place.copy_from_slice(&making.cookie(sender));
        Ok(BYTES)
    });
    context.set_cookie_verify_cb(move |ssl, cookie| {
        sender(ssl).is_some_and(|sender| cookies.is_good(sender, cookie, cookies.window()))
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_good_for_its_sender_and_two_windows() {
        let cookies = Cookies { secret: Zeroizing::new([7; 32]), since: Instant::now() };
        let sender: SocketAddr = "192.0.2.1:5684".parse().expect("an address");
        let cookie = cookies.cookie(sender);
        assert!(cookies.is_good(sender, &cookie, 0));
        assert!(cookies.is_good(sender, &cookie, 1));
        assert!(!cookies.is_good(sender, &cookie, 2), "too old");
        for other in ["192.0.2.1:5685", "192.0.2.2:5684", "[2001:db8::1]:5684"] {
            assert!(!cookies.is_good(other.parse().expect("an address"), &cookie, 0), "{other}");
        }
        assert!(!cookies.is_good(sender, &cookie[..31], 0));
        assert!(!cookies.is_good(sender, b"", 0));
        let restarted = Cookies { secret: Zeroizing::new([8; 32]), since: Instant::now() };
        assert!(!restarted.is_good(sender, &cookie, 0));
    }
}
