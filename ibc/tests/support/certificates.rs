//! Certificates made for a test.
#![allow(dead_code, reason = "each test file uses its part")]

use ibc::tls::OwnCertificate;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509NameBuilder};

/// A certificate for tests, signed by `issuer` or by itself.
pub(crate) struct Certified {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
}

/// An anchor without a name; with one (`true`: a DNS name, else a URI) one that it, or it itself, vouches for.
pub(crate) fn certificate(
    issuer: Option<&Certified>,
    san: Option<(bool, &str)>,
    days: (i64, i64),
) -> Certified {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("known");
    let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
    let mut name = X509NameBuilder::new().expect("a name");
    name.append_entry_by_text("CN", san.map_or("test anchor", |(_, text)| &text[..text.len().min(60)]))
        .expect("set");
    let name = name.build();
    let mut builder = X509Builder::new().expect("a builder");
    builder.set_version(2).expect("set");
    let serial = BigNum::from_u32(1).and_then(|number| number.to_asn1_integer()).expect("a number");
    builder.set_serial_number(&serial).expect("set");
    builder.set_subject_name(&name).expect("set");
    let issuer_name = issuer.map_or(&*name, |issuer| issuer.certificate.subject_name());
    builder.set_issuer_name(issuer_name).expect("set");
    builder.set_pubkey(&key).expect("set");
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let at =
        |days: i64| Asn1Time::from_unix(i64::try_from(now).expect("small") + days * 86_400).expect("a time");
    builder.set_not_before(&at(days.0)).expect("set");
    builder.set_not_after(&at(days.1)).expect("set");
    match san {
        None => builder
            .append_extension(BasicConstraints::new().critical().ca().build().expect("built"))
            .expect("set"),
        Some((is_dns, text)) => {
            let mut names = SubjectAlternativeName::new();
            if is_dns {
                names.dns(text)
            } else {
                names.uri(text)
            };
            let names = names.build(&builder.x509v3_context(None, None)).expect("built");
            builder.append_extension(names).expect("set");
        }
    }
    builder.sign(issuer.map_or(&key, |issuer| &issuer.key), MessageDigest::sha256()).expect("signed");
    Certified { certificate: builder.build(), key }
}

impl Certified {
    pub(crate) fn own(&self) -> OwnCertificate {
        let key = self.key.private_key_to_pem_pkcs8().expect("encoded");
        OwnCertificate::from_pem(&self.pem(), &key).expect("they belong together")
    }

    /// Sends this authority's certificate along.
    pub(crate) fn own_below(&self, authority: &Certified) -> OwnCertificate {
        let key = self.key.private_key_to_pem_pkcs8().expect("encoded");
        let chain = [self.pem(), authority.pem()].concat();
        OwnCertificate::from_pem(&chain, &key).expect("they belong together")
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().expect("encoded")
    }

    pub(crate) fn sha256(&self) -> [u8; 32] {
        (*self.certificate.digest(MessageDigest::sha256()).expect("a digest")).try_into().expect("32 octets")
    }
}
