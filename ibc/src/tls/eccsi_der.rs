//! The structures that carry ECCSI in TLS (draft-wang-tls-raw-public-key-with-ibc-14), in DER.
//!
//! ```text
//! SubjectPublicKeyInfo ::= SEQUENCE {
//!     algorithm        SEQUENCE { OBJECT IDENTIFIER 1.3.6.1.5.5.7.6.29, parameters },
//!     subjectPublicKey BIT STRING }                    -- the identity, octet for octet
//! parameters  ::= SEQUENCE { OCTET STRING }            -- SHA-256 of ECCSIPublicParameters; or those
//! ECCSIPublicParameters ::= SEQUENCE { INTEGER 2, prime256v1, sha256, FpPoint G, FpPoint KPAK }
//! FpPoint     ::= SEQUENCE { x INTEGER, y INTEGER }
//! ECCSI-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER, PVT OCTET STRING }
//! Identifier  ::= SEQUENCE { INTEGER 1, UTF8String, UTCTime }
//! ```
//!
//! Where the draft's ASN.1 is not valid or leaves a choice: the hash of the parameters is one OCTET STRING in
//! a SEQUENCE; a "String" is a UTF8String; the identity is the whole content of the BIT STRING. Everything is
//! public here. Only DER is read: minimal lengths and integers, nothing behind the end.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef, UtcTime, Utf8StringRef};
use der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};
use eccsi_sakke::eccsi::{KmsPublicKey, PublicValidationToken, Signature};
use eccsi_sakke::onem2m::UnixTime;
use sha2::{Digest, Sha256};
use std::fmt;
use std::string::String;
use std::vec::Vec;

/// id-alg-eccsi-with-sha256.
const ECCSI_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.6.29");
const PRIME256V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;

/// The generator of P-256, x ‖ y.
const G: [u8; 64] = [
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
    0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3,
    0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

/// Octets are not the DER of the structure they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerError;

impl fmt::Display for DerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the DER of this structure")
    }
}

impl std::error::Error for DerError {}

impl From<der::Error> for DerError {
    fn from(_: der::Error) -> Self {
        Self
    }
}

/// Tag, length and content.
fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let length: usize = content.iter().map(|part| part.len()).sum();
    let length_octets = length.to_be_bytes();
    let significant = &length_octets[length_octets.iter().take_while(|octet| **octet == 0).count()..];
    let mut out = std::vec![tag];
    match *significant {
        [] => out.push(0),
        [short @ 0..=0x7f] => out.push(short),
        _ => {
            debug_assert!(significant.len() <= 8);
            out.push(0x80 | significant.len() as u8);
            out.extend_from_slice(significant);
        }
    }
    out.extend(content.iter().copied().flatten());
    out
}

/// A non-negative INTEGER of big-endian octets.
fn integer(octets: &[u8]) -> Vec<u8> {
    let leading = octets.iter().take_while(|octet| **octet == 0).count();
    let value = &octets[leading..];
    match value.first() {
        None => element(INTEGER, &[&[0]]),
        Some(0x80..) => element(INTEGER, &[&[0], value]),
        Some(_) => element(INTEGER, &[value]),
    }
}

fn fp_point(x_y: &[u8]) -> Vec<u8> {
    let (x, y) = x_y.split_at(x_y.len() / 2);
    element(SEQUENCE, &[&integer(x), &integer(y)])
}

fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    oid.to_der().expect("an object identifier of this file")
}

/// ECCSIPublicParameters of a KPAK.
pub fn public_parameters(kpak: &KmsPublicKey) -> Vec<u8> {
    let kpak = kpak.to_bytes();
    element(
        SEQUENCE,
        &[&integer(&[2]), &oid(&PRIME256V1), &oid(&SHA256), &fp_point(&G), &fp_point(&kpak[1..])],
    )
}

/// SHA-256 of the ECCSIPublicParameters of a KPAK: selects the KPAK.
pub fn parameters_hash(kpak: &KmsPublicKey) -> [u8; 32] {
    Sha256::digest(public_parameters(kpak)).into()
}

/// What stands in a raw public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubjectPublicKeyInfo<'a> {
    /// SHA-256 of the ECCSIPublicParameters.
    pub parameters_hash: [u8; 32],
    /// The identity.
    pub identity: &'a [u8],
}

impl<'a> SubjectPublicKeyInfo<'a> {
    /// DER, with the hash of the parameters.
    pub fn to_der(&self) -> Vec<u8> {
        let parameters = element(SEQUENCE, &[&element(OCTET_STRING, &[&self.parameters_hash])]);
        let algorithm = element(SEQUENCE, &[&oid(&ECCSI_WITH_SHA256), &parameters]);
        element(SEQUENCE, &[&algorithm, &element(BIT_STRING, &[&[0], self.identity])])
    }

    /// Reads DER. Parameters that are sent in full count by their hash, so that nothing in them is believed.
    ///
    /// # Errors
    /// [`DerError`], also for another algorithm.
    pub fn from_der(der: &'a [u8]) -> Result<Self, DerError> {
        let mut reader = SliceReader::new(der)?;
        let info = reader.sequence(|info| {
            let parameters_hash = info.sequence(|algorithm| {
                if ObjectIdentifier::decode(algorithm)? != ECCSI_WITH_SHA256 {
                    return Err(DerError);
                }
                hash_of_parameters(AnyRef::decode(algorithm)?)
            })?;
            let identity = BitStringRef::decode(info)?.as_bytes().ok_or(DerError)?;
            Ok::<_, DerError>(Self { parameters_hash, identity })
        })?;
        reader.finish()?;
        Ok(info)
    }
}

fn hash_of_parameters(parameters: AnyRef<'_>) -> Result<[u8; 32], DerError> {
    if parameters.tag() != Tag::Sequence {
        return Err(DerError);
    }
    let mut inside = SliceReader::new(parameters.value())?;
    if Tag::peek(&inside)? != Tag::OctetString {
        return Ok(Sha256::digest(parameters.to_der()?).into());
    }
    let hash = <&OctetStringRef>::decode(&mut inside)?.as_bytes().try_into().map_err(|_| DerError)?;
    inside.finish()?;
    Ok(hash)
}

/// ECCSI-Sig-Value of a signature: at most 140 octets.
pub fn signature_to_der(signature: &Signature) -> Vec<u8> {
    let pvt = element(OCTET_STRING, &[&signature.pvt().to_bytes()]);
    let der = element(SEQUENCE, &[&integer(signature.r()), &integer(signature.s()), &pvt]);
    debug_assert!(der.len() <= 140);
    der
}

/// Reads an ECCSI-Sig-Value.
///
/// # Errors
/// [`DerError`], also if the values are none of a signature: out of range, PVT not on the curve.
pub fn signature_from_der(der: &[u8]) -> Result<Signature, DerError> {
    let mut reader = SliceReader::new(der)?;
    let octets = reader.sequence(|value| {
        let mut octets = [0; Signature::BYTES];
        let (r, rest) = octets.split_at_mut(32);
        let (s, pvt) = rest.split_at_mut(32);
        for place in [r, s] {
            let integer = UintRef::decode(value)?;
            let start = place.len().checked_sub(integer.as_bytes().len()).ok_or(DerError)?;
            place[start..].copy_from_slice(integer.as_bytes());
        }
        let token: &[u8; PublicValidationToken::BYTES] =
            <&OctetStringRef>::decode(value)?.as_bytes().try_into().map_err(|_| DerError)?;
        pvt.copy_from_slice(token);
        Ok::<_, DerError>(octets)
    })?;
    reader.finish()?;
    Signature::from_bytes(&octets).map_err(|_| DerError)
}

/// The draft's own form of an identity. oneM2M's is the text of an ID_2; this one is for peers that follow
/// the draft to the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftIdentifier {
    /// The name.
    pub identity: String,
    /// The instant after which the key is no longer valid. UTCTime has two digits for the year: 1950 to 2049.
    pub expiration: UnixTime,
}

impl DraftIdentifier {
    /// DER: the octets that are the identity for ECCSI.
    ///
    /// # Errors
    /// [`DerError`] if the expiration has no UTCTime.
    pub fn to_der(&self) -> Result<Vec<u8>, DerError> {
        let expiration = core::time::Duration::from_secs(self.expiration.as_seconds());
        let expiration = UtcTime::from_unix_duration(expiration)?.to_der()?;
        let identity = Utf8StringRef::new(self.identity.as_str())?.to_der()?;
        Ok(element(SEQUENCE, &[&integer(&[1]), &identity, &expiration]))
    }

    /// Reads DER.
    ///
    /// # Errors
    /// [`DerError`].
    pub fn from_der(der: &[u8]) -> Result<Self, DerError> {
        let mut reader = SliceReader::new(der)?;
        let identifier = reader.sequence(|identifier| {
            if u8::decode(identifier)? != 1 {
                return Err(DerError);
            }
            let identity = Utf8StringRef::decode(identifier)?.as_str().into();
            let expiration = UtcTime::decode(identifier)?.to_unix_duration().as_secs();
            Ok::<_, DerError>(Self { identity, expiration: UnixTime::from_seconds(expiration) })
        })?;
        reader.finish()?;
        Ok(identifier)
    }
}
