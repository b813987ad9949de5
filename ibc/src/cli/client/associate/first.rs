//! The first peer that is accepted.
//!
//! Handshakes go on beside one another, each within its time and on a thread of its own, as many as [`HandshakeLimits`] says:
//! whoever connects and says nothing keeps nobody out.

use crate::association::{AssociationError, DtlsResponder, SecurityAssociation, TlsResponder};
use crate::cli::client::block_on;
use crate::cli::failure::{Failure, Kind};
use crate::tls::{DtlsStream, HandshakeLimiter, HandshakeLimits, TlsStream};
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// How long a datagram listener waits at a time before it looks whether it is still needed.
const LOOK: Duration = Duration::from_secs(1);

/// Before another attempt to accept, where the system has no room for a connection.
const PAUSE: Duration = Duration::from_millis(100);

type Associated<T> = Result<SecurityAssociation<T>, AssociationError>;

/// What happens at a listener for TCP.
enum Event {
    Came(io::Result<(tokio::net::TcpStream, SocketAddr)>),
    Done(Associated<TlsStream>),
}

pub(super) fn of_connections(
    listener: TcpListener,
    responder: &TlsResponder,
    patience: Duration,
) -> Result<SecurityAssociation<TlsStream>, Failure> {
    block_on(async {
        listener.set_nonblocking(true).map_err(|error| unusable(&error))?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| unusable(&error))?;
        let limiter = HandshakeLimiter::new(HandshakeLimits::default());
        let (sender, mut done) = unbounded_channel();
        loop {
            let event = poll_fn(|task| match done.poll_recv(task) {
                Poll::Ready(Some(outcome)) => Poll::Ready(Event::Done(outcome)),
                // Never closed: `sender` is here.
                Poll::Ready(None) | Poll::Pending => listener.poll_accept(task).map(Event::Came),
            });
            match event.await {
                Event::Done(Ok(association)) => return Ok(association),
                Event::Done(Err(error)) => not_accepted(&error),
                Event::Came(Ok((tcp, from))) => {
                    let Ok(tcp) = tcp.into_std() else { continue };
                    begin(tcp, from, (responder, patience), (&limiter, &sender));
                }
                Event::Came(Err(error)) => {
                    not_accepted(&AssociationError::Tls(error.into()));
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    })
}

/// Does a handshake on a thread of its own. Where there is no room for it, the connection is closed.
fn begin(
    tcp: TcpStream,
    from: SocketAddr,
    (responder, patience): (&TlsResponder, Duration),
    (limiter, done): (&Arc<HandshakeLimiter>, &UnboundedSender<Associated<TlsStream>>),
) {
    let Ok(other) = tcp.try_clone() else { return };
    let end = move || drop(other.shutdown(Shutdown::Both)); // it is over, however that ends
    let Some(permit) = limiter.admit_until(from.ip(), end) else { return };
    let (responder, done) = (responder.clone(), done.clone());
    let run = move || {
        let outcome = responder.accept(tcp, patience);
        drop(permit);
        // Another was the first: this one is told goodbye.
        if let Err(late) = done.send(outcome)
            && let Ok(mut association) = late.0
        {
            association.close();
        }
    };
    let _ = thread::Builder::new().name("handshake".into()).spawn(run); // no thread, no handshake
}

pub(super) fn of_datagrams(
    responder: DtlsResponder,
    patience: Duration,
) -> Result<SecurityAssociation<DtlsStream>, Failure> {
    let is_over = Arc::new(AtomicBool::new(false));
    let (sender, done) = mpsc::channel();
    let accepting = {
        let is_over = Arc::clone(&is_over);
        move || {
            while !is_over.load(Ordering::Acquire) {
                match responder.accept(LOOK) {
                    Ok(None) => {}
                    Ok(Some(pending)) => {
                        let sender = sender.clone();
                        let run = move || {
                            if let Err(late) = sender.send(Ok(pending.associate(patience)))
                                && let Ok(Ok(mut association)) = late.0
                            {
                                association.close();
                            }
                        };
                        let _ = thread::Builder::new().name("handshake".into()).spawn(run);
                    }
                    Err(error) => {
                        let _ = sender.send(Err(error)); // nobody listens any more
                        return;
                    }
                }
            }
        }
    };
    thread::Builder::new()
        .name("listener".into())
        .spawn(accepting)
        .map_err(|error| Failure::refused(Kind::Internal, format!("no thread: {error}")))?;
    for outcome in done {
        match outcome {
            Ok(Ok(association)) => {
                is_over.store(true, Ordering::Release);
                return Ok(association);
            }
            Ok(Err(error)) => not_accepted(&error),
            Err(error) => return Err(super::arguments::failed(&error)),
        }
    }
    Err(Failure::refused(Kind::Internal, "the listener has ended"))
}

fn not_accepted(error: &AssociationError) {
    let _ = writeln!(io::stderr(), "not associated: {error}; still listening"); // nobody wants to know
}

fn unusable(error: &io::Error) -> Failure {
    Failure::refused(Kind::Unavailable, format!("cannot listen: {error}"))
}
