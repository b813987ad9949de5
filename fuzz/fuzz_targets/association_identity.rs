//! PSK identities and hints from a stranger, on their way to a key in each framework: no panic, no key for
//! what is unknown, and none of a wrong length.

#![no_main]

use eccsi_sakke::eccsi::{KmsSecretKey, hazmat};
use eccsi_sakke::onem2m::{
    EntityName, ExpirationTime, ExpiringIdentity, Fqdn, KeyIdentifier, KpsaId, SecurityUsage, UnixTime,
};
use eccsi_sakke::saef::{Credential, TrustedDomains};
use ibc::association::{
    Admission, Framework, IbcOffer, IbcParty, KeyLookup, KeyOrigin, KeySource, LookupLimits, Offer, PsaKey,
    PsaKeys, RegisteredKey, Responder, RetrievalError,
};
use ibc::tls::PskResolver;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

const CSE: &str = "//sp.example.com/CSE090112";
const OTHER: &str = "//sp.example.com/CSE2";
const KPSA_ID: &str = "test@onem2m.com";
const KEY_ID: &str = "0102030405060708090A0B0C0D0E0F10@maf.example.com";

struct Anyone;

impl Admission for Anyone {
    fn admits(&self, _: &EntityName, _: Framework) -> bool {
        true
    }
    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        false
    }
}

struct OneKey;

impl KeySource for OneKey {
    fn retrieve(&self, key: &KeyIdentifier, _: Instant) -> Result<RegisteredKey, RetrievalError> {
        if key.to_string() != KEY_ID {
            return Err(RetrievalError::Refused);
        }
        Ok(RegisteredKey {
            key: [7; 32].into(),
            usage: SecurityUsage::MafSaef,
            expiration: ExpirationTime::MAX,
            origin: KeyOrigin::Entity(name(OTHER)),
        })
    }
}

fn name(text: &str) -> EntityName {
    EntityName::parse(text).expect("valid")
}

fn fqdn(text: &str) -> Fqdn {
    Fqdn::parse(text).expect("valid")
}

/// Responder and offer of one entity that trusts the KMS of the seeds.
static OWN: LazyLock<(Responder, IbcOffer)> = LazyLock::new(|| {
    let mut ksak = [0; 32];
    ksak[29..].copy_from_slice(&[0x01, 0x23, 0x45]);
    let kms = KmsSecretKey::from_bytes(&ksak).expect("in range");
    let id_2 =
        ExpiringIdentity::parse("mef.example.com@2F435345303930313132@20990101T000000").expect("valid");
    let mut trusted = TrustedDomains::new();
    trusted.pin(fqdn("mef.example.com"), fqdn("sp.example.com"), kms.public_key()).expect("first");
    let issued = hazmat::issue_with_nonce(&kms, id_2.identity(), &[8; 32]).expect("usable");
    let own =
        Credential::install(id_2, &issued, &kms.public_key(), &trusted, UnixTime::EPOCH).expect("valid");
    let party = Arc::new(IbcParty::new(Arc::new(own), Arc::new(trusted)));
    let mut keys = PsaKeys::default();
    let kpsa = PsaKey::new(KpsaId::parse(KPSA_ID).expect("valid"), vec![5; 16], name(OTHER), None);
    keys.add(kpsa.expect("long enough")).expect("first");
    // No memory of refusals, so that one input does not answer for another.
    let limits = LookupLimits { refusals: 0, ..LookupLimits::default() };
    let responder = Responder::new(name(CSE), Arc::new(Anyone), Arc::new(|| UnixTime::EPOCH))
        .expect("absolute")
        .psa_keys(keys)
        .ibc(Arc::clone(&party))
        .expect("its own")
        .registered_keys(KeyLookup::new(Arc::new(OneKey), limits).maf(fqdn("maf.example.com")));
    (responder, IbcOffer::new(party, name(OTHER), Arc::new(Anyone)).expect("absolute"))
});

fuzz_target!(|text: &str| {
    let (responder, offer) = &*OWN;
    if let Some(answer) = responder.resolve("cse.example.com", text) {
        match text.bytes().filter(|octet| *octet == b'@').count() {
            3 => assert_eq!(answer.key.expose().len(), 32),
            _ if text.to_lowercase().starts_with("test@") => assert_eq!(*answer.key.expose(), [5; 16]),
            _ => {
                let identifier = KeyIdentifier::parse(text).expect("what is asked for is one");
                assert_eq!(identifier.to_string(), KEY_ID);
                assert_eq!(*answer.key.expose(), [7; 32]);
            }
        }
    }
    if let Ok(offered) = offer.offer(&name(CSE), Some(text), UnixTime::EPOCH) {
        assert_eq!(offered.peer.entity, name(OTHER));
        assert_eq!(offered.key.expose().len(), 32);
    }
});
