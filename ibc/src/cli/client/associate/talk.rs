//! Standard input to the peer, and what the peer sends to standard output.

use crate::association::{AssociationWriter, SecurityAssociation};
use crate::cli::failure::{Failure, Kind};
use crate::tls::{DtlsStream, Session, TlsStream};
use core::time::Duration;
use std::io::{self, Read, Write};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// input has ended and nothing has come for so long.
    fn talk(self, linger: Option<Duration>, prints: bool) -> Talked;
}

/// What was said, and how it ended.
pub(super) struct Talked {
    /// Octets.
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) end: Result<(), Broken>,
}

/// Why an association did not end in order.
#[derive(Debug)]
pub(super) enum Broken {
    /// The peer closed it before standard input had ended.
    PeerClosed,
    /// Not all of standard input could be sent.
    NotSent(io::Error),
    /// Nothing can be received any more.
    Lost(io::Error),
    /// Its key or credential has reached its end.
    Ended,
    Input(io::Error),
    Output(io::Error),
}

impl Broken {
    fn of(error: io::Error, other: fn(io::Error) -> Self) -> Self {
        // So the association says that it is over, and nobody has closed it here before this is known.
        if error.kind() == io::ErrorKind::ConnectionAborted { Self::Ended } else { other(error) }
    }

    pub(super) fn failure(&self, sent: u64, received: u64) -> Failure {
        let (kind, why) = match self {
            Self::PeerClosed => (
                Kind::PeerClosed,
                String::from("the peer closed the association before standard input had ended"),
            ),
            Self::NotSent(error) => (Kind::Broken, format!("not all of standard input was sent: {error}")),
            Self::Lost(error) => (Kind::Broken, format!("the connection to the peer broke: {error}")),
            Self::Ended => (
                Kind::Ended,
                String::from(
                    "the association has reached the end of its key or credential: register or provision another",
                ),
            ),
            Self::Input(error) => (Kind::LocalIo, format!("standard input: {error}")),
            Self::Output(error) => (Kind::LocalIo, format!("standard output: {error}")),
        };
        Failure::refused(kind, format!("{why}; {sent} octets sent, {received} received"))
    }
}

/// How far standard input is.
#[derive(Default)]
enum Input {
    #[default]
    Going,
    /// It has ended, and all of it was sent.
    Over,
    Broken(Broken),
}

/// What the thread that reads standard input tells.
#[derive(Default)]
struct Sent(Mutex<(u64, Input)>);

impl Sent {
    fn lock(&self) -> MutexGuard<'_, (u64, Input)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_going(&self) -> bool {
        matches!(self.lock().1, Input::Going)
    }

    /// What broke, for whoever asks first.
    fn broken(&self) -> Option<Broken> {
        let input = &mut self.lock().1;
        match mem::take(input) {
            Input::Broken(broken) => Some(broken),
            other => {
                *input = other;
                None
            }
        }
    }
}

/// Sends standard input on a thread of its own, which may wait there for ever and outlast the association.
fn send_input(mut send: impl FnMut(&[u8]) -> io::Result<()> + Send + 'static) -> Arc<Sent> {
    let sent = Arc::new(Sent::default());
    let tells = Arc::clone(&sent);
    thread::spawn(move || {
        let mut chunk = [0; CHUNK];
        let mut input = io::stdin().lock();
        let end = loop {
            match input.read(&mut chunk) {
                Ok(0) => break Input::Over,
                Ok(octets) => match send(&chunk[..octets]) {
                    Ok(()) => tells.lock().0 += octets as u64,
                    Err(error) => break Input::Broken(Broken::of(error, Broken::NotSent)),
                },
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Input::Broken(Broken::Input(error)),
            }
        };
        tells.lock().1 = end;
    });
    sent
}

/// The peer has closed. The end that listens is done then; for the other it is in order only after all was said.
fn closed(sent: &Sent, linger: Option<Duration>) -> Result<(), Broken> {
    if sent.is_going() {
        thread::sleep(LOOK); // it may be about to see that its input has ended
    }
    match (sent.broken(), linger) {
        (Some(Broken::NotSent(_)), Some(_)) => Err(Broken::PeerClosed),
        (Some(broken), _) => Err(broken),
        (None, Some(_)) if sent.is_going() => Err(Broken::PeerClosed),
        (None, _) => Ok(()),
    }
}

/// Prints what comes until there is no more, or nobody is to be waited for any longer. Gives the octets.
fn print_answers(
    sent: &Sent,
    (linger, prints): (Option<Duration>, bool),
    mut receive: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> (u64, Result<(), Broken>) {
    let mut buffer = vec![0; 16 * 1024];
    let mut received = 0;
    let mut quiet_since = None;
    let end = loop {
        match receive(&mut buffer) {
            Ok(0) => break closed(sent, linger),
            Ok(octets) => {
                received += octets as u64;
                quiet_since = None;
                if prints {
                    let mut out = io::stdout().lock();
                    if let Err(error) = out.write_all(&buffer[..octets]).and_then(|()| out.flush()) {
                        break Err(Broken::Output(error));
                    }
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
                if let Some(broken) = sent.broken() {
                    break Err(broken);
                }
                if sent.is_going() {
                    continue;
                }
                let since = *quiet_since.get_or_insert_with(Instant::now);
                if linger.is_some_and(|linger| since.elapsed() >= linger) {
                    break Ok(());
                }
            }
            Err(error) => break Err(Broken::of(error, Broken::Lost)),
        }
    };
    (received, end)
}

impl Talked {
    fn new(sent: &Sent, (received, end): (u64, Result<(), Broken>)) -> Self {
        Self { sent: sent.lock().0, received, end }
    }

    /// Not one octet.
    fn never(error: io::Error) -> Self {
        Self { sent: 0, received: 0, end: Err(Broken::Lost(error)) }
    }
}

impl Talk for SecurityAssociation<TlsStream> {
    fn about(&self) -> &Session {
        self.session()
    }

    fn talk(self, linger: Option<Duration>, prints: bool) -> Talked {
        let (mut reader, mut writer): (_, AssociationWriter<TlsStream>) = match self.split() {
            Ok(halves) => halves,
            Err(error) => return Talked::never(error),
        };
        let sent = send_input(move |octets| writer.write_all(octets).and_then(|()| writer.flush()));
        reader.set_read_timeout(Some(LOOK));
        let outcome = print_answers(&sent, (linger, prints), |buffer| reader.read(buffer));
        reader.close();
        Talked::new(&sent, outcome)
    }
}

impl Talk for SecurityAssociation<DtlsStream> {
    fn about(&self) -> &Session {
        self.session()
    }

    fn talk(self, linger: Option<Duration>, prints: bool) -> Talked {
        let (mut reader, mut writer): (_, AssociationWriter<DtlsStream>) = match self.split() {
            Ok(halves) => halves,
            Err(error) => return Talked::never(error),
        };
        let sent = send_input(move |octets| writer.send(octets));
        let outcome = print_answers(&sent, (linger, prints), |buffer| reader.recv(buffer, LOOK));
        reader.close();
        Talked::new(&sent, outcome)
    }
}
