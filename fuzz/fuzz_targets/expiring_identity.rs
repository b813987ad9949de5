//! ID_2: what is accepted is its own canonical text, and its parts compose to it.

#![no_main]

use eccsi_sakke::onem2m::ExpiringIdentity;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(id_2) = ExpiringIdentity::parse(text) else { return };
    assert_eq!(id_2.as_str(), text);
    assert!(text.is_ascii());
    let (fqdn, entity_id) = (id_2.fqdn().clone(), id_2.entity_id().clone());
    let composed = ExpiringIdentity::new(fqdn, entity_id, id_2.expiration());
    assert_eq!(composed.as_ref(), Ok(&id_2));
});
