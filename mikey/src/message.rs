//! The I_MESSAGE as octets and as payloads, without keys: RFC 6509 §2.1.

use crate::error::{BuildError, ParseError, Problem, Refusal};
use crate::payload::{
    Extension, ExtensionType, Header, IdRole, Idr, Payload, PayloadType, Sakke, SecurityPolicy, Sign,
    SignatureType, SrtpPolicy, Timestamp,
};
use crate::wire::Reader;
use alloc::vec::Vec;

/// A well-formed I_MESSAGE: HDR, T, RAND, \[IDRi\], \[IDRr\], \[IDRkmsi\], \[IDRkmsr\], \[CERT\], {SP}, SAKKE, SIGN.
///
/// Whoever has one knows that its mandatory payloads are there once and in order, and that every length fits. Whether it
/// is genuine only [`open`](Self::open) tells. General extensions, ID payloads, identities in other roles, and payloads
/// that mean nothing here may stand anywhere behind RAND.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IMessage {
    octets: Vec<u8>,
    header: Header,
    payloads: Vec<Payload>,
    sign: Sign,
}

impl IMessage {
    /// The most octets that are read or written: what one datagram holds.
    pub const MAX_BYTES: usize = 65_535;

    /// Reads a message. Each value has one encoding, so that writing the payloads gives `octets` again.
    ///
    /// # Errors
    /// [`ParseError`] with the offset of what is wrong.
    pub fn parse(octets: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(octets);
        if octets.len() > Self::MAX_BYTES {
            return Err(reader.error(Problem::TooLong));
        }
        let (header, mut next) = Header::read(&mut reader)?;
        let mut order = Order::default();
        let mut payloads = Vec::new();
        while next != PayloadType::SIGN {
            let at = reader.at();
            if next == PayloadType::LAST {
                return Err(reader.error(Problem::Unsigned));
            }
            let kind = next;
            next = PayloadType(reader.u8()?);
            let payload = Payload::read(kind, &mut reader)?;
            order.admit(&payload, &payloads).map_err(|problem| ParseError { at, problem })?;
            payloads.push(payload);
        }
        order.check_complete().map_err(|problem| reader.error(problem))?;
        let sign = Sign::read(&mut reader)?;
        if !reader.is_empty() {
            return Err(reader.error(Problem::Trailing));
        }
        Ok(Self { octets: octets.to_vec(), header, payloads, sign })
    }

    /// What is to be signed if a message has these parts: all octets of it but those of the signature, which has
    /// `signature_length` octets. RFC 3830 §5.2.
    ///
    /// # Errors
    /// [`BuildError::TooLong`] if something does not fit its length field.
    pub fn signed_part(
        header: &Header,
        payloads: &[Payload],
        signature_type: SignatureType,
        signature_length: usize,
    ) -> Result<Vec<u8>, BuildError> {
        let mut octets = Vec::new();
        let mut following = payloads.iter().map(Payload::payload_type).chain([PayloadType::SIGN]);
        header.write(following.next().unwrap_or(PayloadType::SIGN), &mut octets)?;
        for (payload, next) in payloads.iter().zip(following) {
            octets.push(next.0);
            payload.write(&mut octets)?;
        }
        octets.extend(Sign::header(signature_type, signature_length)?);
        Ok(octets)
    }

    /// The message of these parts.
    ///
    /// # Errors
    /// [`BuildError::TooLong`] if something does not fit its length field; [`BuildError::Invalid`] if
    /// [`parse`](Self::parse) would refuse the result.
    pub fn from_parts(header: &Header, payloads: &[Payload], sign: &Sign) -> Result<Self, BuildError> {
        let octets = Self::signed_part(header, payloads, sign.signature_type, sign.signature.len())?;
        Self::signed(octets, &sign.signature)
    }

    /// The message of a signed part and its signature.
    pub(crate) fn signed(mut octets: Vec<u8>, signature: &[u8]) -> Result<Self, BuildError> {
        octets.extend_from_slice(signature);
        Ok(Self::parse(&octets)?)
    }

    /// The message as it goes over the wire.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// What the signature covers: everything up to and including S type and signature length. RFC 3830 §5.2.
    pub fn signed_bytes(&self) -> &[u8] {
        &self.octets[..self.octets.len() - self.sign.signature.len()]
    }

    /// HDR.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payloads between HDR and SIGN, in order.
    pub fn payloads(&self) -> &[Payload] {
        &self.payloads
    }

    /// SIGN.
    pub fn sign(&self) -> &Sign {
        &self.sign
    }

    /// T.
    pub fn timestamp(&self) -> &Timestamp {
        let mut found = self.payloads.iter().filter_map(|payload| match payload {
            Payload::Timestamp(timestamp) => Some(timestamp),
            _ => None,
        });
        found.next().expect("parsing checks that it is there")
    }

    /// RAND, 1 to 255 octets.
    pub fn rand(&self) -> &[u8] {
        let mut found = self.payloads.iter().filter_map(|payload| match payload {
            Payload::Rand(rand) => Some(rand),
            _ => None,
        });
        found.next().expect("parsing checks that it is there")
    }

    /// SAKKE.
    pub fn sakke(&self) -> &Sakke {
        let mut found = self.payloads.iter().filter_map(|payload| match payload {
            Payload::Sakke(sakke) => Some(sakke),
            _ => None,
        });
        found.next().expect("parsing checks that it is there")
    }

    /// The identity in a role.
    pub fn identity(&self, role: IdRole) -> Option<&Idr> {
        self.payloads.iter().find_map(|payload| match payload {
            Payload::Idr(idr) if idr.role == role => Some(idr),
            _ => None,
        })
    }

    /// Is there a CERT payload?
    pub fn has_certificate(&self) -> bool {
        self.payloads.iter().any(|payload| matches!(payload, Payload::Certificate(_)))
    }

    /// The security policies, in order.
    pub fn policies(&self) -> impl Iterator<Item = &SecurityPolicy> {
        self.payloads.iter().filter_map(|payload| match payload {
            Payload::Policy(policy) => Some(policy),
            _ => None,
        })
    }

    /// The policies of SRTP by their numbers. Empty: the default of TS 33.180, [`SrtpPolicy::MCX`], holds.
    ///
    /// # Errors
    /// As [`SrtpPolicy::read`]; [`Refusal::PolicyNumber`] if a crypto session has a policy that is not there.
    pub fn srtp_policies(&self) -> Result<Vec<(u8, SrtpPolicy)>, Refusal> {
        let policies = self.policies().map(|policy| Ok((policy.number, SrtpPolicy::read(policy)?)));
        let policies = policies.collect::<Result<Vec<_>, Refusal>>()?;
        let named = self.header().map.policies();
        let is_there = |number: &u8| policies.is_empty() || policies.iter().any(|(other, _)| other == number);
        match named.into_iter().find(|number| !is_there(number)) {
            Some(number) => Err(Refusal::PolicyNumber(number)),
            None => Ok(policies),
        }
    }

    /// The first general extension of a type.
    pub fn extension(&self, extension_type: ExtensionType) -> Option<&Extension> {
        self.payloads.iter().find_map(|payload| match payload {
            Payload::Extension(extension) if extension.extension_type == extension_type => Some(extension),
            _ => None,
        })
    }
}

/// Which payloads were there, and where the order of RFC 6509 stands.
#[derive(Default)]
struct Order {
    /// The rank of the last payload that has one.
    reached: u8,
    /// Bit n: rank n was there.
    seen: u16,
}

const T: u8 = 1;
const RAND: u8 = 2;
const SP: u8 = 10;
const SAKKE: u8 = 11;

impl Order {
    fn rank(payload: &Payload) -> Option<u8> {
        match payload {
            Payload::Timestamp(_) => Some(T),
            Payload::Rand(_) => Some(RAND),
            Payload::Idr(idr) => match idr.role {
                IdRole::INITIATOR => Some(3),
                IdRole::INITIATOR_UID => Some(4),
                IdRole::RESPONDER => Some(5),
                IdRole::RESPONDER_UID => Some(6),
                IdRole::INITIATOR_KMS => Some(7),
                IdRole::RESPONDER_KMS => Some(8),
                _ => None,
            },
            Payload::Certificate(_) => Some(9),
            Payload::Policy(_) => Some(SP),
            Payload::Sakke(_) => Some(SAKKE),
            Payload::Id(_) | Payload::Extension(_) | Payload::Other(_) => None,
        }
    }

    fn saw(&self, rank: u8) -> bool {
        self.seen & 1 << rank != 0
    }

    fn admit(&mut self, payload: &Payload, before: &[Payload]) -> Result<(), Problem> {
        let kind = payload.payload_type();
        if let Some(rank) = Self::rank(payload) {
            if self.saw(rank) && rank != SP {
                return Err(Problem::Duplicate(kind));
            }
            if rank < self.reached {
                return Err(Problem::Order(kind));
            }
            (self.reached, self.seen) = (rank, self.seen | 1 << rank);
        }
        for (first, missing) in [(T, PayloadType::T), (RAND, PayloadType::RAND)] {
            if !self.saw(first) {
                return Err(Problem::Missing(missing));
            }
            if kind == missing {
                return Ok(());
            }
        }
        match payload {
            Payload::Policy(policy) if same_policy(policy, before) => {
                Err(Problem::DuplicatePolicy(policy.number))
            }
            Payload::Extension(extension) if same_extension(extension, before) => {
                Err(Problem::Duplicate(kind))
            }
            _ => Ok(()),
        }
    }

    fn check_complete(&self) -> Result<(), Problem> {
        for (rank, kind) in [(T, PayloadType::T), (RAND, PayloadType::RAND), (SAKKE, PayloadType::SAKKE)] {
            if !self.saw(rank) {
                return Err(Problem::Missing(kind));
            }
        }
        Ok(())
    }
}

fn same_policy(policy: &SecurityPolicy, before: &[Payload]) -> bool {
    before.iter().any(|other| matches!(other, Payload::Policy(other) if other.number == policy.number))
}

/// Of the extensions that have a meaning here there may be one each.
fn same_extension(extension: &Extension, before: &[Payload]) -> bool {
    let kind = extension.extension_type;
    matches!(kind, ExtensionType::SAKKE_TO_SELF | ExtensionType::KEY_PARAMETERS)
        && before
            .iter()
            .any(|other| matches!(other, Payload::Extension(other) if other.extension_type == kind))
}
