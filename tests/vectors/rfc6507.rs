//! RFC 6507 Appendix A: every value under its own name.

#![cfg(all(feature = "eccsi", feature = "hazmat"))]

use crate::model;
use crate::model::{hex, unhex};
use crate::prepared::{key_forms, kpak_forms};
use eccsi_sakke::Identity;
use eccsi_sakke::eccsi::{
    IssuedKey, KmsPublicKey, KmsSecretKey, PublicValidationToken, Signature, SigningKey, VerifyingKey, hazmat,
};
use serde_json::Value;

/// The file `vectors/rfc6507_eccsi.json`, by name.
struct Appendix(Value);

impl Appendix {
    fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/rfc6507_eccsi.json");
        Self(serde_json::from_str(&std::fs::read_to_string(path).expect("file")).expect("JSON"))
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().expect(name)
    }

    fn octets(&self, name: &str) -> Vec<u8> {
        unhex(self.text(name))
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.octets(name).try_into().expect(name)
    }

    fn ksak(&self) -> KmsSecretKey {
        KmsSecretKey::from_bytes(&self.array("KSAK")).expect("KSAK")
    }

    fn kpak(&self) -> KmsPublicKey {
        KmsPublicKey::from_bytes(&self.array("KPAK")).expect("KPAK")
    }

    fn pvt(&self) -> PublicValidationToken {
        PublicValidationToken::from_bytes(&self.array("PVT")).expect("PVT")
    }

    fn signing_key(&self) -> SigningKey {
        let issued = IssuedKey::from_parts(&self.array("SSK"), &self.pvt()).expect("SSK");
        issued.validate(&self.kpak(), Identity::new(&self.octets("ID"))).expect("valid")
    }

    fn signature(&self) -> Signature {
        Signature::from_slice(&self.octets("Sig")).expect("signature")
    }
}

#[test]
fn kpak_is_ksak_times_g() {
    let appendix = Appendix::read();
    assert_eq!(hex(appendix.ksak().public_key().to_bytes()), appendix.text("KPAK"));
    assert_eq!(appendix.ksak().public_key(), appendix.kpak());
    assert_eq!(hex(hazmat::mul_generator(&appendix.array("KSAK")).expect("in range")), appendix.text("KPAK"));
}

#[test]
fn pvt_is_v_times_g() {
    let appendix = Appendix::read();
    assert_eq!(hex(hazmat::mul_generator(&appendix.array("v")).expect("in range")), appendix.text("PVT"));
    assert_eq!(hex(appendix.pvt().to_bytes()), appendix.text("PVT"));
}

#[test]
fn issuing_gives_pvt_hs_and_ssk() {
    let appendix = Appendix::read();
    let id = appendix.octets("ID");
    let id = Identity::new(&id);
    let issued = hazmat::issue_with_nonce(&appendix.ksak(), id, &appendix.array("v")).expect("usable v");
    assert_eq!(hex(issued.pvt().to_bytes()), appendix.text("PVT"));
    assert_eq!(hex(hazmat::hs(&appendix.kpak(), id, issued.pvt())), appendix.text("HS"));
    assert_eq!(hex(*issued.expose()), appendix.text("SSK"));
}

#[test]
fn hs_and_he_are_hashes_of_the_printed_inputs() {
    let appendix = Appendix::read();
    assert_eq!(hex(model::sha256(&appendix.octets("HS_input"))), appendix.text("HS"));
    assert_eq!(hex(model::sha256(&appendix.octets("HE_input"))), appendix.text("HE"));
}

#[test]
fn validation_installs_the_key_and_gives_hs_and_y() {
    let appendix = Appendix::read();
    let key = appendix.signing_key();
    assert_eq!(hex(key.verifying_key().hs()), appendix.text("HS"));
    assert_eq!(hex(key.verifying_key().to_bytes()), appendix.text("Y"));
    assert_eq!(hex(*key.expose()), appendix.text("SSK"));
    assert_eq!(hex(key.pvt().to_bytes()), appendix.text("PVT"));
    assert_eq!(key.kms_public_key(), &appendix.kpak());
}

#[test]
fn y_is_ssk_times_g() {
    let appendix = Appendix::read();
    assert_eq!(hex(hazmat::mul_generator(&appendix.array("SSK")).expect("in range")), appendix.text("Y"));
    let id = appendix.octets("ID");
    let key = VerifyingKey::new(&appendix.kpak(), Identity::new(&id), &appendix.pvt()).expect("valid");
    assert_eq!(hex(key.to_bytes()), appendix.text("Y"));
    assert_eq!(hex(key.hs()), appendix.text("HS"));
}

#[test]
fn j_is_a_point_with_the_printed_x() {
    let appendix = Appendix::read();
    let point = hex(hazmat::mul_generator(&appendix.array("j")).expect("in range"));
    assert_eq!(point, appendix.text("J"));
    assert_eq!(point[2..66], *appendix.text("r"));
}

#[test]
fn he_is_the_printed_one() {
    let appendix = Appendix::read();
    let he = hazmat::he(&appendix.array("HS"), &appendix.array("r"), &appendix.octets("M"));
    assert_eq!(hex(he), appendix.text("HE"));
}

#[test]
fn signing_gives_r_s_and_the_signature() {
    let appendix = Appendix::read();
    let key = appendix.signing_key();
    let signature =
        hazmat::sign_with_nonce(&key, &appendix.octets("M"), &appendix.array("j")).expect("usable j");
    assert_eq!(hex(signature.r()), appendix.text("r"));
    assert_eq!(hex(signature.s()), appendix.text("s"));
    assert_eq!(hex(signature.s()), appendix.text("s_prime"));
    assert_eq!(hex(signature.pvt().to_bytes()), appendix.text("PVT"));
    assert_eq!(hex(signature.to_bytes()), appendix.text("Sig"));
    assert_eq!(signature, appendix.signature());
}

#[test]
fn verification_recovers_j() {
    let appendix = Appendix::read();
    let (id, message) = (appendix.octets("ID"), appendix.octets("M"));
    let j = hazmat::recover_j(&appendix.kpak(), Identity::new(&id), &message, &appendix.signature());
    let j = hex(j.expect("not the identity"));
    assert_eq!(j, appendix.text("verify_J"));
    assert_eq!(j[2..66], *appendix.text("Jx"));
    assert_eq!(appendix.text("Jx"), appendix.text("r"));
}

#[test]
fn the_signature_verifies_on_every_path() {
    let appendix = Appendix::read();
    let (id, message, signature) = (appendix.octets("ID"), appendix.octets("M"), appendix.signature());
    let id = Identity::new(&id);
    for (_, kpak) in kpak_forms(appendix.kpak()) {
        assert_eq!(kpak.verify(id, &message, &signature), Ok(()));
        let key = VerifyingKey::new(&kpak, id, signature.pvt()).expect("valid");
        for (kind, found) in key_forms(key, |key| key.verify(&message, &signature)) {
            assert_eq!(found, Ok(()), "{kind}");
        }
    }
    assert_eq!(appendix.signing_key().verifying_key().verify(&message, &signature), Ok(()));
}
