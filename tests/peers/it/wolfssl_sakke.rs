//! A live peer: SAKKE keys and encapsulated data exchanged with an installed libwolfssl (5.5.4), both
//! ways.

use crate::model::{Stream, unhex};
use eccsi_sakke::Error;
use eccsi_sakke::sakke::{
    EncapsulatedData, Identifier, IssuedKey, KmsPublicKey, KmsSecretKey, ReceiverSecretKey, SharedSecretValue,
};
use eccsi_sakke_peers::wolfssl_sakke as ffi;

const ROUNDS: usize = 50;

/// An identifier of raw octets, whatever stands in front.
fn identifier(octets: &[u8]) -> Identifier {
    Identifier::from_raw(octets).expect("in range").allow_leading_zeros()
}

/// A KMS, an identity and a shared secret value.
struct Round {
    kms: KmsSecretKey,
    z: KmsPublicKey,
    id: Vec<u8>,
    ssv: [u8; 16],
}

impl Round {
    fn new(stream: &mut Stream, round: usize) -> Self {
        let kms = loop {
            let mut z: [u8; 128] = stream.octets(128).try_into().expect("128 octets");
            z[0] &= 0x3f;
            if let Ok(kms) = KmsSecretKey::from_bytes(&z) {
                break kms;
            }
        };
        // Of 1 to 127 octets, neither 0 nor 1.
        let mut id = stream.octets(1 + round * 37 % 127);
        *id.last_mut().expect("not empty") |= 2;
        let ssv = stream.octets(16).try_into().expect("16 octets");
        Self { z: kms.public_key(), kms, id, ssv }
    }

    fn id(&self) -> Identifier {
        identifier(&self.id)
    }

    fn issued_here(&self) -> [u8; 257] {
        *self.kms.issue(&self.id()).expect("usable").expose()
    }

    fn issued_there(&self) -> [u8; 257] {
        ffi::Kms::new(&self.kms.expose(), &self.z.to_bytes())
            .and_then(|mut kms| kms.issue(&self.id))
            .expect("issued there")
    }

    fn key(&self, octets: &[u8; 257]) -> Result<ReceiverSecretKey, Error> {
        IssuedKey::from_bytes(octets)?.validate(&self.z, &self.id())
    }

    fn receiver(&self, octets: &[u8; 257], id: &[u8]) -> Result<ffi::Receiver, ffi::Refused> {
        ffi::Receiver::new(&self.z.to_bytes(), id, octets)
    }

    /// RFC 6508 §6.1.2 by wolfSSL; an error of its reader counts as refusal.
    fn validates_there(&self, octets: &[u8; 257], id: &[u8]) -> bool {
        self.receiver(octets, id).and_then(|mut receiver| receiver.validate()).unwrap_or(false)
    }

    /// The data give SSV here, with and without tables, and there; changed, or to another receiver,
    /// they give nothing.
    fn exchanged(&self, octets: &[u8; 273], n: usize) {
        let k = self.issued_here();
        let keys = [self.key(&k).expect("valid"), self.key(&k).expect("valid").prepared()];
        let here = |octets: &[u8; 273]| {
            let data = EncapsulatedData::from_bytes(octets)?;
            let [plain, prepared] =
                keys.each_ref().map(|key| key.decapsulate(&data).map(|ssv| *ssv.expose()));
            assert_eq!(plain, prepared, "round {n}");
            plain
        };
        let there = |octets: &[u8; 273]| {
            self.receiver(&k, &self.id).and_then(|mut receiver| receiver.decapsulate(octets)).ok()
        };
        assert_eq!(here(octets), Ok(self.ssv), "round {n}");
        assert_eq!(there(octets), Some(self.ssv), "round {n}");

        for at in [n * 11 % 257, 257 + n % 16] {
            let mut tampered = *octets;
            tampered[at] ^= 1 << (n % 8);
            assert!(here(&tampered).is_err(), "round {n}: octet {at} changed");
            assert_eq!(there(&tampered), None, "round {n}: octet {at} changed");
        }

        let other = [&self.id[..self.id.len() - 1], &[self.id[self.id.len() - 1] ^ 0x80]].concat();
        let data = EncapsulatedData::from_bytes(octets).expect("decodes");
        let k = self.kms.issue(&identifier(&other)).expect("usable");
        let stranger = IssuedKey::from_bytes(&k.expose()).expect("a point");
        let stranger = stranger.validate(&self.z, &identifier(&other)).expect("valid");
        assert_eq!(stranger.decapsulate(&data).err(), Some(Error::DecapsulationFailed), "round {n}");
        let stranger = self.receiver(&k.expose(), &other).and_then(|mut there| there.decapsulate(octets));
        assert!(stranger.is_err(), "round {n}: to another receiver");
    }
}

#[test]
fn public_keys_are_the_same_here_and_there() {
    let mut stream = Stream::new("wolfssl: Z");
    for n in 0..ROUNDS {
        let round = Round::new(&mut stream, n);
        let there = ffi::public_key(&round.kms.expose()).expect("computed there");
        assert_eq!(round.z.to_bytes(), there, "round {n}");
        let (z, public) = ffi::generate().expect("made there");
        let kms = KmsSecretKey::from_bytes(&z).expect("in range");
        assert_eq!(kms.public_key().to_bytes(), public, "round {n}, made there");
        assert_eq!(KmsPublicKey::from_bytes(&public), Ok(kms.public_key()), "round {n}, made there");
    }
}

#[test]
fn keys_issued_here_validate_there() {
    let mut stream = Stream::new("wolfssl: RSK here");
    for n in 0..ROUNDS {
        let round = Round::new(&mut stream, n);
        let mut k = round.issued_here();
        assert!(round.validates_there(&k, &round.id), "round {n}");
        let other = [&round.id[..], &[0]].concat();
        assert!(!round.validates_there(&k, &other), "round {n}: identity");
        k[1 + n * 5 % 256] ^= 1 << (n % 8);
        assert!(!round.validates_there(&k, &round.id), "round {n}: K off by one bit");
    }
}

#[test]
fn keys_issued_there_validate_here() {
    let mut stream = Stream::new("wolfssl: RSK there");
    for n in 0..ROUNDS {
        let round = Round::new(&mut stream, n);
        let mut k = round.issued_there();
        assert_eq!(k, round.issued_here(), "round {n}: an identity has one key");
        let key = round.key(&k).expect("valid");
        let data = round.z.encapsulate_ssv(&round.id(), &SharedSecretValue::from_bytes(&round.ssv));
        let ssv = key.decapsulate(&data.expect("usable")).expect("right");
        assert_eq!(*ssv.expose(), round.ssv, "round {n}");
        let other = IssuedKey::from_bytes(&k).expect("a point");
        let refused = other.validate(&round.z, &identifier(b"another identity"));
        assert_eq!(refused.err(), Some(Error::InvalidKey), "round {n}");
        k[1 + n * 5 % 256] ^= 1 << (n % 8);
        assert!(round.key(&k).is_err(), "round {n}: K off by one bit");
    }
}

#[test]
fn data_made_here_give_the_same_value_there_and_changed_ones_nothing() {
    let mut stream = Stream::new("wolfssl: encapsulate here");
    for n in 0..ROUNDS {
        let round = Round::new(&mut stream, n);
        let z = if n % 2 == 0 { round.z.clone() } else { round.z.clone().prepared() };
        let data = z.encapsulate_ssv(&round.id(), &SharedSecretValue::from_bytes(&round.ssv));
        round.exchanged(&data.expect("usable").to_bytes(), n);
    }
}

#[test]
fn data_made_there_give_the_same_value_here_and_changed_ones_nothing() {
    let mut stream = Stream::new("wolfssl: encapsulate there");
    for n in 0..ROUNDS {
        let round = Round::new(&mut stream, n);
        let mut sender = ffi::Sender::new(&round.z.to_bytes()).expect("Z is read");
        sender.to(&round.id).expect("set there");
        let data = sender.encapsulate(&round.ssv).expect("made there");
        let ours = round.z.encapsulate_ssv(&round.id(), &SharedSecretValue::from_bytes(&round.ssv));
        assert_eq!(ours.expect("usable").to_bytes(), data, "round {n}: nothing is left to chance");
        round.exchanged(&data, n);
    }
}

/// RFC 6508 §6.1.2 has the pairing equation only, which K + T satisfies for T of order 2 or 4. Here
/// such a key is refused.
#[test]
fn keys_of_another_order_are_refused_here() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../vectors/sakke_decapsulate.json")).expect("valid JSON");
    let octets = |value: &serde_json::Value| unhex(value.as_str().expect("hexadecimal"));
    let z = octets(&file["defaults"]["kmsPublicKey"]);
    let id = octets(&file["defaults"]["identity"]);
    let mut run = 0;
    for case in file["tests"].as_array().expect("tests") {
        if case["flags"][0] != "SmallOrderPart" || case["receiverSecretKey"].is_null() {
            continue;
        }
        let k: [u8; 257] = octets(&case["receiverSecretKey"]).try_into().expect("257 octets");
        let issued = IssuedKey::from_bytes(&k).expect("a point");
        let here = issued.validate(&KmsPublicKey::from_slice(&z).expect("Z"), &identifier(&id));
        assert_eq!(here.err(), Some(Error::InvalidKey));
        let there = ffi::Receiver::new(z.as_slice().try_into().expect("257 octets"), &id, &k)
            .and_then(|mut receiver| receiver.validate())
            .unwrap_or(false);
        println!(
            "the installed libwolfssl {}: {}",
            if there { "accepts" } else { "refuses" },
            case["comment"]
        );
        run += 1;
    }
    assert_eq!(run, 3);
}
