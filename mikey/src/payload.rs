//! The payloads of an I_MESSAGE: RFC 3830 §6, RFC 6043 §6, RFC 6509 §4. Values that are not known are kept as they came.
//!
//! Integers are big-endian. Each payload but SIGN begins with one octet that names the payload that follows, 0 for none; it is
//! left out below, where numbers in brackets are octets.
//!
//! | payload | number | fields |
//! |---|---|---|
//! | T | 5 | TS type (1), value (8; for types 2 and 3 4) |
//! | RAND | 11 | length (1), value (1 to 255) |
//! | ID | 6 | type (1), length (2), data |
//! | IDR | 14 | role (1), type (1), length (2), data |
//! | CERT | 7 | type (1), length (2), data |
//! | SP | 10 | policy number (1), protocol (1), length (2), parameters: type (1), length (1), value |
//! | SAKKE | 26 | parameter set (1), ID scheme (1), length (2), Encapsulated Data (273) |
//! | general extension | 21 | type (1), length (2), data |
//! | SIGN | 4 | S type (4 bits), length (12 bits), signature (129) |
//!
//! PKE (2), ERR (12), TR (13) and RANDR (15) are kept as they came; any other number ends the reading.

mod header;
mod policy;
mod timestamp;

pub use header::{CsIdMap, GenericSession, Header, SrtpSession};

pub use policy::{SecurityPolicy, SrtpPolicy};
pub use timestamp::Timestamp;
pub(crate) use timestamp::UNIX_EPOCH;

pub use crate::numbers::{ExtensionType, IdRole, IdScheme, IdType, PayloadType, PrfFunction, SignatureType};

use crate::error::{BuildError, ParseError, Problem};
use crate::wire::{Reader, put_long, put_short};
use alloc::vec::Vec;
use eccsi_sakke::sakke::EncapsulatedData;

/// A payload between HDR and SIGN: RFC 6509 §2.1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// T: when the message was made (RFC 3830 §6.6).
    Timestamp(Timestamp),
    /// RAND: 1 to 255 random octets, 16 or more recommended (RFC 3830 §6.11).
    Rand(Vec<u8>),
    /// ID: an identity without a role (RFC 3830 §6.7).
    Id(Id),
    /// IDR: an identity in a role (RFC 6043 §6.6).
    Idr(Idr),
    /// CERT: a certificate, which an ECCSI signature excludes (RFC 3830 §6.7, RFC 6509 §2.1).
    Certificate(Certificate),
    /// SP: a security policy (RFC 3830 §6.10).
    Policy(SecurityPolicy),
    /// SAKKE: the Encapsulated Data (RFC 6509 §4.2).
    Sakke(Sakke),
    /// General extension (RFC 3830 §6.15).
    Extension(Extension),
    /// A payload of RFC 3830 or RFC 6043 whose length can be told and that means nothing here.
    Other(Other),
}

/// ID payload: RFC 3830 §6.7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    /// What the octets are.
    pub id_type: IdType,
    /// The identity, at most 65 535 octets.
    pub data: Vec<u8>,
}

/// IDR payload: RFC 6043 §6.6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idr {
    /// Whose identity it is.
    pub role: IdRole,
    /// What the octets are.
    pub id_type: IdType,
    /// The identity, at most 65 535 octets.
    pub data: Vec<u8>,
}

/// CERT payload: RFC 3830 §6.7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Certificate type.
    pub cert_type: u8,
    /// The certificate, at most 65 535 octets.
    pub data: Vec<u8>,
}

/// SAKKE payload: RFC 6509 §4.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sakke {
    /// The parameter set; 1 is the one there is.
    pub parameters: u8,
    /// How the receiver's identifier is made.
    pub id_scheme: IdScheme,
    /// The Encapsulated Data: 273 octets in parameter set 1. Not decoded before the signature was verified.
    pub data: Vec<u8>,
}

/// General extension payload: RFC 3830 §6.15.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// What the octets are.
    pub extension_type: ExtensionType,
    /// At most 65 535 octets.
    pub data: Vec<u8>,
}

/// A payload of RFC 3830 or RFC 6043 that has no meaning in an I_MESSAGE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Which.
    pub payload_type: PayloadType,
    /// What follows the next-payload field, its length fields included.
    pub body: Vec<u8>,
}

/// SIGN payload: RFC 3830 §6.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    /// S type.
    pub signature_type: SignatureType,
    /// The signature: 129 octets for ECCSI, at most 4095.
    pub signature: Vec<u8>,
}

impl Payload {
    /// The number by which the payload before names this one.
    pub fn payload_type(&self) -> PayloadType {
        match self {
            Self::Timestamp(_) => PayloadType::T,
            Self::Rand(_) => PayloadType::RAND,
            Self::Id(_) => PayloadType::ID,
            Self::Idr(_) => PayloadType::IDR,
            Self::Certificate(_) => PayloadType::CERT,
            Self::Policy(_) => PayloadType::SP,
            Self::Sakke(_) => PayloadType::SAKKE,
            Self::Extension(_) => PayloadType::GENERAL_EXTENSION,
            Self::Other(other) => other.payload_type,
        }
    }

    /// Reads what follows the next-payload field.
    pub(crate) fn read(kind: PayloadType, reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        Ok(match kind {
            PayloadType::T => Self::Timestamp(Timestamp::read(reader)?),
            PayloadType::RAND => {
                let at = reader.at();
                match reader.short()? {
                    [] => return Err(ParseError { at, problem: Problem::Length(kind) }),
                    octets => Self::Rand(octets.to_vec()),
                }
            }
            PayloadType::ID => Self::Id(Id { id_type: IdType(reader.u8()?), data: reader.long()?.to_vec() }),
            PayloadType::IDR => Self::Idr(Idr {
                role: IdRole(reader.u8()?),
                id_type: IdType(reader.u8()?),
                data: reader.long()?.to_vec(),
            }),
            PayloadType::CERT => {
                Self::Certificate(Certificate { cert_type: reader.u8()?, data: reader.long()?.to_vec() })
            }
            PayloadType::SP => Self::Policy(SecurityPolicy::read(reader)?),
            PayloadType::SAKKE => Self::Sakke(Sakke::read(reader)?),
            PayloadType::GENERAL_EXTENSION => Self::Extension(Extension {
                extension_type: ExtensionType(reader.u8()?),
                data: reader.long()?.to_vec(),
            }),
            other => Self::Other(Other::read(other, reader)?),
        })
    }

    /// Appends what follows the next-payload field.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), BuildError> {
        match self {
            Self::Timestamp(timestamp) => timestamp.write(out),
            Self::Rand(octets) => put_short(out, octets)?,
            Self::Id(id) => {
                out.push(id.id_type.0);
                put_long(out, &id.data)?;
            }
            Self::Idr(id) => {
                out.extend([id.role.0, id.id_type.0]);
                put_long(out, &id.data)?;
            }
            Self::Certificate(certificate) => {
                out.push(certificate.cert_type);
                put_long(out, &certificate.data)?;
            }
            Self::Policy(policy) => policy.write(out)?,
            Self::Sakke(sakke) => sakke.write(out)?,
            Self::Extension(extension) => {
                out.push(extension.extension_type.0);
                put_long(out, &extension.data)?;
            }
            Self::Other(other) => out.extend_from_slice(&other.body),
        }
        Ok(())
    }
}

impl Sakke {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let (parameters, id_scheme) = (reader.u8()?, IdScheme(reader.u8()?));
        let at = reader.at();
        let data = reader.long()?.to_vec();
        if parameters == 1 && data.len() != EncapsulatedData::BYTES {
            return Err(ParseError { at, problem: Problem::Length(PayloadType::SAKKE) });
        }
        Ok(Self { parameters, id_scheme, data })
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), BuildError> {
        out.extend([self.parameters, self.id_scheme.0]);
        put_long(out, &self.data)
    }
}

impl Extension {
    /// SAKKE-to-self (TS 33.180 Annex E): a SAKKE payload for the initiator, so that its other devices can open the
    /// message, too.
    ///
    /// # Errors
    /// [`BuildError::TooLong`] for Encapsulated Data of more than 65 535 octets.
    pub fn to_self(sakke: &Sakke) -> Result<Self, BuildError> {
        let mut data = alloc::vec![PayloadType::LAST.0];
        sakke.write(&mut data)?;
        Ok(Self { extension_type: ExtensionType::SAKKE_TO_SELF, data })
    }

    /// The payload in a SAKKE-to-self extension; `None` in another extension.
    ///
    /// # Errors
    /// [`ParseError`] if it holds something else, with offsets from the start of the extension's data.
    pub fn sakke_to_self(&self) -> Result<Option<Sakke>, ParseError> {
        if self.extension_type != ExtensionType::SAKKE_TO_SELF {
            return Ok(None);
        }
        let mut reader = Reader::new(&self.data);
        if reader.u8()? != PayloadType::LAST.0 {
            return Err(ParseError { at: 0, problem: Problem::Nested });
        }
        let sakke = Sakke::read(&mut reader)?;
        if reader.is_empty() { Ok(Some(sakke)) } else { Err(reader.error(Problem::Trailing)) }
    }
}

impl Other {
    /// The payloads that could stand here and whose end can be told from what they say.
    fn read(payload_type: PayloadType, reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let mut ahead = reader.clone();
        match payload_type {
            // C in 2 bits, length in 14.
            PayloadType::PKE => {
                let length = ahead.u16()? & 0x3fff;
                ahead.take(length.into())?;
            }
            // Error number and two reserved octets.
            PayloadType::ERR => {
                ahead.take(3)?;
            }
            // Role, length in one octet.
            PayloadType::RANDR => {
                ahead.u8()?;
                ahead.short()?;
            }
            // Role, then as T.
            PayloadType::TR => {
                ahead.u8()?;
                Timestamp::read(&mut ahead)?;
            }
            unknown => return Err(reader.error(Problem::UnknownPayload(unknown))),
        }
        let body = reader.take(ahead.at() - reader.at())?.to_vec();
        Ok(Self { payload_type, body })
    }
}

impl Sign {
    /// Octets of the S type and length, which the signature covers.
    pub(crate) const HEADER_BYTES: usize = 2;
    /// The most that 12 bits can say.
    const MAX_BYTES: u16 = 0xfff;

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let at = reader.at();
        let word = reader.u16()?;
        let signature_type = SignatureType((word >> 12) as u8);
        let length = usize::from(word & Self::MAX_BYTES);
        if signature_type == SignatureType::ECCSI && length != eccsi_sakke::eccsi::Signature::BYTES {
            return Err(ParseError { at, problem: Problem::Length(PayloadType::SIGN) });
        }
        Ok(Self { signature_type, signature: reader.take(length)?.to_vec() })
    }

    /// The two octets in front of a signature of `length` octets.
    pub(crate) fn header(
        signature_type: SignatureType,
        length: usize,
    ) -> Result<[u8; Self::HEADER_BYTES], BuildError> {
        let fits = u16::try_from(length).ok().filter(|length| *length <= Self::MAX_BYTES);
        let length = fits.ok_or(BuildError::TooLong { max: Self::MAX_BYTES.into(), got: length })?;
        if signature_type.0 > 0xf {
            return Err(BuildError::TooLong { max: 0xf, got: signature_type.0.into() });
        }
        Ok((u16::from(signature_type.0) << 12 | length).to_be_bytes())
    }
}
