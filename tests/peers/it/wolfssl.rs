//! A live peer: keys and signatures exchanged with an installed libwolfssl (5.5.4), both ways.

use crate::model::Stream;
use crate::model::p256::to_octets;
use eccsi_sakke::eccsi::{
    IssuedKey, KmsPublicKey, KmsSecretKey, PublicValidationToken, Signature, SigningKey,
};
use eccsi_sakke::{Error, Identity, SysRng};
use eccsi_sakke_peers::wolfssl as ffi;

const ROUNDS: usize = 200;

/// A KMS, an identity and a message.
struct Round {
    kms: KmsSecretKey,
    kpak: KmsPublicKey,
    id: Vec<u8>,
    message: Vec<u8>,
}

impl Round {
    fn new(stream: &mut Stream, round: usize) -> Self {
        let kms = KmsSecretKey::from_bytes(&to_octets(&stream.scalar())).expect("KSAK");
        let kpak = kms.public_key();
        // from nothing to more than two blocks of SHA-256
        Self { kms, kpak, id: stream.octets(round % 131), message: stream.octets(round % 149) }
    }

    fn id(&self) -> Identity<'_> {
        Identity::new(&self.id)
    }

    fn own_key(&self) -> SigningKey {
        let issued = self.kms.issue(self.id(), &mut SysRng).expect("issued");
        issued.validate(&self.kpak, self.id()).expect("valid")
    }
}

#[test]
fn keys_issued_here_validate_there() {
    let mut stream = Stream::new("wolfssl: issue here");
    for n in 0..ROUNDS {
        let round = Round::new(&mut stream, n);
        let key = round.own_key();
        let (kpak, pvt, mut ssk) = (round.kpak.to_bytes(), key.pvt().to_bytes(), *key.expose());
        assert!(validates_there(&kpak, &round.id, &ssk, &pvt), "round {n}");
        ssk[31] ^= 1;
        assert!(!validates_there(&kpak, &round.id, &ssk, &pvt), "round {n}: SSK off by one");
    }
}

#[test]
fn keys_issued_there_validate_here() {
    let mut stream = Stream::new("wolfssl: issue there");
    for n in 0..ROUNDS {
        let round = Round::new(&mut stream, n);
        let (ssk, pvt) = ffi::Kms::new(&round.kms.expose(), &round.kpak.to_bytes())
            .and_then(|mut kms| kms.issue(&round.id))
            .expect("issued there");
        let pvt = PublicValidationToken::from_bytes(&pvt).expect("PVT");
        let issued = || IssuedKey::from_parts(&ssk, &pvt).expect("SSK");
        let key = issued().validate(&round.kpak, round.id()).expect("valid");
        let signature = key.sign(&round.message, &mut SysRng).expect("signed");
        assert_eq!(round.kpak.verify(round.id(), &round.message, &signature), Ok(()), "round {n}");
        let refused = issued().validate(&round.kpak, Identity::new(b"another identity"));
        assert_eq!(refused.err(), Some(Error::InvalidKey), "round {n}");
    }
}

#[test]
fn signatures_made_here_verify_there_and_tampered_ones_nowhere() {
    let mut stream = Stream::new("wolfssl: sign here");
    for n in 0..ROUNDS {
        let round = Round::new(&mut stream, n);
        let signature = round.own_key().sign(&round.message, &mut SysRng).expect("signed");
        exchanged(&round, &signature.to_bytes(), n);
    }
}

#[test]
fn signatures_made_there_verify_here_and_tampered_ones_nowhere() {
    let mut stream = Stream::new("wolfssl: sign there");
    for n in 0..ROUNDS {
        let round = Round::new(&mut stream, n);
        let key = round.own_key();
        let (kpak, pvt) = (round.kpak.to_bytes(), key.pvt().to_bytes());
        let mut user = ffi::User::new(&kpak, &key.expose(), &pvt).expect("read there");
        let hs = user.prepare_to_sign(&round.id).expect("set there");
        let signature = user.sign(&round.message).expect("signed there");
        assert_eq!(hs, *key.verifying_key().hs(), "HS, round {n}");
        exchanged(&round, &signature, n);
    }
}

/// RFC 6507 §5.1.2 by wolfSSL; an error of its reader counts as refusal.
fn validates_there(kpak: &[u8; 65], id: &[u8], ssk: &[u8; 32], pvt: &[u8; 65]) -> bool {
    ffi::User::new(kpak, ssk, pvt).and_then(|mut user| user.validate(id)).unwrap_or(false)
}

/// RFC 6507 §5.2.2 by wolfSSL; an error of its reader counts as refusal.
fn verifies_there(kpak: &KmsPublicKey, id: &[u8], message: &[u8], signature: &[u8]) -> bool {
    ffi::Verifier::new(&kpak.to_bytes())
        .and_then(|mut verifier| verifier.verify(id, message, signature))
        .unwrap_or(false)
}

/// The signature verifies here and there; with one bit inverted, or for another message or
/// identity, it does not.
fn exchanged(round: &Round, signature: &[u8; 129], n: usize) {
    let verifies_here = |id: &[u8], message: &[u8], octets: &[u8]| {
        Signature::from_slice(octets)
            .is_ok_and(|signature| round.kpak.verify(Identity::new(id), message, &signature).is_ok())
    };
    let verifies_there =
        |id: &[u8], message: &[u8], octets: &[u8]| verifies_there(&round.kpak, id, message, octets);
    assert!(verifies_here(&round.id, &round.message, signature), "round {n}");
    assert!(verifies_there(&round.id, &round.message, signature), "round {n}");

    let mut tampered = *signature;
    tampered[n * 7 % 129] ^= 1 << (n % 8);
    let longer = [&round.message[..], &[0]].concat();
    let other = [&round.id[..], &[0]].concat();
    assert!(!verifies_here(&round.id, &round.message, &tampered), "round {n}: tampered");
    assert!(!verifies_here(&round.id, &longer, signature), "round {n}: message");
    assert!(!verifies_here(&other, &round.message, signature), "round {n}: identity");
    assert!(!verifies_there(&round.id, &round.message, &tampered), "round {n}: tampered");
    assert!(!verifies_there(&round.id, &longer, signature), "round {n}: message");
    assert!(!verifies_there(&other, &round.message, signature), "round {n}: identity");
}

/// CVE-2026-5466: wolfSSL before 2026 accepts r = s = 0. Here such octets are no signature.
#[test]
fn the_forgery_that_older_wolfssl_accepts_is_refused_here() {
    let mut stream = Stream::new("wolfssl: forgery");
    let round = Round::new(&mut stream, 5);
    let forged = [&[0; 64][..], &round.own_key().pvt().to_bytes()].concat();
    assert!(Signature::from_slice(&forged).is_err());
    println!(
        "the installed libwolfssl {} r = s = 0",
        if verifies_there(&round.kpak, &round.id, &round.message, &forged) { "accepts" } else { "refuses" }
    );
}
