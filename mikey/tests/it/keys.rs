//! Keys derived from a TGK, against values computed by another program (Python's hmac and hashlib).

use mikey_sakke::Refusal;
use mikey_sakke::error::BuildError;
use mikey_sakke::keys::{Context, KeyKind, Protection, Purpose, Tgk};
use mikey_sakke::payload::PrfFunction;

const TGK: [u8; 16] = *b"0123456789abcdef";
const RAND: [u8; 16] = [0x42; 16];

fn context(prf: PrfFunction) -> Context<'static> {
    Context { prf, cs_id: 6, csb_id: 0x2134_5678, rand: &RAND }
}

fn hex(octets: &[u8]) -> String {
    base16ct::lower::encode_string(octets)
}

#[test]
fn keys_of_both_prfs() {
    let tgk = Tgk::from_bytes(&TGK);
    for (prf, kind, length, expected) in [
        (PrfFunction::MIKEY_1, KeyKind::Tek, 16, "3a18529bbd361c642fdae59f91e9dbcf"),
        (PrfFunction::MIKEY_1, KeyKind::Authentication, 20, "da3210fa3a9cd0da8edb088e4f06a9e1b2738db4"),
        (
            PrfFunction::MIKEY_1,
            KeyKind::Encryption,
            45,
            "5ab7f0193d06d6739991d8018aa61416c3597b6e8c4cf47553d7df2224f6a4ec330fcce9297f902f7f5d83491c",
        ),
        (PrfFunction::MIKEY_1, KeyKind::Salt, 14, "78ba75f6ed6af5ee9f06e64d7670"),
        (PrfFunction::HMAC_SHA_256, KeyKind::Tek, 16, "96b994b7ff4a6babb4e607196d45de66"),
        (PrfFunction::HMAC_SHA_256, KeyKind::Authentication, 20, "672b82a6b390530872e9b3b0e962f866a7eed864"),
        (
            PrfFunction::HMAC_SHA_256,
            KeyKind::Encryption,
            45,
            "a97196181269fad1b1dd6713ea07c2f6a4de19943aed8cc1fa2f7248ad54616d80f30ccdb9384893d462ea0f5d",
        ),
        (PrfFunction::HMAC_SHA_256, KeyKind::Salt, 14, "645771ed1081b427595beeb5b781"),
    ] {
        let key = tgk.derive(kind, &context(prf), length).unwrap();
        assert_eq!(hex(key.expose()), expected, "{prf} {kind:?}");
    }
    // A shorter key is the beginning of a longer one.
    let long = tgk.derive(KeyKind::Tek, &context(PrfFunction::MIKEY_1), 47).unwrap();
    let short = tgk.derive(KeyKind::Tek, &context(PrfFunction::MIKEY_1), 21).unwrap();
    assert_eq!(long.expose()[..21], *short.expose());
    assert!(tgk.derive(KeyKind::Salt, &context(PrfFunction::MIKEY_1), 0).unwrap().expose().is_empty());
    let unknown = tgk.derive(KeyKind::Tek, &context(PrfFunction(2)), 16).err();
    assert_eq!(unknown, Some(Refusal::Prf(2)));
}

#[test]
fn keys_of_groups_and_of_signalling() {
    let tgk = Tgk::from_bytes(&TGK);
    let member = "sip:alice@example.org";
    assert_eq!(tgk.user_salt(member), Ok(0x0983_6253));
    let guk_id = tgk.guk_id(0x0765_4321, member).unwrap();
    assert_eq!(guk_id, 0x0765_4321 ^ 0x0983_6253);
    assert_eq!(tgk.guk_id(guk_id, member), Ok(0x0765_4321));
    assert_eq!(tgk.guk_id(0xf000_0000, member).unwrap() >> 28, 0xf, "the purpose is left alone");
    for (protection, expected) in [
        (Protection::Confidentiality, "196f923afe3187b3b2f5986f98470735b3258cad30683e8fc13272a4fcf551f6"),
        (Protection::Integrity, "b267299ad3229cad039bb85e43553a4879abaeee9bdc5f998ec5e2c98d18b3f4"),
    ] {
        let key = tgk.signalling_key(protection, member, 0x2134_5678).unwrap();
        assert_eq!(hex(key.expose()), expected);
    }
    let long = "x".repeat(65_536);
    let refused = Some(BuildError::TooLong { max: 65_535, got: 65_536 });
    assert_eq!(tgk.user_salt(&long).err(), refused);
    assert_eq!(tgk.signalling_key(Protection::Integrity, &long, 0).err(), refused);
}

#[test]
fn purposes_are_the_highest_bits() {
    for (tag, purpose) in [
        Purpose::Gmk,
        Purpose::Pck,
        Purpose::Csk,
        Purpose::Spk,
        Purpose::Mkfc,
        Purpose::Mscck,
        Purpose::MuSik,
    ]
    .into_iter()
    .enumerate()
    {
        let id = purpose.key_id(0xfabc_def0);
        assert_eq!(id, (tag as u32) << 28 | 0x0abc_def0);
        assert_eq!(Purpose::of(id), Some(purpose));
    }
    assert_eq!(Purpose::of(0x7000_0000), None);
}
