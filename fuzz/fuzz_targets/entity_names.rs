//! FQDN, CSE-ID, AE-ID and AE-ID stem: the canonical text reads back as the same value.

#![no_main]

use eccsi_sakke::onem2m::{AeIdStem, EntityId, EntityKind, EntityName, Fqdn};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(fqdn) = Fqdn::parse(text) {
        assert_eq!(Fqdn::parse_canonical(fqdn.as_str()), Ok(fqdn));
    }
    if let Ok(stem) = AeIdStem::parse(text) {
        assert_eq!(stem.as_str(), text);
        assert!(EntityName::parse(text).is_err());
    }
    let name = EntityName::parse(text);
    for kind in [EntityKind::Cse, EntityKind::Ae] {
        let id = EntityId::parse(kind, text);
        assert_eq!(id.is_ok(), name.as_ref().is_ok_and(|name| name.can_be(kind)));
    }
    let Ok(name) = name else { return };
    assert_eq!(EntityName::parse_canonical(name.as_str()).as_ref(), Ok(&name));
    let provider = Fqdn::parse("sp.example.com").expect("a name");
    let absolute = name.to_absolute(&provider).expect("a provider of three labels");
    assert!(absolute.is_absolute());
    assert!(absolute.same_entity(&name, &provider));
    assert_eq!(EntityName::parse_canonical(absolute.as_str()).as_ref(), Ok(&absolute));
});
