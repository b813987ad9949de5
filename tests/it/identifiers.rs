//! The identifier types against the vector files: valid texts, their canonical form, invalid texts.

use core::fmt::{Debug, Display};
use std::collections::{BTreeMap, BTreeSet};

use eccsi_sakke::onem2m::{
    AeIdStem, CredentialId, EntityId, EntityKind, EntityName, ExpirationTime, ExpiringIdentity,
    FetchCredentialsPath, Fqdn, IdentifierError, KeId, KeyIdentifier, KmId, KpmId, KpsaId, RelativeKeyId,
    SecurityUsage, UnixTime, hex_binary,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(rename = "algorithm")]
    _algorithm: String,
    number_of_tests: usize,
    notes: BTreeMap<String, String>,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    tc_id: usize,
    #[serde(rename = "comment")]
    _comment: String,
    #[serde(rename = "type")]
    kind: String,
    input: String,
    result: Verdict,
    canonical: Option<String>,
    flags: Vec<String>,
    // Of an ID_2 only.
    fqdn: Option<String>,
    entity_id: Option<String>,
    expiration: Option<u64>,
    psk_identity_length: Option<usize>,
    fits_psk_identity: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Valid,
    Invalid,
}

/// Reads a file and checks that it is what it says: as many cases, numbered from 1, every flag noted.
fn load(text: &str) -> File {
    let file: File = serde_json::from_str(text).expect("vector file has the expected shape");
    assert_eq!(file.tests.len(), file.number_of_tests);
    for (index, case) in file.tests.iter().enumerate() {
        assert_eq!(case.tc_id, index + 1);
        assert_eq!(case.canonical.is_some(), case.result == Verdict::Valid, "case {}", case.tc_id);
        assert!(!case.flags.is_empty(), "case {}", case.tc_id);
    }
    let used: BTreeSet<_> = file.tests.iter().flat_map(|case| &case.flags).collect();
    let noted: BTreeSet<_> = file.notes.keys().collect();
    assert_eq!(used, noted);
    file
}

/// Reads a text and, if it is one, its canonical form again.
fn read<T: Debug + Display + PartialEq>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, IdentifierError>,
) -> Option<String> {
    let value = parse(text).ok()?;
    let canonical = value.to_string();
    assert_eq!(parse(&canonical).as_ref(), Ok(&value), "{text:?}");
    Some(canonical)
}

/// The canonical form of `text` as an identifier of this type, `None` if it is refused.
fn canonical(kind: &str, text: &str) -> Option<String> {
    match kind {
        "Fqdn" => read(text, Fqdn::parse),
        "FqdnCanonical" => read(text, Fqdn::parse_canonical),
        "FqdnLab" => read(text, Fqdn::parse_lab),
        "CseId" => read(text, |text| EntityId::parse(EntityKind::Cse, text)),
        "AeId" => read(text, |text| EntityId::parse(EntityKind::Ae, text)),
        "EntityName" => read(text, EntityName::parse),
        "AeIdStem" => read(text, AeIdStem::parse),
        "HexBinary" => hex_binary::decode(text).ok().map(|octets| hex_binary::encode(&octets)),
        "HexBinaryCanonical" => {
            hex_binary::decode_canonical(text).ok().map(|octets| hex_binary::encode(&octets))
        }
        "ExpirationTime" => read(text, ExpirationTime::parse),
        "ExpirationTimeRequest" => read(text, ExpirationTime::parse_request),
        "KeId" => read(text, KeId::parse),
        "KeyIdentifier" => read(text, KeyIdentifier::parse),
        "RelativeKeyId" => read(text, RelativeKeyId::parse),
        "RelativeKeyIdOctets" => read(text, RelativeKeyId::parse_octets),
        "KpsaId" => read(text, KpsaId::parse),
        "KpmId" => read(text, KpmId::parse),
        "KmId" => read(text, KmId::parse),
        "CredentialId" => read(text, CredentialId::parse),
        "SecurityUsage" => read(text, SecurityUsage::parse),
        "FetchCredentialsPath" => read(text, FetchCredentialsPath::parse),
        "ExpiringIdentity" => read(text, ExpiringIdentity::parse),
        other => panic!("no identifier type {other}"),
    }
}

fn run(file: &File) {
    let mut wrong = Vec::new();
    for case in &file.tests {
        let got = canonical(&case.kind, &case.input);
        if got != case.canonical {
            wrong.push(format!("{} {} {:?}: {got:?}", case.tc_id, case.kind, case.input));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn identifiers_are_read_as_the_vectors_say() {
    run(&load(include_str!("../../vectors/identifiers.json")));
}

#[test]
fn expiring_identities_are_read_as_the_vectors_say() {
    let file = load(include_str!("../../vectors/expiring_identity.json"));
    run(&file);
    for case in file.tests.iter().filter(|case| case.result == Verdict::Valid) {
        let id_2 = ExpiringIdentity::parse(&case.input).expect("checked above");
        assert_eq!(Some(id_2.fqdn().as_str()), case.fqdn.as_deref());
        assert_eq!(Some(id_2.entity_id().as_str()), case.entity_id.as_deref());
        assert_eq!(Some(id_2.expiration().to_unix().as_seconds()), case.expiration);
        assert_eq!(Some(id_2.psk_identity_len()), case.psk_identity_length);
        assert_eq!(Some(id_2.fits_psk_identity()), case.fits_psk_identity);
        assert_eq!(id_2.as_bytes(), case.input.as_bytes());
        let (fqdn, entity_id) = (id_2.fqdn().clone(), id_2.entity_id().clone());
        assert_eq!(ExpiringIdentity::new(fqdn, entity_id, id_2.expiration()), Ok(id_2));
    }
}

/// Any octet changed to another ASCII character gives a refusal or another identity that writes itself.
#[test]
fn every_change_of_one_character_is_refused_or_another_identity() {
    let text = "mef.example.com@2F2F73702E6578616D706C652E636F6D2F4353453039303131322F4331@20240229T235959";
    let original = ExpiringIdentity::parse(text).expect("a valid ID_2");
    for index in 0..text.len() {
        for octet in 0..128u8 {
            let mut changed = text.as_bytes().to_vec();
            changed[index] = octet;
            let changed = String::from_utf8(changed).expect("ASCII");
            if let Ok(id_2) = ExpiringIdentity::parse(&changed) {
                assert_eq!(id_2.to_string(), changed);
                assert_eq!(id_2 == original, changed == text);
            }
        }
    }
}

#[test]
fn no_prefix_of_an_identity_is_one() {
    let text = "mef.example.com@2F435345303930313132@20270101T000000";
    for length in 0..text.len() {
        assert!(ExpiringIdentity::parse(&text[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_u_label_is_refused_with_a_hint_at_the_a_label() {
    let error = Fqdn::parse("bücher.example").expect_err("a U-label");
    assert_eq!(error, IdentifierError::FqdnNotAscii);
    assert!(error.to_string().contains("A-label"));
}

#[test]
fn names_that_are_one_are_equal_and_hash_alike() {
    use std::collections::HashSet;
    let names = ["Client-01@maf.example.com", "client-01@MAF.example.com", "CLIENT-01@maf.example.com."];
    let set: HashSet<KmId> = names.iter().filter_map(|name| KmId::parse(name).ok()).collect();
    assert_eq!(set.len(), 1);
    let set: HashSet<KpsaId> = names.iter().filter_map(|name| KpsaId::parse(name).ok()).collect();
    assert_eq!(set.len(), 3);
}

#[test]
fn names_of_keys_show_their_canonical_text() {
    fn text<T: AsRef<str> + Display>(name: &T, as_str: &str, expected: &str) {
        assert_eq!((name.as_ref(), as_str, name.to_string().as_str()), (expected, expected, expected));
    }
    let digits = "00112233445566778899AABBCCDDEEFF";
    let at = format!("{digits}@mef.example.com");
    let (ke, key) = (KeId::parse(&at.to_lowercase()).unwrap(), KeyIdentifier::parse(&at).unwrap());
    text(&ke, ke.as_str(), &at);
    text(&key, key.as_str(), &at);
    assert_eq!(KeId::new(*ke.relative(), ke.fqdn().clone()), Ok(ke));
    assert_eq!(KeyIdentifier::new(key.relative().clone(), key.fqdn().clone()), Ok(key));
    let km = KmId::parse("Client-01@MAF.example.com.").unwrap();
    text(&km, km.as_str(), "client-01@maf.example.com");
    assert_eq!((km.relative(), km.fqdn().as_str()), ("client-01", "maf.example.com"));
    let psa = KpsaId::parse("GW-17@sp.example.com").unwrap();
    text(&psa, psa.as_str(), "GW-17@sp.example.com");
    let kpm = KpmId::parse("GW-17@mef.example.com").unwrap();
    text(&kpm, kpm.as_str(), "GW-17@mef.example.com");
    assert_eq!(kpm.relative(), "GW-17");
}

#[test]
fn an_entity_has_one_segment_or_two() {
    for (name, expected) in [
        ("/CSE1", &["CSE1"][..]),
        ("//sp.example.com/S98821", &["S98821"]),
        ("//sp.example.com/CSE1/C190XX7T", &["CSE1", "C190XX7T"]),
    ] {
        let name = EntityName::parse(name).unwrap();
        assert_eq!(name.segments().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn times_are_written_for_people() {
    for (seconds, expected) in [
        (0, "1970-01-01T00:00:00Z"),
        (1_798_761_599, "2026-12-31T23:59:59Z"),
        (253_402_300_800, "10000-01-01T00:00:00Z"),
    ] {
        assert_eq!(UnixTime::from_seconds(seconds).to_string(), expected);
    }
    assert!(UnixTime::from_seconds(u64::MAX).to_string().ends_with('Z'));
}

#[cfg(feature = "std")]
#[test]
fn times_convert_from_and_to_those_of_the_system() {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};
    let time = UNIX_EPOCH + Duration::from_millis(1_798_761_600_999);
    assert_eq!(UnixTime::try_from(time), Ok(UnixTime::from_seconds(1_798_761_600)));
    let before = UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(UnixTime::try_from(before), Err(IdentifierError::TimeRange));
    assert_eq!(SystemTime::try_from(UnixTime::EPOCH), Ok(UNIX_EPOCH));
    assert_eq!(SystemTime::try_from(UnixTime::from_seconds(u64::MAX)), Err(IdentifierError::TimeRange));
}

#[cfg(feature = "serde")]
mod serde_forms {
    use super::*;

    #[test]
    fn identifiers_are_strings_and_are_checked_when_read() {
        let id_2: ExpiringIdentity =
            serde_json::from_str("\"mef.example.com@2F43534531@20270101T000000\"").expect("an ID_2");
        assert_eq!(
            serde_json::to_string(&id_2).expect("a string"),
            "\"mef.example.com@2F43534531@20270101T000000\""
        );
        assert!(serde_json::from_str::<ExpiringIdentity>("\"mef.example.com@2f@20270101T000000\"").is_err());
        let fqdn: Fqdn = serde_json::from_str("\"MEF.example.com.\"").expect("a name");
        assert_eq!(serde_json::to_string(&fqdn).expect("a string"), "\"mef.example.com\"");
        // Escapes make serde hand over an owned string.
        let escaped: Fqdn = serde_json::from_str("\"\\u006def.example.com\"").expect("a name");
        assert_eq!(escaped, fqdn);
        assert!(serde_json::from_str::<Fqdn>("7").is_err());
    }

    #[test]
    fn a_security_usage_is_a_number() {
        let usage: SecurityUsage = serde_json::from_str("52").expect("a SUID");
        assert_eq!(usage, SecurityUsage::IbcSaef);
        assert_eq!(serde_json::to_string(&usage).expect("a number"), "52");
        assert!(serde_json::from_str::<SecurityUsage>("20").is_err());
        assert!(serde_json::from_str::<SecurityUsage>("\"52\"").is_err());
    }
}
