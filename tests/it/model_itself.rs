//! The model against published values, before anything else is compared with it.

use crate::model::eccsi;
use crate::model::hmac_drbg::{HmacDrbg, hkdf_expand, hkdf_extract, hmac, length_prefixed};
use crate::model::p256::{B, G, P, Point, PointFault, Q, mul_g, number, right_side, square_root, to_octets};
use crate::model::saef::base64url;
use crate::model::{Stream, hex, sha256, unhex};
use num_bigint::BigUint;

#[test]
fn the_base_point_has_order_q() {
    assert!(G.mul(&Q).is_identity());
    assert_eq!(G.mul(&(&*Q - 1u32)), G.negate());
    assert_eq!(G.mul(&(&*Q + 1u32)), *G);
}

#[test]
fn multiplication_is_repeated_addition() {
    let mut sum = Point::IDENTITY;
    for k in 0..40u32 {
        assert_eq!(G.mul(&k.into()), sum);
        sum = sum.add(&G);
    }
    let mut stream = Stream::new("model: multiplication");
    for _ in 0..4 {
        let (base, k) = (G.mul(&stream.scalar()), stream.scalar());
        assert_eq!(base.mul(&k), base.mul_by_definition(&k));
        assert_eq!(mul_g(&k), G.mul_by_definition(&k));
    }
}

#[test]
fn addition_is_associative_and_has_inverses() {
    let mut stream = Stream::new("model: addition");
    for _ in 0..8 {
        let [a, b, c] = [(); 3].map(|()| G.mul(&stream.scalar()));
        assert_eq!(a.add(&b).add(&c), a.add(&b.add(&c)));
        assert_eq!(a.add(&b), b.add(&a));
        assert!(a.sub(&a).is_identity());
        assert_eq!(a.add(&Point::IDENTITY), a);
    }
}

#[test]
fn point_encodings_round_trip_and_their_faults_are_told_apart() {
    let point = G.mul(&number("3039"));
    assert_eq!(Point::decode(&point.encode()), Ok(point.clone()));
    assert_eq!(Point::decompress(&point.compress()), Ok(point.clone()));
    assert_eq!(Point::decompress(&point.negate().compress()), Ok(point.negate()));
    let mut octets = point.encode();
    assert_eq!(Point::decode(&octets[..64]), Err(PointFault::Length));
    octets[64] ^= 1;
    assert_eq!(Point::decode(&octets), Err(PointFault::NotOnCurve));
    octets[0] = 6;
    assert_eq!(Point::decode(&octets), Err(PointFault::Form));
    octets[0] = 4;
    octets[1..33].copy_from_slice(&to_octets(&P));
    assert_eq!(Point::decode(&octets), Err(PointFault::NotReduced));
    assert_eq!(right_side(&BigUint::ZERO), *B);
    assert!(square_root(&B).is_some());
}

#[test]
fn hmac_gives_the_values_of_rfc_4231() {
    assert_eq!(
        hex(hmac(&[0x0b; 20], b"Hi There")),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    );
    assert_eq!(
        hex(hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}

#[test]
fn hmac_drbg_gives_the_nonces_of_rfc_6979() {
    // RFC 6979 §3.2 runs HMAC_DRBG with the seed material int2octets(x) ‖ bits2octets(H(m)) and takes
    // the first output in range: a published value for Instantiate and Generate. Appendix A.2.5, SHA-256.
    let x = unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    for (message, k) in [
        ("sample", "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60"),
        ("test", "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0"),
    ] {
        let hash = to_octets(&(BigUint::from_bytes_be(&sha256(message.as_bytes())) % &*Q));
        let mut generator = HmacDrbg::instantiate(&[&x[..], &hash].concat());
        assert_eq!(hex(generator.generate()), k);
    }
}

#[test]
fn hkdf_gives_the_values_of_rfc_5869() {
    let prk = hkdf_extract(&unhex("000102030405060708090a0b0c"), &[0x0b; 22]);
    assert_eq!(hex(prk), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    assert_eq!(
        hex(hkdf_expand(&prk, &unhex("f0f1f2f3f4f5f6f7f8f9"), 42)),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    );
}

#[test]
fn base64url_gives_the_values_of_rfc_4648() {
    for (plain, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")] {
        assert_eq!(base64url(plain.as_bytes()), text);
    }
    assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
}

#[test]
fn length_prefixes_switch_to_a_hash_at_65535_octets() {
    assert_eq!(length_prefixed(b"ab"), b"\0\x02ab");
    assert_eq!(length_prefixed(&[7; 65534])[..3], [0xff, 0xfe, 7]);
    assert_eq!(length_prefixed(&[7; 65535]), [&[0xff, 0xff][..], &sha256(&[7; 65535])].concat());
}

#[test]
fn eccsi_gives_the_values_of_rfc_6507_appendix_a() {
    let id = b"2011-02\0tel:+447700900123\0";
    let key = eccsi::issue(&number("12345"), id, &number("23456")).expect("usable v");
    assert_eq!(hex(key.hs), "490f3febbc1c902f6289723d7f8cbf79db88930849d19f38f0295b5c276c14d1");
    assert_eq!(hex(to_octets(&key.ssk)), "23f374ae1f4033f3e9dbddaaef20f4cf0b86bbd5a138a5ae9e7e006b34489a0d");
    assert!(eccsi::validate(&key.kpak, id, &key.pvt, &key.ssk));
    let signed = eccsi::sign(&key, b"message\0", &number("34567")).expect("usable j");
    assert_eq!(hex(signed.r), "269d4c8fdeb66a74e4ef8c0d5dcc597ddfe6029c2affc4936008cd2cc1045d81");
    assert_eq!(hex(signed.he), "111f90eae8271c96df9b3d6726768d9ee9b18145d7ec152cfa9c23d1c4f02285");
    assert_eq!(hex(to_octets(&signed.s)), "e09b528d0ef8d6df1aa3ecbf80110cfcec9fc68252cebb679f4134846940ccfd");
    assert!(eccsi::verify(&key.kpak, id, b"message\0", &signed.signature));
    assert!(!eccsi::verify(&key.kpak, id, b"message", &signed.signature));
}

#[test]
fn the_known_defect_accepts_what_the_rfc_refuses() {
    let key = eccsi::issue(&number("12345"), b"id", &number("23456")).expect("usable v");
    let forgery = [&[0; 64][..], &key.pvt].concat();
    assert!(eccsi::verify_with_the_known_defect(&key.kpak, b"id", b"any message", &forgery));
    assert!(!eccsi::verify_literally(&key.kpak, b"id", b"any message", &forgery));
    assert!(!eccsi::verify(&key.kpak, b"id", b"any message", &forgery));
}
