//! What OpenSSL can do and the crate `openssl` does not offer: the hint of a PSK server, the stateless
//! start of a DTLS handshake, the suite that a handshake has chosen, the messages of a handshake as they came, and
//! the retransmission timer of DTLS.
//!
//! The only file outside `backend` with unsafe code. Everything it declares is part of OpenSSL's public
//! interface since 1.1.1 and unchanged in 3.x: `SSL_use_psk_identity_hint(3)`, `DTLSv1_listen(3)`,
//! `SSL_get_pending_cipher(3)`, `SSL_CTX_set_msg_callback(3)`, `DTLSv1_get_timeout(3)`, `DTLSv1_handle_timeout(3)`; the last two are macros over `SSL_ctrl`.
#![allow(unsafe_code, reason = "foreign functions; each call says why it is sound")]

use foreign_types::ForeignTypeRef;
use libc::{c_char, c_int, c_void, timeval};
use openssl::error::ErrorStack;
use openssl::ssl::{SslCipherRef, SslContextBuilder, SslRef, SslStream};
use openssl_sys::{SSL, SSL_CIPHER, SSL_CTX};
use std::ffi::CStr;
use std::ptr;
use std::time::Duration;

/// `BIO_ADDR` of OpenSSL, of which only pointers are used.
#[repr(C)]
struct BioAddr {
    _opaque: [u8; 0],
}

/// `DTLS_CTRL_GET_TIMEOUT` and `DTLS_CTRL_HANDLE_TIMEOUT` of `openssl/ssl.h`.
const GET_TIMEOUT: c_int = 73;
const HANDLE_TIMEOUT: c_int = 74;

/// Of `SSL_CTX_set_msg_callback(3)`: whether it is sent, version, type, octets, their number, connection, argument.
type MessageCallback = unsafe extern "C" fn(c_int, c_int, c_int, *const c_void, usize, *mut SSL, *mut c_void);

unsafe extern "C" {
    fn SSL_use_psk_identity_hint(ssl: *mut SSL, hint: *const c_char) -> c_int;
    fn DTLSv1_listen(ssl: *mut SSL, client: *mut BioAddr) -> c_int;
    fn SSL_get_pending_cipher(ssl: *const SSL) -> *const SSL_CIPHER;
    fn SSL_CTX_set_msg_callback(context: *mut SSL_CTX, callback: Option<MessageCallback>);
    fn BIO_ADDR_new() -> *mut BioAddr;
    fn BIO_ADDR_free(address: *mut BioAddr);
}

/// Sets the hint that this server connection will send.
pub(super) fn set_psk_identity_hint(ssl: &mut SslRef, hint: &CStr) -> Result<(), ErrorStack> {
    // SAFETY: `ssl` is a live object that nobody else uses during the call (`&mut`). The hint ends in NUL and
    // is only read, during the call: OpenSSL copies it.
    let done = unsafe { SSL_use_psk_identity_hint(ssl.as_ptr(), hint.as_ptr()) };
    if done == 1 { Ok(()) } else { Err(ErrorStack::get()) }
}

/// The same for a connection that has its stream already, and has not sent its ServerKeyExchange.
pub(super) fn set_psk_identity_hint_of<S>(stream: &mut SslStream<S>, hint: &CStr) -> Result<(), ErrorStack> {
    // SAFETY: as above; the exclusive reference to the stream stands for one to the SSL in it.
    let done = unsafe { SSL_use_psk_identity_hint(stream.ssl().as_ptr(), hint.as_ptr()) };
    if done == 1 { Ok(()) } else { Err(ErrorStack::get()) }
}

/// What [`listen`] made of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A ClientHello with a good cookie: this object goes on with the handshake.
    Verified,
    /// Anything else; where it made sense, a HelloVerifyRequest was sent.
    Nothing,
}

/// Reads from the object's stream until a ClientHello with a good cookie has come or the stream has
/// nothing more. Keeps no state about the sender until then.
///
/// The stream and the callbacks of this crate neither block nor panic, so that the call is short.
pub(super) fn listen<S>(stream: &mut SslStream<S>) -> Result<Heard, ErrorStack> {
    // SAFETY: the stream holds a live SSL that nobody else uses during the call (`&mut`), made by the crate
    // `openssl` with a stream of Rust at both ends, which DTLSv1_listen reads and writes. The address is made here,
    // given to this call alone, which may write to it, and freed once on each path; it stays empty because
    // the stream of the crate `openssl` knows no addresses.
    let heard = unsafe {
        let address = BIO_ADDR_new();
        if address.is_null() {
            return Err(ErrorStack::get());
        }
        let heard = DTLSv1_listen(stream.ssl().as_ptr(), address);
        BIO_ADDR_free(address);
        heard
    };
    match heard {
        1.. => Ok(Heard::Verified),
        0 => Ok(Heard::Nothing),
        _ => Err(ErrorStack::get()),
    }
}

/// Is told of a handshake message and of the connection that it came on. Must not panic: C is above.
pub(super) trait HandshakeWatcher {
    /// A message has come; OpenSSL has not looked into it yet.
    fn heard(ssl: &mut SslRef, message: &[u8]);
}

/// Has `W` told of each handshake message that comes, before OpenSSL looks into it.
pub(super) fn watch_handshakes<W: HandshakeWatcher>(context: &mut SslContextBuilder) {
    // SAFETY: the context is live and nobody else uses it during the call (`&mut`). The callback is a function, which
    // lives for ever, and takes no argument of ours.
    unsafe { SSL_CTX_set_msg_callback(context.as_ptr(), Some(on_message::<W>)) }
}

unsafe extern "C" fn on_message<W: HandshakeWatcher>(
    is_sent: c_int,
    _: c_int,
    kind: c_int,
    octets: *const c_void,
    length: usize,
    ssl: *mut SSL,
    _: *mut c_void,
) {
    /// `SSL3_RT_HANDSHAKE`.
    const HANDSHAKE: c_int = 22;
    if is_sent == 0 && kind == HANDSHAKE && !octets.is_null() && !ssl.is_null() {
        // SAFETY: OpenSSL gives `length` octets of a buffer of its own and the connection that they came on, both live
        // for the call. It does not touch the buffer meanwhile, and whoever drives the connection waits in a call of
        // OpenSSL's, so that the reference to it is the only one that is used. `W` does not panic.
        let (message, ssl) =
            unsafe { (std::slice::from_raw_parts(octets.cast::<u8>(), length), SslRef::from_ptr_mut(ssl)) };
        W::heard(ssl, message);
    }
}

/// The suite that a handshake under way has chosen.
pub(super) fn pending_suite(ssl: &SslRef) -> Option<&'static str> {
    // SAFETY: `ssl` is live, and the call only reads a pointer from it. What that points to, if anything, is an entry of
    // OpenSSL's table of suites, which is never changed or freed; the reference is to that alone.
    let suite: Option<&'static SslCipherRef> = unsafe {
        let suite = SSL_get_pending_cipher(ssl.as_ptr());
        (!suite.is_null()).then(|| SslCipherRef::from_ptr(suite.cast_mut()))
    };
    suite.map(SslCipherRef::name)
}

/// How long until the last flight has to be sent again; `None` if no answer is awaited.
pub(super) fn retransmit_in(ssl: &SslRef) -> Option<Duration> {
    let mut left = timeval { tv_sec: 0, tv_usec: 0 };
    // SAFETY: `ssl` is live. This control writes one `struct timeval` through its last argument, which
    // points to one on the stack, and reads the timer of the object; it changes nothing, so that a shared
    // reference is enough (an SslRef is not shared between threads while it is in use: its stream is `&mut`).
    let running = unsafe {
        openssl_sys::SSL_ctrl(ssl.as_ptr(), GET_TIMEOUT, 0, ptr::from_mut(&mut left).cast::<c_void>())
    };
    if running != 1 {
        return None;
    }
    let seconds = u64::try_from(left.tv_sec).unwrap_or(0);
    let micros = u64::try_from(left.tv_usec).unwrap_or(0);
    Some(Duration::from_secs(seconds) + Duration::from_micros(micros))
}

/// Sends the last flight again if its time has come, and doubles the time for the next.
///
/// # Errors
/// After twelve times in vain, or if the flight cannot be sent.
pub(super) fn retransmit<S>(stream: &mut SslStream<S>) -> Result<(), ErrorStack> {
    // SAFETY: the stream holds a live SSL that nobody else uses during the call (`&mut`); the control takes
    // no argument.
    let done = unsafe { openssl_sys::SSL_ctrl(stream.ssl().as_ptr(), HANDLE_TIMEOUT, 0, ptr::null_mut()) };
    if done < 0 { Err(ErrorStack::get()) } else { Ok(()) }
}
