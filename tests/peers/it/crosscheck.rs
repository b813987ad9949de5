//! P-256 against OpenSSL.

use crate::model::p256::{Q, from_octets, to_octets};
use crate::model::{Stream, hex};
use crate::rng;
use eccsi_sakke::Identity;
use eccsi_sakke::eccsi::{KmsPublicKey, KmsSecretKey, PublicValidationToken, hazmat};
use num_bigint::BigUint;
use openssl::bn::{BigNum, BigNumContext};
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey, EcPoint, EcPointRef, PointConversionForm};
use openssl::nid::Nid;
use openssl::pkey::PKey;

/// OpenSSL's P-256.
struct OpenSsl {
    group: EcGroup,
    context: BigNumContext,
}

impl OpenSsl {
    fn new() -> Self {
        Self {
            group: EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("P-256"),
            context: BigNumContext::new().expect("context"),
        }
    }

    fn encode(&mut self, point: &EcPointRef, form: PointConversionForm) -> Vec<u8> {
        point.to_bytes(&self.group, form, &mut self.context).expect("encoded")
    }

    fn decode(&mut self, octets: &[u8]) -> Option<EcPoint> {
        EcPoint::from_bytes(&self.group, octets, &mut self.context).ok()
    }

    /// \[k\]G.
    fn mul_generator(&mut self, k: &[u8; 32]) -> EcPoint {
        let mut product = EcPoint::new(&self.group).expect("point");
        let k = BigNum::from_slice(k).expect("number");
        product.mul_generator2(&self.group, &k, &mut self.context).expect("product");
        product
    }

    /// \[k\]G + \[m\]point.
    fn combination(&mut self, k: &[u8; 32], point: &EcPointRef, m: &[u8; 32]) -> EcPoint {
        let mut product = EcPoint::new(&self.group).expect("point");
        let [k, m] = [k, m].map(|scalar| BigNum::from_slice(scalar).expect("number"));
        product.mul_full(&self.group, &k, point, &m, &mut self.context).expect("product");
        product
    }
}

#[test]
fn multiples_of_the_generator_agree() {
    let (mut openssl, mut stream) = (OpenSsl::new(), Stream::new("crosscheck: generator"));
    let mut scalars: Vec<BigUint> = (1..=20u32).map(BigUint::from).collect();
    scalars.extend((1..=20u32).map(|k| &*Q - k));
    scalars.extend((0..256).map(|bit| (BigUint::from(1u32) << bit) % &*Q));
    scalars.extend((1..256).map(|bit| ((BigUint::from(1u32) << bit) - 1u32) % &*Q));
    scalars.extend((0..100).map(|_| stream.scalar()));
    for k in scalars {
        let k = to_octets(&k);
        let expected = openssl.mul_generator(&k);
        let expected = openssl.encode(&expected, PointConversionForm::UNCOMPRESSED);
        assert_eq!(hex(hazmat::mul_generator(&k).expect("in range")), hex(&expected), "[{}]G", hex(k));
        let kms = KmsSecretKey::from_bytes(&k).expect("in range");
        assert_eq!(hex(kms.public_key().to_bytes()), hex(&expected), "KPAK of {}", hex(k));
    }
}

#[test]
fn ecdh_with_issued_keys_agrees() {
    // An SSK is a private key and Y its public key: OpenSSL's ECDH between two users has to give
    // the same point from either side, Y being computed here from KPAK, identity and PVT alone.
    let (mut openssl, mut stream) = (OpenSsl::new(), Stream::new("crosscheck: ECDH"));
    for _ in 0..100 {
        let kms = KmsSecretKey::from_bytes(&to_octets(&stream.scalar())).expect("KSAK");
        let kpak = kms.public_key();
        let ids = [stream.octets(20), stream.octets(30)];
        let keys = ids.each_ref().map(|id| {
            let v = to_octets(&stream.scalar());
            let issued = hazmat::issue_with_nonce(&kms, Identity::new(id), &v).expect("usable v");
            issued.validate(&kpak, Identity::new(id)).expect("valid")
        });
        let halves = keys.each_ref().map(|key| {
            let y = openssl.decode(&key.verifying_key().to_bytes()).expect("a point");
            let public = EcKey::from_public_key(&openssl.group, &y).expect("public key");
            let ssk = BigNum::from_slice(&*key.expose()).expect("number");
            // checks that Y = [SSK]G
            let private = EcKey::from_private_components(&openssl.group, &ssk, &y).expect("private key");
            private.check_key().expect("Y = [SSK]G");
            (PKey::from_ec_key(private).expect("key"), PKey::from_ec_key(public).expect("key"))
        });
        let shared = [(0, 1), (1, 0)].map(|(own, peer)| {
            let mut deriver = Deriver::new(&halves[own].0).expect("deriver");
            deriver.set_peer(&halves[peer].1).expect("peer");
            deriver.derive_to_vec().expect("secret")
        });
        assert_eq!(shared[0], shared[1]);
        let product = from_octets(&*keys[0].expose()) * from_octets(&*keys[1].expose()) % &*Q;
        let point = hazmat::mul_generator(&to_octets(&product)).expect("in range");
        assert_eq!(hex(&shared[0]), hex(&point[1..33]));
    }
}

#[test]
fn the_verifying_point_and_j_agree() {
    let (mut openssl, mut stream) = (OpenSsl::new(), Stream::new("crosscheck: verification"));
    for round in 0..100 {
        let kms = KmsSecretKey::from_bytes(&to_octets(&stream.scalar())).expect("KSAK");
        let (kpak, id, message) = (kms.public_key(), stream.octets(round), stream.octets(round));
        let id = Identity::new(&id);
        let fresh = stream.octets(32);
        let key =
            kms.issue(id, &mut rng::Given::new(&fresh)).expect("issued").validate(&kpak, id).expect("valid");
        let signature = key.sign(&message, &mut rng::Given::new(&stream.octets(32))).expect("signed");

        // Y = [HS]PVT + KPAK, where HS PVT + KPAK needs KPAK as [KSAK]G for this interface
        let pvt = openssl.decode(&signature.pvt().to_bytes()).expect("PVT");
        let hs = hazmat::hs(&kpak, id, signature.pvt());
        let y = openssl.combination(&kms.expose(), &pvt, &hs);
        let encoded = openssl.encode(&y, PointConversionForm::UNCOMPRESSED);
        assert_eq!(hex(key.verifying_key().to_bytes()), hex(encoded), "Y, round {round}");

        // J = [s HE]G + [s r]Y
        let he = hazmat::he(&hs, signature.r(), &message);
        let s = from_octets(signature.s());
        let scaled = |factor: &[u8; 32]| to_octets(&(&s * from_octets(factor) % &*Q));
        let j = openssl.combination(&scaled(&he), &y, &scaled(signature.r()));
        let j = openssl.encode(&j, PointConversionForm::UNCOMPRESSED);
        let recovered = hazmat::recover_j(&kpak, id, &message, &signature).expect("a point");
        assert_eq!(hex(recovered), hex(&j), "J, round {round}");
        assert_eq!(hex(signature.r()), hex(&j[1..33]), "r, round {round}");
    }
}

#[test]
fn point_encodings_agree() {
    let (mut openssl, mut stream) = (OpenSsl::new(), Stream::new("crosscheck: encodings"));
    for _ in 0..100 {
        let point = openssl.mul_generator(&to_octets(&stream.scalar()));
        let plain: [u8; 65] =
            openssl.encode(&point, PointConversionForm::UNCOMPRESSED).try_into().expect("65");
        let short: [u8; 33] = openssl.encode(&point, PointConversionForm::COMPRESSED).try_into().expect("33");
        let pvt = PublicValidationToken::from_bytes(&plain).expect("a point");
        assert_eq!(pvt.to_compressed(), short);
        assert_eq!(PublicValidationToken::from_compressed(&short), Ok(pvt));
        assert!(KmsPublicKey::from_bytes(&plain).is_ok());
    }
}

#[test]
fn random_octets_are_points_here_exactly_when_openssl_reads_them() {
    let (mut openssl, mut stream) = (OpenSsl::new(), Stream::new("crosscheck: random octets"));
    let mut points = 0;
    for round in 0..400 {
        let mut octets = [[2 + (round % 2) as u8].to_vec(), stream.octets(32)].concat();
        let known = openssl.decode(&octets);
        let read = PublicValidationToken::from_compressed(octets.as_slice().try_into().expect("33"));
        assert_eq!(read.is_ok(), known.is_some(), "{}", hex(&octets));
        if let Some(point) = known {
            points += 1;
            octets = openssl.encode(&point, PointConversionForm::UNCOMPRESSED);
            assert_eq!(hex(read.expect("read").to_bytes()), hex(&octets));
        }
        // one bit off is off the curve, for both
        octets.resize(65, 0);
        octets[0] = 4;
        octets[33 + round % 32] ^= 1 << (round % 8);
        assert_eq!(PublicValidationToken::from_slice(&octets).is_ok(), openssl.decode(&octets).is_some());
    }
    assert!((150..250).contains(&points), "{points}");
}
