//! Standard input to the peer, and what the peer sends to standard output.

use crate::association::{AssociationWriter, SecurityAssociation};
use crate::tls::{DtlsStream, Session, TlsStream};
use core::time::Duration;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// Octets at a time: a message of DTLS fits a datagram.
const CHUNK: usize = 1024;

/// How long a wait for the peer lasts before standard input is looked at again.
const LOOK: Duration = Duration::from_millis(100);

/// An association that a terminal is put to.
pub(super) trait Talk {
    /// The session below.
    fn about(&self) -> &Session;

    /// Sends standard input and prints what comes, if `prints`, until the peer closes; or, with `linger`, until standard
    /// input has ended and nothing has come for so long. Gives the octets sent and received.
    fn talk(self, linger: Option<Duration>, prints: bool) -> io::Result<(u64, u64)>;
}

/// What the thread that reads standard input tells.
#[derive(Default)]
struct Sent {
    octets: AtomicU64,
    /// Standard input has ended.
    is_over: std::sync::atomic::AtomicBool,
}

/// Sends standard input on a thread of its own, which may wait there for ever and outlast the association.
fn send_input(mut send: impl FnMut(&[u8]) -> io::Result<()> + Send + 'static) -> Arc<Sent> {
    let sent = Arc::new(Sent::default());
    let tells = Arc::clone(&sent);
    thread::spawn(move || {
        let mut chunk = [0; CHUNK];
        let mut input = io::stdin().lock();
        loop {
            match input.read(&mut chunk) {
                Ok(0) => break,
                Ok(octets) if send(&chunk[..octets]).is_err() => break,
                Ok(octets) => tells.octets.fetch_add(octets as u64, Ordering::SeqCst),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
        }
        tells.is_over.store(true, Ordering::SeqCst);
    });
    sent
}

/// Prints what comes until there is no more, or nobody is to be waited for any longer.
fn print_answers(
    sent: &Sent,
    (linger, prints): (Option<Duration>, bool),
    mut receive: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> io::Result<u64> {
    let mut buffer = vec![0; 16 * 1024];
    let mut received = 0;
    let mut quiet_since = None;
    loop {
        match receive(&mut buffer) {
            Ok(0) => return Ok(received),
            Ok(octets) => {
                received += octets as u64;
                quiet_since = None;
                if prints {
                    let mut out = io::stdout().lock();
                    out.write_all(&buffer[..octets])?;
                    out.flush()?;
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
                if !sent.is_over.load(Ordering::SeqCst) {
                    continue;
                }
                let since = *quiet_since.get_or_insert_with(Instant::now);
                if linger.is_some_and(|linger| since.elapsed() >= linger) {
                    return Ok(received);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

impl Talk for SecurityAssociation<TlsStream> {
    fn about(&self) -> &Session {
        self.session()
    }

    fn talk(self, linger: Option<Duration>, prints: bool) -> io::Result<(u64, u64)> {
        let (mut reader, mut writer): (_, AssociationWriter<TlsStream>) = self.split()?;
        let sent = send_input(move |octets| writer.write_all(octets).and_then(|()| writer.flush()));
        reader.set_read_timeout(Some(LOOK));
        let received = print_answers(&sent, (linger, prints), |buffer| reader.read(buffer));
        reader.close();
        Ok((sent.octets.load(Ordering::SeqCst), received?))
    }
}

impl Talk for SecurityAssociation<DtlsStream> {
    fn about(&self) -> &Session {
        self.session()
    }

    fn talk(self, linger: Option<Duration>, prints: bool) -> io::Result<(u64, u64)> {
        let (mut reader, mut writer): (_, AssociationWriter<DtlsStream>) = self.split()?;
        let sent = send_input(move |octets| writer.send(octets));
        let received = print_answers(&sent, (linger, prints), |buffer| reader.recv(buffer, LOOK));
        reader.close();
        Ok((sent.octets.load(Ordering::SeqCst), received?))
    }
}
