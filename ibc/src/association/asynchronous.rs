//! Associations under tokio: one task reads while another writes, and neither holds a thread while it waits.

use super::established::SecurityAssociation;
use super::peer::Peer;
use crate::tls::{AsyncArrivals, DtlsStream, TlsStream};
use std::future::Future;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// An association over TLS for tasks of tokio: [`AsyncRead`] and [`AsyncWrite`]; [`tokio::io::split`] gives halves. Made by
/// [`SecurityAssociation::into_async`].
///
/// At its end it is closed, and everything fails with [`io::ErrorKind::ConnectionAborted`]. The octets of a write that was
/// dropped before it was done may be under way already: write the same ones again, or close the association.
pub struct AsyncAssociation {
    association: SecurityAssociation<TlsStream>,
    /// Another handle of the connection, to wait with.
    socket: TcpStream,
    until_read: Pin<Box<Sleep>>,
    until_write: Pin<Box<Sleep>>,
}

impl std::fmt::Debug for AsyncAssociation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AsyncAssociation").field("peer", self.peer()).finish_non_exhaustive()
    }
}

/// What a call on a stream waits for at the socket.
#[derive(Clone, Copy)]
enum Readiness {
    Read,
    Write,
}

impl SecurityAssociation<TlsStream> {
    /// The same association for tasks of tokio. A read time-out that was set is forgotten: see [`tokio::time::timeout`].
    ///
    /// # Errors
    /// Those of a second handle of the socket.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O and time.
    pub fn into_async(self) -> io::Result<AsyncAssociation> {
        let socket = TcpStream::from_std(self.stream.nonblocking()?)?;
        let now = || Box::pin(sleep(Duration::ZERO));
        Ok(AsyncAssociation { association: self, socket, until_read: now(), until_write: now() })
    }
}

impl AsyncAssociation {
    /// Who is at the other end, authenticated.
    pub fn peer(&self) -> &Peer {
        self.association.peer()
    }

    /// Says goodbye and ends the association.
    pub fn close(&mut self) {
        self.association.close();
    }

    /// Attempts until something comes of it, or the association ends.
    fn poll<T>(
        &mut self,
        task: &mut Context<'_>,
        readiness: Readiness,
        mut attempt: impl FnMut(&mut TlsStream) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        // Each direction has its own timer: its waker is that of the task which polled last.
        let timer = match readiness {
            Readiness::Read => &mut self.until_read,
            Readiness::Write => &mut self.until_write,
        };
        loop {
            let live = self.association.live()?;
            let stream = &mut self.association.stream;
            // Before any waiting, since what OpenSSL has read already makes no socket readable.
            match attempt(stream) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                done => return Poll::Ready(done),
            }
            let (interest, ready) = match readiness {
                Readiness::Read => (Interest::READABLE, self.socket.poll_read_ready(task)),
                Readiness::Write => (Interest::WRITABLE, self.socket.poll_write_ready(task)),
            };
            if ready?.is_pending() {
                timer.as_mut().reset(Instant::now() + live);
                ready!(timer.as_mut().poll(task));
                continue;
            }
            // Once more, so that tokio forgets a readiness that is past, and no later one.
            let done = self.socket.try_io(interest, || match attempt(stream) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    Err(io::ErrorKind::WouldBlock.into())
                }
                done => Ok(done),
            });
            match done {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done.flatten()),
            }
        }
    }
}

impl AsyncRead for AsyncAssociation {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read =
            ready!(self.poll(task, Readiness::Read, |stream| stream.read(buffer.initialize_unfilled())))?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for AsyncAssociation {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(task, Readiness::Write, |stream| stream.write(octets))
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(task, Readiness::Write, TlsStream::flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

/// An association over DTLS for tasks of tokio, which may share it: each call takes `&self`. Made by
/// [`SecurityAssociation::into_async`].
///
/// At its end it is closed, and everything fails with [`io::ErrorKind::ConnectionAborted`].
pub struct AsyncDatagramAssociation {
    association: Mutex<SecurityAssociation<DtlsStream>>,
    arrivals: AsyncArrivals,
    peer: Peer,
}

impl std::fmt::Debug for AsyncDatagramAssociation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AsyncDatagramAssociation").field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl SecurityAssociation<DtlsStream> {
    /// The same association for tasks of tokio.
    ///
    /// # Errors
    /// Those of the runtime.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O and time.
    pub fn into_async(self) -> io::Result<AsyncDatagramAssociation> {
        let (arrivals, peer) = (self.stream.async_arrivals()?, self.peer().clone());
        Ok(AsyncDatagramAssociation { association: Mutex::new(self), arrivals, peer })
    }
}

impl AsyncDatagramAssociation {
    /// Held for single calls of OpenSSL, never while something waits.
    fn lock(&self) -> MutexGuard<'_, SecurityAssociation<DtlsStream>> {
        self.association.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is at the other end, authenticated.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Says goodbye and ends the association. A task that waits in [`recv`](Self::recv) learns it within a second.
    pub fn close(&self) {
        self.lock().close();
    }

    /// Sends one message of 1 to [`DtlsStream::MESSAGE_MAX`] octets. Like every datagram it may be lost, also because the
    /// socket takes no more.
    ///
    /// # Errors
    /// Those of [`DtlsStream::send`]; [`io::ErrorKind::ConnectionAborted`] after the end.
    pub fn send(&self, message: &[u8]) -> io::Result<()> {
        self.lock().send(message)
    }

    /// Receives one message, of which what does not fit into `buffer` comes next time. Gives 0 if the peer has closed the
    /// session. Can be dropped at any time; nothing is lost by it.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionReset`] once the peer has begun a new session from the same address;
    /// [`io::ErrorKind::ConnectionAborted`] after the end.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let live = {
                let mut association = self.lock();
                let live = association.live()?;
                if let Some(length) = association.stream.recv_arrived(buffer)? {
                    return Ok(length);
                }
                live
            };
            if let Ok(arrived) = timeout(live, self.arrivals.wait()).await {
                arrived?;
            }
        }
    }
}
