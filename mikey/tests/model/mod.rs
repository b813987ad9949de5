//! Writes I_MESSAGEs octet by octet, from the tables of RFC 3830, RFC 6043 and RFC 6509, and names users by the formula of
//! TS 33.180 Annex F.2.1. Shares no code with the package: what both get wrong in the same way they get wrong twice.

#![allow(unreachable_pub, reason = "each test program uses its part")]

use eccsi_sakke::eccsi::{self, SigningKey};
use eccsi_sakke::sakke::{self, Identifier, ReceiverSecretKey, SharedSecretValue};
use eccsi_sakke::{Identity, SysRng};
use sha2::{Digest, Sha256};

/// Unix seconds at which messages are made: in 2027, far from the borders of a period.
pub const NOW: u64 = 1_800_000_000;
pub const PERIOD: u64 = 2_592_000;
pub const KMS: &str = "kms.example.org";
pub const ALICE: &str = "sip:alice@example.org";
pub const BOB: &str = "sip:bob@example.org";
pub const SSV: [u8; 16] = *b"a shared secret!";
pub const CSB_ID: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

/// A payload: the number by which the one before names it, and what follows its own next-payload field.
#[derive(Clone)]
pub struct Piece(pub u8, pub Vec<u8>);

/// A message without its signature; nothing in it has to be right.
#[derive(Clone)]
pub struct Draft {
    /// HDR from the PRF on.
    pub header: Vec<u8>,
    pub version: u8,
    pub data_type: u8,
    pub pieces: Vec<Piece>,
    /// S type and length.
    pub sign: [u8; 2],
}

pub const T: usize = 0;
pub const RAND: usize = 1;
pub const IDRI: usize = 2;
pub const IDRR: usize = 3;
pub const KMSI: usize = 4;
pub const KMSR: usize = 5;
pub const SP: usize = 6;
pub const SAKKE: usize = 7;
pub const EXTENSION: usize = 8;

impl Draft {
    /// Up to and including S type and length.
    pub fn unsigned(&self) -> Vec<u8> {
        let mut codes: Vec<u8> = self.pieces.iter().map(|piece| piece.0).collect();
        codes.push(4);
        let mut octets = vec![self.version, self.data_type, codes[0]];
        octets.extend(&self.header);
        for (piece, next) in self.pieces.iter().zip(&codes[1..]) {
            octets.push(*next);
            octets.extend(&piece.1);
        }
        octets.extend(self.sign);
        octets
    }

    pub fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        [&self.unsigned()[..], signature].concat()
    }

    pub fn signed_by(&self, key: &SigningKey) -> Vec<u8> {
        self.with_signature(&sign(key, &self.unsigned()))
    }

    /// The offset of what follows the next-payload field of a piece.
    pub fn body_at(&self, piece: usize) -> usize {
        let before: usize = self.pieces[..piece].iter().map(|piece| 1 + piece.1.len()).sum();
        3 + self.header.len() + before + 1
    }
}

pub fn sign(key: &SigningKey, message: &[u8]) -> [u8; 129] {
    key.sign(message, &mut SysRng).unwrap().to_bytes()
}

/// S = FC ‖ P0 ‖ L0 ‖ …, hashed. For a period of 3 octets, an offset of 0 and a number of 2 octets.
pub fn uid(uri: &str, number: u16) -> [u8; 32] {
    let mut s = vec![0];
    let mut put = |octets: &[u8]| {
        s.extend(octets);
        s.extend([(octets.len() >> 8) as u8, octets.len() as u8]);
    };
    put(b"MIKEY-SAKKE-UID");
    put(uri.as_bytes());
    put(KMS.as_bytes());
    put(&[0x27, 0x8d, 0x00]);
    put(&[0]);
    put(&number.to_be_bytes());
    Sha256::digest(s).into()
}

/// The number of the period at a Unix time.
pub fn number(time: u64) -> u16 {
    ((time + 2_208_988_800) / PERIOD) as u16
}

/// A KMS and the keys that it issues.
pub struct Authority {
    pub ksak: eccsi::KmsSecretKey,
    pub z: sakke::KmsSecretKey,
    pub kpak: eccsi::KmsPublicKey,
    pub z_public: sakke::KmsPublicKey,
}

impl Authority {
    pub fn new(seed: u8) -> Self {
        let ksak = eccsi::KmsSecretKey::from_bytes(&[seed; 32]).unwrap();
        let z = sakke::KmsSecretKey::from_bytes(&[seed; 128]).unwrap();
        let (kpak, z_public) = (ksak.public_key(), z.public_key());
        Self { ksak, z, kpak, z_public }
    }

    pub fn signing(&self, id: &[u8]) -> SigningKey {
        let id = Identity::new(id);
        self.ksak.issue(id, &mut SysRng).unwrap().validate(&self.kpak, id).unwrap()
    }

    pub fn receiving(&self, uid: &[u8; 32]) -> ReceiverSecretKey {
        let id = Identifier::from_uid(uid).unwrap();
        self.z.issue(&id).unwrap().validate(&self.z_public, &id).unwrap()
    }

    pub fn encapsulated(&self, uid: &[u8; 32]) -> Vec<u8> {
        let id = Identifier::from_uid(uid).unwrap();
        self.z_public.encapsulate_ssv(&id, &SharedSecretValue::from_bytes(&SSV)).unwrap().to_bytes().to_vec()
    }
}

pub fn idr(role: u8, data: &[u8]) -> Piece {
    let length = [(data.len() >> 8) as u8, data.len() as u8];
    Piece(14, [&[role, 1], &length[..], data].concat())
}

/// SP 0 of SRTP with these parameters.
pub fn policy(parameters: &[u8]) -> Piece {
    Piece(10, [&[0, 0, 0, parameters.len() as u8], parameters].concat())
}

pub fn timestamp(time: u64) -> Piece {
    let ntp = (time + 2_208_988_800) << 32;
    Piece(5, [&[0], &ntp.to_be_bytes()[..]].concat())
}

/// Parameters of AES-GCM as deployed messages have them.
pub const GCM: [u8; 27] =
    [0, 1, 6, 1, 1, 16, 2, 1, 4, 4, 1, 12, 5, 1, 0, 6, 1, 0, 18, 1, 4, 19, 1, 0, 20, 1, 16];

/// HDR with one session: CS ID 4 of SRTP, policy 0, an SSRC, an SPI.
pub fn generic_header() -> Vec<u8> {
    let mut header = vec![1];
    header.extend(CSB_ID);
    header.extend([1, 2, 4, 0, 1, 0, 0, 4, 0xaa, 0xbb, 0xcc, 0xdd, 2, 0x55, 0x66]);
    header
}

/// A message of the profile of TS 33.180, from Alice to Bob.
pub fn draft(kms: &Authority, time: u64) -> Draft {
    let data = kms.encapsulated(&uid(BOB, number(time)));
    let pieces = vec![
        timestamp(time),
        Piece(11, [&[16], &[0x77; 16][..]].concat()),
        idr(1, ALICE.as_bytes()),
        idr(2, BOB.as_bytes()),
        idr(6, KMS.as_bytes()),
        idr(7, KMS.as_bytes()),
        policy(&GCM),
        Piece(26, [&[1, 2, 1, 17], &data[..]].concat()),
        Piece(21, vec![7, 0, 4, 0x43, 0, 0, 0]),
    ];
    Draft { header: generic_header(), version: 1, data_type: 26, pieces, sign: [0x20, 0x81] }
}
