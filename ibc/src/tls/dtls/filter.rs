//! What OpenSSL gets to see of the datagrams that come in a peer's name.
//!
//! Anybody can send them. RFC 6347 section 4.1.2.7 has what is not valid dropped in silence; OpenSSL ends the
//! association instead, for ever, when a record is shorter than its suite makes them, and believes what comes in the
//! clear during a handshake. So records are looked at here first:
//!
//! | record | goes on if |
//! |---|---|
//! | any | it is whole, of DTLS 1.2 (a first flight may say 1.0), of a known type, of epoch 0 or 1 |
//! | epoch 0 | the handshake is not done |
//! | — ChangeCipherSpec | it is the octet 1 |
//! | — handshake | its fragments fit their messages, which are such as this end awaits from the other, in their order |
//! | — alert | the client has heard nothing else for a while: [`RecordFilter::holds_alert`] |
//! | epoch 1 | a suite is chosen, and the length is possible with it |
//!
//! Records of epoch 0 get new numbers, for nothing protects theirs: one with the highest number would make all that
//! follow look old.
//!
//! What remains is what DTLS 1.2 cannot tell apart: who sends a well-formed message of a handshake before the peer does
//! makes that handshake fail.

#![cfg_attr(not(feature = "__backends"), allow(unreachable_pub, reason = "reachable for fuzzing"))]

use std::vec::Vec;

/// Octets of a record's header: type (1), version (2), epoch (2), number (6), length (2).
const HEADER: usize = 13;

/// Octets of a fragment's header: type (1), length (3), message number (2), offset (3), octets here (3).
const FRAGMENT_HEADER: usize = 12;

/// Most octets of a record before it is encrypted.
const PLAINTEXT_MAX: usize = 16_384;

/// Messages of one end in a handshake, and a few that are sent more than once with new numbers.
const MESSAGES: usize = 8;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The one that sent the ClientHello.
    Client,
    /// The one that has answered it.
    Server,
}

impl End {
    /// The place of a message in the other end's order, and the most octets it has; `None` if it is not awaited in the
    /// clear. With pre-shared keys there are no certificates, and none of these has more than one record.
    const fn awaits(self, message: u8) -> Option<(u8, usize)> {
        match (self, message) {
            (Self::Client, 3) => Some((0, 258)),   // HelloVerifyRequest
            (Self::Client, 2) => Some((1, 1024)),  // ServerHello
            (Self::Client, 12) => Some((2, 4096)), // ServerKeyExchange
            (Self::Client, 14) => Some((3, 0)),    // ServerHelloDone
            (Self::Server, 16) => Some((0, 2048)), // ClientKeyExchange
            _ => None,
        }
    }
}

/// What a suite adds to a record at least: explicit nonce and tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overhead(usize);

impl Overhead {
    /// That of a suite by OpenSSL's name; `None` for one that is not offered over DTLS.
    pub fn of(suite: &str) -> Option<Self> {
        [("-CCM8", 16), ("-GCM-SHA256", 24), ("-CHACHA20-POLY1305", 16)]
            .into_iter()
            .find(|(end, _)| suite.ends_with(end))
            .map(|(_, octets)| Self(octets))
    }

    fn allows(self, length: usize) -> bool {
        (self.0..=PLAINTEXT_MAX + self.0).contains(&length)
    }
}

/// How far the handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing can be encrypted yet.
    Hello,
    /// The suite is chosen.
    Chosen(Overhead),
    /// Done: nothing comes in the clear any more.
    Established(Overhead),
}

/// Looks at what comes for one association. What it remembers does not grow.
#[derive(Debug)]
pub struct RecordFilter {
    end: End,
    /// Of the next record in the clear.
    number: u64,
    /// Type and length of each message, from the first of its fragments.
    messages: [Option<(u8, usize)>; MESSAGES],
    alert: Option<Vec<u8>>,
}

impl RecordFilter {
    /// For one end. `last` is the number of a record that OpenSSL has had before.
    pub fn new(end: End, last: u64) -> Self {
        Self { end, number: last, messages: [None; MESSAGES], alert: None }
    }

    /// Leaves of a datagram what OpenSSL may see: records, or nothing.
    pub fn retain(&mut self, datagram: &mut Vec<u8>, stage: Stage) {
        if matches!(stage, Stage::Established(_)) {
            self.alert = None;
        }
        let (mut from, mut to) = (0, 0);
        while let Some(record) = next_record(&datagram[from..]) {
            let (start, octets) = (from, record.len());
            from += octets;
            let Some(number) = self.passes(record, stage) else { continue };
            datagram.copy_within(start..from, to);
            if let Some(number) = number {
                datagram[to + 5..to + 11].copy_from_slice(&number.to_be_bytes()[2..]);
            }
            to += octets;
        }
        datagram.truncate(to);
    }

    /// A fatal alert in the clear that came to the client after all else. The network may have made it up: it counts
    /// once the server had time to say something else, and did not.
    pub fn holds_alert(&self) -> bool {
        self.alert.is_some()
    }

    /// Lets the alert through.
    pub fn take_alert(&mut self) -> Option<Vec<u8>> {
        let mut alert = self.alert.take()?;
        let number = self.next_number()?;
        alert[5..11].copy_from_slice(&number.to_be_bytes()[2..]);
        Some(alert)
    }

    /// `None` for a record that is dropped, otherwise its new number, if it gets one.
    fn passes(&mut self, record: &[u8], stage: Stage) -> Option<Option<u64>> {
        let (header, body) = record.split_at(HEADER);
        let version = &header[1..3];
        match (&header[3..5], stage) {
            ([0, 0], Stage::Hello | Stage::Chosen(_)) => {
                if version != [0xfe, 0xfd] && version != [0xfe, 0xff] {
                    return None;
                }
                match header[0] {
                    CHANGE_CIPHER_SPEC if body == [1] => {}
                    HANDSHAKE if self.takes_fragments(body) => self.alert = None,
                    ALERT if self.end == End::Client && body.len() == 2 && body[0] == 2 => {
                        self.alert.get_or_insert_with(|| record.into());
                        return None;
                    }
                    _ => return None,
                }
                self.next_number().map(Some)
            }
            ([0, 1], Stage::Chosen(overhead) | Stage::Established(overhead)) => {
                let known = matches!(header[0], ALERT | HANDSHAKE | APPLICATION_DATA);
                (known && version == [0xfe, 0xfd] && overhead.allows(body.len())).then_some(None)
            }
            _ => None,
        }
    }

    fn next_number(&mut self) -> Option<u64> {
        let number = self.number.checked_add(1).filter(|number| *number < 1 << 48)?;
        self.number = number;
        Some(number)
    }

    /// Whether a record's fragments are all in order. Remembers their messages.
    fn takes_fragments(&mut self, mut body: &[u8]) -> bool {
        if body.is_empty() || body.len() > PLAINTEXT_MAX {
            return false;
        }
        let mut messages = self.messages;
        while !body.is_empty() {
            let Some((header, rest)) = body.split_at_checked(FRAGMENT_HEADER) else { return false };
            let three = |at: usize| {
                usize::from(header[at]) << 16 | usize::from(header[at + 1]) << 8 | usize::from(header[at + 2])
            };
            let (kind, length, offset, octets) = (header[0], three(1), three(6), three(9));
            let sequence = usize::from(u16::from_be_bytes([header[4], header[5]]));
            let Some((place, most)) = self.end.awaits(kind) else { return false };
            if length > most || offset + octets > length || (octets == 0 && length > 0) {
                return false;
            }
            let Some(message) = messages.get_mut(sequence) else { return false };
            if *message.get_or_insert((kind, length)) != (kind, length) {
                return false;
            }
            let in_order = messages.iter().enumerate().all(|(at, message)| {
                let other = message.and_then(|(kind, _)| self.end.awaits(kind));
                other.is_none_or(|(other, _)| at == sequence || (at < sequence) == (other < place))
            });
            let Some(rest) = rest.get(octets..).filter(|_| in_order) else { return false };
            body = rest;
        }
        self.messages = messages;
        true
    }
}

/// The number of a datagram's first record.
pub(super) fn number_of(datagram: &[u8]) -> Option<u64> {
    let octets = datagram.get(5..11)?;
    Some(octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
}

/// The first record, if all of it is there.
fn next_record(octets: &[u8]) -> Option<&[u8]> {
    let length: [u8; 2] = octets.get(HEADER - 2..HEADER)?.try_into().ok()?;
    octets.get(..HEADER + usize::from(u16::from_be_bytes(length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::suites::{PskSuites, Transport};

    fn record(kind: u8, epoch: u8, number: u64, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).expect("short").to_be_bytes();
        [&[kind, 0xfe, 0xfd, 0, epoch], &number.to_be_bytes()[2..], &length, body].concat()
    }

    fn message(kind: u8, sequence: u8, length: u8, offset: u8, body: &[u8]) -> Vec<u8> {
        let octets = u8::try_from(body.len()).expect("short");
        [&[kind, 0, 0, length, 0, sequence, 0, 0, offset, 0, 0, octets], body].concat()
    }

    fn overhead() -> Overhead {
        Overhead::of("PSK-AES128-CCM8").expect("offered")
    }

    fn left(filter: &mut RecordFilter, datagram: &[u8], stage: Stage) -> Vec<u8> {
        let mut datagram = datagram.to_vec();
        filter.retain(&mut datagram, stage);
        datagram
    }

    #[test]
    fn every_suite_over_dtls_has_its_overhead() {
        for suites in [PskSuites::ForwardSecretFirst, PskSuites::DheFirst, PskSuites::MandatoryOnly] {
            for suite in suites.list(Transport::Dtls).split(':') {
                assert!(Overhead::of(suite).is_some(), "{suite}");
            }
        }
        assert!(Overhead::of("ECDHE-PSK-AES128-CBC-SHA256").is_none());
    }

    #[test]
    fn what_is_left_are_whole_records_with_new_numbers() {
        let mut filter = RecordFilter::new(End::Server, 6);
        let key_exchange = record(22, 0, (1 << 48) - 1, &message(16, 2, 3, 0, b"abc"));
        let (finished, short) = (record(22, 1, 0, &[0; 40]), record(23, 1, 9, &[0; 15]));
        let datagram =
            [&key_exchange[..], &short, &record(21, 0, 8, &[2, 40]), &finished, &finished[..30]].concat();
        let renumbered = record(22, 0, 7, &message(16, 2, 3, 0, b"abc"));
        let kept = left(&mut filter, &datagram, Stage::Chosen(overhead()));
        assert_eq!(kept, [&renumbered[..], &finished].concat());
        assert_eq!(
            left(&mut filter, &datagram, Stage::Hello),
            record(22, 0, 8, &message(16, 2, 3, 0, b"abc"))
        );
        assert_eq!(left(&mut filter, &datagram, Stage::Established(overhead())), finished);
    }

    #[test]
    fn messages_keep_their_type_length_and_order() {
        let mut filter = RecordFilter::new(End::Client, 0);
        let mut passes = |body: &[u8]| !left(&mut filter, &record(22, 0, 0, body), Stage::Hello).is_empty();
        assert!(passes(&message(2, 1, 40, 0, &[0; 20])));
        assert!(passes(&message(2, 1, 40, 20, &[0; 20])));
        for refused in [
            message(2, 1, 41, 0, &[0; 20]),  // another length
            message(12, 1, 40, 0, &[0; 20]), // another type
            message(2, 1, 40, 21, &[0; 20]), // beyond its end
            message(2, 1, 40, 20, &[]),      // nothing of it
            message(14, 0, 0, 0, &[]),       // before what precedes it
            message(3, 2, 30, 0, &[0; 30]),  // after what follows it
            message(14, 9, 0, 0, &[]),       // a number that no handshake comes to
            message(0, 2, 0, 0, &[]),        // HelloRequest
            message(11, 2, 3, 0, &[0; 3]),   // a certificate
            message(2, 1, 40, 0, &[0; 20])[..31].into(),
            [&message(2, 1, 40, 0, &[0; 20])[..], &[0; 11]].concat(),
        ] {
            assert!(!passes(&refused), "{refused:?}");
        }
        assert!(passes(&[message(12, 2, 2, 0, &[0; 2]), message(14, 3, 0, 0, &[])].concat()));
    }

    #[test]
    fn an_alert_waits_and_is_forgotten_over_anything_better() {
        let alert = record(21, 0, 5, &[2, 112]);
        let mut filter = RecordFilter::new(End::Client, 0);
        assert!(left(&mut filter, &alert, Stage::Hello).is_empty());
        assert!(filter.holds_alert());
        assert_eq!(filter.take_alert(), Some(record(21, 0, 1, &[2, 112])));
        left(&mut filter, &alert, Stage::Hello);
        left(&mut filter, &record(22, 0, 6, &message(14, 3, 0, 0, &[])), Stage::Hello);
        assert!(!filter.holds_alert());
        left(&mut filter, &record(21, 0, 5, &[1, 0]), Stage::Hello);
        assert!(!filter.holds_alert(), "close_notify ends nothing that has not begun");
        left(&mut filter, &alert, Stage::Established(overhead()));
        assert!(!filter.holds_alert());
        let mut filter = RecordFilter::new(End::Server, 0);
        left(&mut filter, &alert, Stage::Chosen(overhead()));
        assert!(!filter.holds_alert(), "a server waits for its client in any case");
    }
}
