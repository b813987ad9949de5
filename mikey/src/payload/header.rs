//! HDR, the common header: RFC 3830 §6.1, with the maps of RFC 4563 and RFC 6043.
//!
//! Numbers in brackets are octets: version (1), data type (1), next payload (1), V and PRF (1 bit, 7 bits), CSB ID (4), number of
//! sessions (1), map type (1), and for each session what [`SrtpSession`] or [`GenericSession`] says.

use super::{PayloadType, PrfFunction};
use crate::error::{BuildError, ParseError, Problem};
use crate::wire::{Reader, count, put_long, put_short};
use alloc::vec::Vec;

/// HDR of an I_MESSAGE: RFC 3830 §6.1. Version 1 and data type 26 are implied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The V bit: a request for an answer, 0 in MIKEY-SAKKE, which a responder ignores.
    pub v: bool,
    /// The PRF for the keys that are derived.
    pub prf: PrfFunction,
    /// CSB ID. In TS 33.180 the identifier of the key: its highest four bits say what the key is for.
    pub csb_id: u32,
    /// The crypto sessions.
    pub map: CsIdMap,
}

/// How crypto sessions are tied to those of the protocol that is protected: CS ID map, RFC 3830 §6.1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsIdMap {
    /// SRTP-ID: 1 to 255 sessions; their CS IDs are 1, 2 and so on.
    Srtp(Vec<SrtpSession>),
    /// Empty map (RFC 4563): no sessions; whoever uses the key knows them.
    Empty,
    /// GENERIC-ID (RFC 6043 §6.1.1): 1 to 255 sessions.
    Generic(Vec<GenericSession>),
}

/// A session of an SRTP-ID map, 9 octets: RFC 3830 §6.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrtpSession {
    /// The security policy.
    pub policy: u8,
    /// SSRC of the stream.
    pub ssrc: u32,
    /// Rollover counter.
    pub roc: u32,
}

/// A session of a GENERIC-ID map: RFC 6043 §6.1.1. CS ID (1), protocol (1), S and number of policies (1 bit, 7 bits), policies (1
/// each), length of session data (2), session data, length of SPI (1), SPI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenericSession {
    /// CS ID, which enters the derivation of keys.
    pub cs_id: u8,
    /// The protocol; 0 is SRTP.
    pub protocol: u8,
    /// S bit: ROC and SEQ are in the session data.
    pub s: bool,
    /// The security policies, at most 127.
    pub policies: Vec<u8>,
    /// For SRTP nothing, or SSRC (4 octets), and with the S bit ROC (4) and SEQ (2).
    pub session_data: Vec<u8>,
    /// SPI, such as an MKI; at most 255 octets.
    pub spi: Vec<u8>,
}

const VERSION: u8 = 1;
const DATA_TYPE: u8 = 26;
const SRTP_ID: u8 = 0;
const EMPTY: u8 = 1;
const GENERIC_ID: u8 = 2;

impl Header {
    /// Reads HDR; gives the type of the payload that follows.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<(Self, PayloadType), ParseError> {
        let fail = |at, problem| Err(ParseError { at, problem });
        match reader.u8()? {
            VERSION => {}
            version => return fail(0, Problem::Version(version)),
        }
        match reader.u8()? {
            DATA_TYPE => {}
            kind => return fail(1, Problem::DataType(kind)),
        }
        let next = PayloadType(reader.u8()?);
        let prf = reader.u8()?;
        let csb_id = reader.u32()?;
        let at = reader.at();
        let sessions = reader.u8()?;
        let kind_at = reader.at();
        let kind = reader.u8()?;
        let map = match (kind, sessions) {
            (EMPTY, 0) => CsIdMap::Empty,
            (SRTP_ID | GENERIC_ID, 0) | (EMPTY, _) => return fail(at, Problem::Sessions(sessions)),
            (SRTP_ID, _) => CsIdMap::Srtp(read_all(sessions, || SrtpSession::read(reader))?),
            (GENERIC_ID, _) => CsIdMap::Generic(GenericSession::read_map(sessions, reader)?),
            (kind, _) => return fail(kind_at, Problem::MapType(kind)),
        };
        Ok((Self { v: prf & 0x80 != 0, prf: PrfFunction(prf & 0x7f), csb_id, map }, next))
    }

    /// Appends HDR.
    pub(crate) fn write(&self, next: PayloadType, out: &mut Vec<u8>) -> Result<(), BuildError> {
        if self.prf.0 > 0x7f {
            return Err(BuildError::TooLong { max: 0x7f, got: self.prf.0.into() });
        }
        out.extend([VERSION, DATA_TYPE, next.0, u8::from(self.v) << 7 | self.prf.0]);
        out.extend(self.csb_id.to_be_bytes());
        match &self.map {
            CsIdMap::Empty => out.extend([0, EMPTY]),
            CsIdMap::Srtp(sessions) => {
                out.extend([count(sessions.len(), u8::MAX)?, SRTP_ID]);
                for session in sessions {
                    out.push(session.policy);
                    out.extend(session.ssrc.to_be_bytes());
                    out.extend(session.roc.to_be_bytes());
                }
            }
            CsIdMap::Generic(sessions) => {
                out.extend([count(sessions.len(), u8::MAX)?, GENERIC_ID]);
                for session in sessions {
                    session.write(out)?;
                }
            }
        }
        Ok(())
    }
}

fn read_all<T>(entries: u8, mut read: impl FnMut() -> Result<T, ParseError>) -> Result<Vec<T>, ParseError> {
    (0..entries).map(|_| read()).collect()
}

impl CsIdMap {
    /// The numbers of the policies that sessions name.
    pub fn policies(&self) -> Vec<u8> {
        match self {
            Self::Empty => Vec::new(),
            Self::Srtp(sessions) => sessions.iter().map(|session| session.policy).collect(),
            Self::Generic(sessions) => {
                sessions.iter().flat_map(|session| session.policies.iter().copied()).collect()
            }
        }
    }
}

impl SrtpSession {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        Ok(Self { policy: reader.u8()?, ssrc: reader.u32()?, roc: reader.u32()? })
    }
}

impl GenericSession {
    /// The number of SRTP.
    pub const SRTP: u8 = 0;

    fn read_map(sessions: u8, reader: &mut Reader<'_>) -> Result<Vec<Self>, ParseError> {
        let mut map: Vec<Self> = Vec::new();
        for _ in 0..sessions {
            let at = reader.at();
            let session = Self::read(reader)?;
            if map.iter().any(|other| other.cs_id == session.cs_id) {
                return Err(ParseError { at, problem: Problem::DuplicateSession(session.cs_id) });
            }
            map.push(session);
        }
        Ok(map)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let (cs_id, protocol, word) = (reader.u8()?, reader.u8()?, reader.u8()?);
        let s = word & 0x80 != 0;
        let policies = reader.take((word & 0x7f).into())?.to_vec();
        let at = reader.at();
        let session_data = reader.long()?.to_vec();
        let fits = matches!((session_data.len(), s), (0, _) | (4, false) | (10, true));
        if protocol == Self::SRTP && !fits {
            let length = session_data.len() as u16;
            return Err(ParseError { at, problem: Problem::SessionData(length) });
        }
        Ok(Self { cs_id, protocol, s, policies, session_data, spi: reader.short()?.to_vec() })
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), BuildError> {
        let policies = count(self.policies.len(), 0x7f)?;
        out.extend([self.cs_id, self.protocol, u8::from(self.s) << 7 | policies]);
        out.extend_from_slice(&self.policies);
        put_long(out, &self.session_data)?;
        put_short(out, &self.spi)
    }
}
