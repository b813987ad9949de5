//! The edges to other crates: serde, the traits of `signature`, the key types of `p256`.
#![cfg(all(feature = "eccsi", feature = "hazmat", feature = "getrandom"))]

use eccsi_sakke::eccsi::{
    IssuedKey, KmsPublicKey, KmsSecretKey, Signature, SigningKey, VerifyingKey, WithRng, hazmat,
};
use eccsi_sakke::error::{DecodeError, Part, Problem};
use eccsi_sakke::saef::KpakTag;
use eccsi_sakke::signature::{
    Keypair, MultipartSigner, MultipartVerifier, RandomizedMultipartSigner, RandomizedSigner,
    SignatureEncoding, Signer, Verifier,
};
use eccsi_sakke::{BatchError, Error, Identity, OwnedIdentity, SysRng};
use std::hash::Hash;
use std::str::FromStr;

const ID: Identity<'static> = Identity::new(b"alice");

fn kms() -> KmsSecretKey {
    KmsSecretKey::from_bytes(&[7; 32]).unwrap()
}

fn key() -> SigningKey {
    let issued = hazmat::issue_with_nonce(&kms(), ID, &[8; 32]).unwrap();
    issued.validate(&kms().public_key(), ID).unwrap()
}

#[test]
fn signature_traits_sign_and_verify_whole_messages_and_their_parts_alike() {
    let (key, kpak) = (key(), kms().public_key());
    let verifier = kpak.verifier(ID);
    let signer: VerifyingKey = Keypair::verifying_key(&key);
    let whole: Signature = key.try_sign_with_rng(&mut SysRng, b"one two").unwrap();
    let parts: Signature = key.try_multipart_sign_with_rng(&mut SysRng, &[b"one", b" ", b"two"]).unwrap();
    for signature in [&whole, &parts] {
        assert!(Verifier::verify(&verifier, b"one two", signature).is_ok());
        assert!(Verifier::verify(&signer, b"one two", signature).is_ok());
        assert!(verifier.multipart_verify(&[b"one ", b"", b"two"], signature).is_ok());
        assert!(signer.multipart_verify(&[b"one ", b"", b"two"], signature).is_ok());
        assert!(Verifier::verify(&verifier, b"one  two", signature).is_err());
        assert!(Verifier::verify(&signer, b"one  two", signature).is_err());
        assert!(Verifier::verify(&kpak.verifier(Identity::new(b"bob")), b"one two", signature).is_err());
        assert_eq!(SignatureEncoding::to_bytes(signature), signature.to_bytes());
        assert_eq!(Signature::try_from(signature.to_bytes().as_slice()).as_ref(), Ok(signature));
        assert_eq!(<[u8; 129]>::from(*signature), signature.to_bytes());
    }
    assert!(Signature::try_from(&[0u8; 128][..]).is_err());
}

#[cfg(feature = "p256")]
#[test]
fn key_types_of_p256_convert_both_ways() {
    let (kms, key) = (kms(), key());
    let secret = kms.expose_p256();
    assert_eq!(KmsSecretKey::try_from(&secret).unwrap().expose(), kms.expose());
    let public = p256::PublicKey::from(&kms.public_key());
    assert_eq!(public, secret.public_key());
    assert_eq!(KmsPublicKey::from(&public), kms.public_key());
    let pvt = p256::PublicKey::from(key.pvt());
    assert_eq!(eccsi_sakke::eccsi::PublicValidationToken::from(&pvt), *key.pvt());
    // SSK is the secret key to Y.
    let y = p256::SecretKey::from_slice(key.expose().as_slice()).unwrap().public_key();
    assert_eq!(p256::PublicKey::from(key.verifying_key()), y);
}

#[test]
fn secret_keys_are_read_from_slices_of_their_length_only() {
    let length = |expected, got| Problem::Length { expected, got };
    let secret = kms().expose();
    assert_eq!(KmsSecretKey::from_slice(&secret[..]).unwrap().expose(), secret);
    let short = KmsSecretKey::from_slice(&secret[..31]).unwrap_err();
    assert_eq!((short.part, short.problem), (Part::Ksak, length(32, 31)));
    let (ssk, pvt) = (key().expose(), key().pvt().to_bytes());
    let issued = IssuedKey::from_slices(&ssk[..], &pvt).unwrap();
    assert_eq!((issued.expose(), *issued.pvt()), (ssk.clone(), *key().pvt()));
    let short = IssuedKey::from_slices(&ssk[1..], &pvt).unwrap_err();
    assert_eq!((short.part, short.problem), (Part::Ssk, length(32, 31)));
    let long = IssuedKey::from_slices(&ssk[..], &[&pvt[..], &[0]].concat()).unwrap_err();
    assert_eq!((long.part, long.problem), (Part::Pvt, length(65, 66)));
    assert!(IssuedKey::from_slices(&[0; 32], &pvt).is_err());
}

#[cfg(feature = "sakke")]
#[test]
fn secret_keys_of_sakke_are_read_from_slices_of_their_length_only() {
    use eccsi_sakke::sakke::KmsSecretKey;
    assert_eq!(KmsSecretKey::from_slice(&[7; 128]).unwrap().expose()[..], [7; 128]);
    let long = KmsSecretKey::from_slice(&[7; 129]).unwrap_err();
    assert_eq!((long.part, long.problem), (Part::MasterSecret, Problem::Length { expected: 128, got: 129 }));
}

#[test]
fn a_refused_key_stays_with_the_caller() {
    let issued = hazmat::issue_with_nonce(&kms(), ID, &[8; 32]).unwrap();
    assert_eq!(issued.validate(&kms().public_key(), Identity::new(b"bob")).err(), Some(Error::InvalidKey));
    let key = issued.validate(&kms().public_key(), ID).unwrap();
    assert!(key.is_for(ID) && !key.is_for(Identity::new(b"bob")));
}

#[test]
fn identities_come_from_octets_and_text_and_are_ordered_as_octets() {
    assert_eq!(Identity::from("alice"), ID);
    assert_eq!(Identity::from(b"alice"), ID);
    assert_eq!(Identity::from(&b"alice"[..]), ID);
    let owned = OwnedIdentity::from(ID);
    assert_eq!((owned.as_identity(), Identity::from(&owned)), (ID, ID));
    assert_eq!(owned, OwnedIdentity::new(b"alice".to_vec()));
    assert!(Identity::new(b"a") < Identity::new(b"a\0") && Identity::new(b"a\0") < ID);
    let known = std::collections::BTreeMap::from([(owned, 1)]);
    assert_eq!(known.get(&OwnedIdentity::from(ID)), Some(&1));
    assert_eq!(format!("{:?}", OwnedIdentity::new(&b"a\0"[..])), r#"OwnedIdentity("a\x00")"#);
}

/// Text in either case and octets of the right length lead to the value, and to nothing else.
fn has_text_and_octets<T, const N: usize>(value: &T, octets: [u8; N])
where
    T: std::fmt::Display + std::fmt::Debug + FromStr<Err = DecodeError> + Hash + Ord + Clone,
    T: for<'a> TryFrom<&'a [u8], Error = DecodeError> + for<'a> TryFrom<&'a [u8; N], Error = DecodeError>,
    [u8; N]: From<T>,
{
    let text: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(value.to_string(), text);
    assert_eq!(T::from_str(&text).as_ref(), Ok(value));
    assert_eq!(T::from_str(&text.to_uppercase()).as_ref(), Ok(value));
    assert_eq!(T::try_from(&octets[..]).as_ref(), Ok(value));
    assert_eq!(T::try_from(&octets).as_ref(), Ok(value));
    assert_eq!(<[u8; N]>::from(value.clone()), octets);
    let problem = |digits: &str| T::from_str(digits).unwrap_err().problem;
    assert_eq!(problem(&text[2..]), Problem::Length { expected: N, got: N - 1 });
    assert_eq!(problem(&format!("{text}00")), Problem::Length { expected: N, got: N + 1 });
    assert_eq!(problem(&text[1..]), Problem::NotHexadecimal);
    assert_eq!(problem(&format!("0x{}", &text[2..])), Problem::NotHexadecimal);
    assert_eq!(problem(""), Problem::Length { expected: N, got: 0 });
    assert!(T::try_from(&octets[1..]).is_err());
    assert_eq!(std::collections::HashSet::from([value.clone(), value.clone()]).len(), 1);
    assert!(format!("{value:?}").contains(&text), "{value:?}");
}

#[test]
fn public_types_have_text_and_octets() {
    let signature = hazmat::sign_with_nonce(&key(), b"", &[9; 32]).unwrap();
    let kpak = kms().public_key();
    has_text_and_octets(&kpak, kpak.to_bytes());
    #[cfg(feature = "tables")]
    has_text_and_octets(&kpak.clone().prepared(), kpak.to_bytes());
    has_text_and_octets(key().pvt(), key().pvt().to_bytes());
    has_text_and_octets(&signature, signature.to_bytes());
    assert_eq!(kpak.as_ref(), kpak.to_bytes());
    assert!("04".repeat(65).parse::<KmsPublicKey>().is_err(), "off the curve");
    let tag = KpakTag::of(&kpak);
    assert_eq!(tag.to_string().to_uppercase().parse(), Ok(tag));
    assert!("12345".parse::<KpakTag>().is_err() && "1234567g".parse::<KpakTag>().is_err());
}

#[cfg(feature = "sakke")]
#[test]
fn public_types_of_sakke_have_text_and_octets() {
    use eccsi_sakke::sakke::{Identifier, KmsSecretKey, SharedSecretValue};
    let z = KmsSecretKey::from_bytes(&[7; 128]).unwrap().public_key();
    let id = Identifier::from_raw(b"alice").unwrap();
    let data = z.encapsulate_ssv(&id, &SharedSecretValue::from_bytes(&[9; 16])).unwrap();
    has_text_and_octets(&z, z.to_bytes());
    has_text_and_octets(&z.clone().prepared(), z.to_bytes());
    has_text_and_octets(&data, data.to_bytes());
    assert_eq!((z.as_ref(), data.as_ref()), (&z.to_bytes()[..], &data.to_bytes()[..]));
}

#[test]
fn keys_and_verifiers_are_objects_of_the_traits_borrowed_and_owned() {
    fn signed(signer: &dyn Signer<Signature>) -> Signature {
        signer.sign(b"message")
    }
    fn verified(verifier: &dyn Verifier<Signature>, signature: &Signature) -> bool {
        verifier.verify(b"message", signature).is_ok() && verifier.verify(b"other", signature).is_err()
    }
    let (kpak, key) = (kms().public_key(), std::sync::Arc::new(key()));
    let signatures = [
        signed(&key.with_rng(SysRng)),
        signed(&WithRng::new(std::sync::Arc::clone(&key), SysRng)),
        signed(&WithRng::new(self::key(), SysRng)),
        key.with_rng(SysRng).try_multipart_sign(&[b"mess", b"age"]).unwrap(),
    ];
    let owned = kpak.clone().into_verifier(ID);
    let of_bob = kpak.clone().into_verifier(OwnedIdentity::new(&b"bob"[..]));
    for signature in &signatures {
        assert!(verified(&owned, signature) && verified(&owned.as_verifier(), signature));
        assert!(verified(&Keypair::verifying_key(&key.with_rng(SysRng)), signature));
        assert!(!verified(&of_bob, signature));
    }
    assert_ne!(signatures[0], signatures[1], "fresh octets for each");
    // The table of a prepared key goes along; another thread may have all of it.
    #[cfg(feature = "tables")]
    let kpak = kpak.prepared();
    let prepared = kpak.into_verifier(ID);
    let known = signatures[0];
    assert!(std::thread::spawn(move || verified(&prepared, &known)).join().unwrap());
}

#[test]
fn errors_say_once_what_is_wrong() {
    use std::error::Error as _;
    let decode = KmsPublicKey::from_slice(&[4; 3]).unwrap_err();
    for error in [Error::Decode(decode), Error::InvalidKey, Error::Rng] {
        assert!(error.source().is_none(), "{error}");
        let batch = BatchError { index: 3, error };
        assert_eq!(batch.to_string(), format!("item 3: {error}"));
        assert!(batch.source().is_none());
        assert_eq!(Error::from(batch), error);
    }
}

#[test]
fn debug_of_public_types_is_hexadecimal() {
    let hex: String = key().pvt().to_bytes().iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(format!("{:?}", key().pvt()), format!("PublicValidationToken({hex})"));
    let signature = hazmat::sign_with_nonce(&key(), b"", &[9; 32]).unwrap();
    assert!(format!("{signature:?}").ends_with(&format!("{hex})")));
}

#[cfg(feature = "serde")]
mod serde {
    use super::*;
    use ::serde::Serialize;
    use ::serde::de::DeserializeOwned;
    use std::fmt::Debug;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// Text of exactly the right length in lower case is taken, and nothing shorter, longer or other.
    fn has_one_text<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, octets: &[u8]) {
        let text = format!("\"{}\"", hex(octets));
        assert_eq!(serde_json::to_string(value).unwrap(), text);
        let read = |text: &str| serde_json::from_str::<T>(text);
        assert_eq!(read(&text).unwrap(), *value);
        for wrong in [
            format!("\"{}\"", hex(&octets[..octets.len() - 1])),
            format!("\"{}00\"", hex(octets)),
            format!("\"{}0000\"", hex(octets)),
            format!("\"{}\"", &hex(octets)[1..]),
            format!("\"0x{}\"", hex(octets)),
            "\"\"".into(),
            "\"04\"".into(),
            "7".into(),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn public_types_are_hexadecimal_text_of_one_length() {
        let signature = hazmat::sign_with_nonce(&key(), b"", &[9; 32]).unwrap();
        has_one_text(&kms().public_key(), &kms().public_key().to_bytes());
        has_one_text(key().pvt(), &key().pvt().to_bytes());
        has_one_text(&signature, &signature.to_bytes());
    }

    #[test]
    fn a_truncated_point_is_not_filled_up_with_zeros() {
        // KSAK 104: y ends in 00
        let mut ksak = [0; 32];
        ksak[31] = 104;
        let kpak = KmsSecretKey::from_bytes(&ksak).unwrap().public_key();
        assert_eq!(kpak.to_bytes()[64], 0);
        has_one_text(&kpak, &kpak.to_bytes());
    }

    #[cfg(feature = "sakke")]
    #[test]
    fn public_types_of_sakke_are_hexadecimal_text_of_one_length() {
        use eccsi_sakke::sakke::{
            EncapsulatedData, Identifier, KmsPublicKey, KmsSecretKey, SharedSecretValue,
        };
        let z = KmsSecretKey::from_bytes(&[7; 128]).unwrap().public_key();
        has_one_text(&z, &z.to_bytes());
        let id = Identifier::from_raw(b"alice").unwrap();
        let data = z.encapsulate_ssv(&id, &SharedSecretValue::from_bytes(&[9; 16])).unwrap();
        has_one_text(&data, &data.to_bytes());

        let mut off_curve = data.to_bytes();
        off_curve[256] ^= 1;
        assert!(serde_json::from_str::<EncapsulatedData>(&format!("\"{}\"", hex(&off_curve))).is_err());
        // (0, 0) is the point of order two.
        let order_two = [&[4][..], &[0; 256]].concat();
        assert!(serde_json::from_str::<KmsPublicKey>(&format!("\"{}\"", hex(&order_two))).is_err());
    }

    /// Where a field asks for it, a secret is written and read, as text and as octets.
    macro_rules! is_kept {
        ($type:ty, $secret:expr, $octets:expr) => {{
            #[derive(::serde::Serialize, ::serde::Deserialize)]
            struct Kept(#[serde(with = "eccsi_sakke::serde_exposing_secrets")] $type);
            let (secret, octets): (_, &[u8]) = (Kept($secret), $octets);
            let text = format!("\"{}\"", hex(octets));
            assert_eq!(serde_json::to_string(&secret).unwrap(), text);
            let read = |text: &str| serde_json::from_str::<Kept>(text);
            for text in [&text, &text.to_uppercase(), &text.replacen("0", "\\u0030", 1)] {
                assert_eq!(
                    serde_json::to_string(&read(text).unwrap()).unwrap(),
                    format!("\"{}\"", hex(octets))
                );
            }
            let digits = hex(octets);
            for wrong in
                [&digits[1..], &digits[2..], &format!("{digits}00"), &format!("0x{}", &digits[2..]), ""]
            {
                let Err(error) = read(&format!("\"{wrong}\"")) else { panic!("{wrong}") };
                assert!(!error.to_string().contains(&digits[8..20]), "{error}");
            }
            assert!(read("7").is_err() && read("[7]").is_err());

            let mut cbor = Vec::new();
            ciborium::into_writer(&secret, &mut cbor).unwrap();
            assert!(cbor.ends_with(octets) && cbor.len() <= octets.len() + 3, "octets in binary formats");
            let read: Kept = ciborium::from_reader(&cbor[..]).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
            let list = |octets: &[u8]| {
                let mut cbor = Vec::new();
                ciborium::into_writer(&octets.to_vec(), &mut cbor).unwrap();
                ciborium::from_reader::<Kept, _>(&cbor[..]).is_ok()
            };
            assert!(list(octets) && !list(&octets[1..]) && !list(&[octets, &[0]].concat()));
        }};
    }

    #[test]
    fn secrets_are_written_where_a_field_asks_for_it() {
        is_kept!(KmsSecretKey, kms(), &kms().expose()[..]);
        let issued = hazmat::issue_with_nonce(&kms(), ID, &[8; 32]).unwrap();
        let octets = [&issued.expose()[..], &issued.pvt().to_bytes()].concat();
        is_kept!(IssuedKey, issued, &octets);
        let mut written = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut written);
        eccsi_sakke::serde_exposing_secrets::serialize(&key(), &mut serializer).unwrap();
        assert_eq!(written, format!("\"{}\"", hex(&octets)).into_bytes());
    }

    #[cfg(feature = "sakke")]
    #[test]
    fn secrets_of_sakke_are_written_where_a_field_asks_for_it() {
        use eccsi_sakke::sakke::{Identifier, IssuedKey, KmsSecretKey, SharedSecretValue};
        let kms = KmsSecretKey::from_bytes(&[7; 128]).unwrap();
        let issued = kms.issue(&Identifier::from_raw(b"alice").unwrap()).unwrap();
        let k = issued.expose();
        is_kept!(IssuedKey, issued, &k[..]);
        is_kept!(KmsSecretKey, kms, &[7; 128]);
        is_kept!(SharedSecretValue, SharedSecretValue::from_bytes(&[9; 16]), &[9; 16]);
    }

    #[test]
    fn deserialising_checks_the_point() {
        let mut off_curve = kms().public_key().to_bytes();
        off_curve[64] ^= 1;
        assert!(serde_json::from_str::<KmsPublicKey>(&format!("\"{}\"", hex(&off_curve))).is_err());
    }
}
