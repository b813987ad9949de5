use super::*;
use crate::wire::SecretText;
use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::KmsSecretKey;
use eccsi_sakke::sakke;

const MEF: &str = "mef.example.com";
const ENTITY: &str = "//sp.example.com/CSE1/C1";
const NOW: &str = "20260601T000000";
const END: &str = "20260701T000000";

struct Kms(KmsSecretKey, sakke::KmsSecretKey);

impl Kms {
    fn new() -> Self {
        Self(
            KmsSecretKey::generate(&mut SysRng).unwrap(),
            sakke::KmsSecretKey::generate(&mut SysRng).unwrap(),
        )
    }

    fn issue(&self, id_2: &str) -> IssuedCredential {
        let identity = CredentialIdentity::parse_id2(id_2).unwrap();
        let key = self.0.issue(identity.identity(), &mut SysRng).unwrap();
        let key = key.validate(&self.0.public_key(), identity.identity()).unwrap();
        let hex = base16ct::lower::encode_string;
        IssuedCredential {
            id2: id_2.into(),
            ssk: SecretText::new(hex(key.expose().as_slice())),
            pvt: hex(&key.pvt().to_bytes()),
            kpak: hex(&self.0.public_key().to_bytes()),
            rsk: None,
            z_public: None,
        }
    }

    fn with_rsk(&self, id_2: &str) -> IssuedCredential {
        let b = CredentialIdentity::parse_id2(id_2).unwrap().sakke_identifier();
        let rsk = self.1.issue(&b).unwrap();
        let rsk = rsk.validate(&self.1.public_key(), &b).unwrap();
        let hex = base16ct::lower::encode_string;
        IssuedCredential {
            rsk: Some(SecretText::new(hex(rsk.expose().as_slice()))),
            z_public: Some(hex(&self.1.public_key().to_bytes())),
            ..self.issue(id_2)
        }
    }

    fn published(&self, with_z: bool) -> PublishedKey {
        let z_public = with_z.then(|| self.1.public_key());
        PublishedKey { kpak: self.0.public_key(), z_public, from: None, until: None }
    }
}

fn id_2(fqdn: &str, entity: &str, end: &str) -> String {
    format!("{fqdn}@{}@{end}", base16ct::upper::encode_string(entity.as_bytes()))
}

fn expected() -> Expected {
    Expected { mef: Fqdn::parse(MEF).unwrap(), entity: EntityName::parse(ENTITY).unwrap(), replaces: None }
}

fn now() -> UnixTime {
    eccsi_sakke::onem2m::ExpirationTime::parse(NOW).unwrap().to_unix()
}

#[test]
fn what_fits_is_installed_under_a_pinned_kpak() {
    let kms = Kms::new();
    for entity in [ENTITY, "/CSE1/C1"] {
        let name = id_2(MEF, entity, END);
        for issued in [kms.issue(&name), kms.with_rsk(&name)] {
            let pinned = [Kms::new().published(true), kms.published(true)];
            let checked = check(&issued, &expected(), &pinned, &NewKpak::Refuse, now()).unwrap();
            assert_eq!(checked.id_2().as_str(), name);
            assert!(checked.to_pin.is_none());
            let file = CredentialFile::parse(checked.expose()).unwrap();
            assert_eq!(file.sakke().is_some(), issued.rsk.is_some());
            let mut trusted = TrustedDomains::new();
            assert_eq!(file.install(&trusted, now()).err(), Some(SaefError::UnknownDomain));
            let provider = Fqdn::parse("sp.example.com").unwrap();
            trusted.pin(Fqdn::parse(MEF).unwrap(), provider, checked.kpak().clone()).unwrap();
            assert_eq!(file.install(&trusted, now()).unwrap().id_2(), checked.id_2());
            file.validate().unwrap();
            let credential = checked.into_credential(&trusted, now()).unwrap();
            assert_eq!(credential.id_2().as_str(), name);
            assert_eq!(credential.signing_key().kms_public_key(), &kms.0.public_key());
        }
    }
}

#[test]
fn another_identity_is_not_installed() {
    let kms = Kms::new();
    let id_1 = id_2(MEF, ENTITY, END);
    let expected = Expected { replaces: Some(ExpiringIdentity::parse(&id_1).unwrap()), ..expected() };
    for (name, error) in [
        (id_2("mef2.example.com", ENTITY, END), InstallError::OtherMef),
        (id_2(MEF, "//sp.example.com/CSE1/C2", END), InstallError::OtherEntity),
        (id_2(MEF, "//sp2.example.com/CSE1/C1", END), InstallError::OtherEntity),
        (id_1, InstallError::SameIdentity),
        (id_2(MEF, ENTITY, NOW), InstallError::Expired),
        (id_2(MEF, ENTITY, "20200101T000000"), InstallError::Expired),
    ] {
        let outcome = check(&kms.issue(&name), &expected, &[kms.published(false)], &NewKpak::Refuse, now());
        assert_eq!(outcome.err(), Some(error), "{name}");
    }
    let spelling =
        IssuedCredential { id2: id_2("MEF.example.com", ENTITY, END), ..kms.issue(&id_2(MEF, ENTITY, END)) };
    let outcome = check(&spelling, &expected, &[kms.published(false)], &NewKpak::Refuse, now());
    assert_eq!(outcome.err(), Some(InstallError::Malformed("id2")));
}

#[test]
fn another_kpak_needs_a_rule() {
    let (kms, other) = (Kms::new(), Kms::new());
    let issued = kms.issue(&id_2(MEF, ENTITY, END));
    let tag = KpakTag::of(&kms.0.public_key());
    let rollover = |kms: &Kms| NewKpak::Accept(vec![kms.0.public_key()]);
    for (pinned, new, error) in [
        (vec![], NewKpak::Refuse, Some(InstallError::NoKpak(tag))),
        (vec![], NewKpak::First, None),
        (vec![], rollover(&kms), None),
        (vec![], rollover(&other), Some(InstallError::OtherKpak(tag))),
        (vec![other.published(false)], NewKpak::Refuse, Some(InstallError::OtherKpak(tag))),
        (vec![other.published(false)], NewKpak::First, Some(InstallError::OtherKpak(tag))),
        (vec![other.published(false)], rollover(&other), Some(InstallError::OtherKpak(tag))),
        (vec![other.published(false)], rollover(&kms), None),
    ] {
        let outcome = check(&issued, &expected(), &pinned, &new, now());
        assert_eq!(outcome.as_ref().err(), error.as_ref(), "{new:?}");
        if let Ok(checked) = outcome {
            assert_eq!(checked.to_pin.unwrap().kpak, kms.0.public_key());
        }
    }
}

#[test]
fn keys_have_to_belong_together() {
    let kms = Kms::new();
    let name = id_2(MEF, ENTITY, END);
    let good = || kms.with_rsk(&name);
    let other = kms.with_rsk(&id_2(MEF, ENTITY, "20260702T000000"));
    let (other_kms, pinned) = (Kms::new(), [kms.published(true)]);
    let mut off_by_one = String::from(good().ssk.expose());
    let last = if off_by_one.ends_with('0') { "1" } else { "0" };
    off_by_one.replace_range(63.., last);
    let secret = |text: &SecretText| SecretText::new(text.expose().into());
    for (issued, error) in [
        (IssuedCredential { pvt: other.pvt.clone(), ..good() }, InstallError::InvalidKey),
        (IssuedCredential { ssk: SecretText::new(off_by_one), ..good() }, InstallError::InvalidKey),
        (IssuedCredential { ssk: SecretText::new("00".repeat(32)), ..good() }, InstallError::Malformed("")),
        (IssuedCredential { pvt: "04".repeat(65), ..good() }, InstallError::Malformed("")),
        (IssuedCredential { rsk: other.rsk.as_ref().map(secret), ..good() }, InstallError::InvalidKey),
        (IssuedCredential { rsk: None, ..good() }, InstallError::Malformed("")),
        (IssuedCredential { z_public: other_kms.with_rsk(&name).z_public, ..good() }, InstallError::OtherZ),
    ] {
        let outcome = check(&issued, &expected(), &pinned, &NewKpak::Refuse, now()).unwrap_err();
        assert!(
            outcome == error
                || matches!((outcome, error), (InstallError::Malformed(_), InstallError::Malformed(""))),
            "{outcome:?} in place of {error:?}"
        );
    }
    // One whose Z was not known is pinned with it.
    let checked = check(&good(), &expected(), &[kms.published(false)], &NewKpak::Refuse, now()).unwrap();
    assert_eq!(checked.to_pin.unwrap().z_public, Some(kms.1.public_key()));
}
