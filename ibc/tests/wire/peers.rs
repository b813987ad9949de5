//! MEF and MAF with clients that are not this crate's: OpenSSL's command, curl, and Python's requests in the
//! conventions of open-source platforms; and what a recorded session shows to who listens.

mod capture;
mod curl;
mod requests;
mod s_client;

use crate::certificates::{Certified, certificate};
use crate::http::{Running, lenient};
use crate::service::{MEF, PROVIDER, Place, START, fqdn, time};
use crate::setting::{DEVICE, GATEWAY, Setting};
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, PublicValidationToken};
use eccsi_sakke::onem2m::{CredentialType, ExpiringIdentity};
use eccsi_sakke::saef::{Credential, TrustedDomains};
use ibc::Function;
use ibc::service::admin::{ClientChange, NewCredential, certificate_id};
use ibc::tls::TrustedCertificates;
use serde_json::Value;
use std::sync::Arc;

/// The octets of a key value.
fn key_of(content: &Value) -> Vec<u8> {
    use base64ct::{Base64, Encoding};
    Base64::decode_vec(content["sec:skr"]["kv"].as_str().expect("a key value")).unwrap()
}

/// Installs what a MEF issued, as the entity does; the checks are those of an installation.
fn install(issued: &Value, entity: &str) -> (Arc<Credential>, Arc<TrustedDomains>) {
    let octets = |name: &str| base16ct::mixed::decode_vec(issued[name].as_str().expect(name)).unwrap();
    let id_2 = ExpiringIdentity::parse(issued["id2"].as_str().unwrap()).unwrap();
    assert_eq!(id_2.entity_id().as_str(), entity);
    let kpak = KmsPublicKey::from_bytes(&octets("kpak").try_into().unwrap()).unwrap();
    let pvt = PublicValidationToken::from_bytes(&octets("pvt").try_into().unwrap()).unwrap();
    let issued = IssuedKey::from_parts(&octets("ssk").try_into().unwrap(), &pvt).unwrap();
    let mut trusted = TrustedDomains::new();
    trusted.pin(fqdn(MEF), fqdn(PROVIDER), kpak.clone()).unwrap();
    let credential = Credential::install(id_2, &issued, &kpak, &trusted, START).expect("valid");
    (Arc::new(credential), Arc::new(trusted))
}

/// A server that takes certificates of clients, two of which an administrator has bound, in files below the folder
/// of the place: `anchor.pem`, and `device` and `gateway` as `.pem` and `.key`.
async fn with_certificates(place: &Place, setting: &Setting) -> Running {
    let anchor = certificate(None, None, (-1, 30));
    let own = certificate(Some(&anchor), Some((true, "*.example.com")), (-1, 30));
    let trust = TrustedCertificates::anchors_from_pem(&anchor.pem()).unwrap();
    std::fs::write(place.folder.join("anchor.pem"), anchor.pem()).unwrap();
    for (client, identity) in [("device", DEVICE), ("gateway", GATEWAY)] {
        let certified = certificate(Some(&anchor), Some((false, identity)), (-1, 30));
        write(place, client, &certified);
        for function in [Function::Mef, Function::Maf] {
            let id = certificate_id(CredentialType::NodeCertificate, &certified.sha256()).unwrap();
            let new = NewCredential { function, id, not_after: time("20280101T000000"), key: None };
            setting.change(client, ClientChange::AddCredential(new)).await;
        }
    }
    write(place, "nobody", &certificate(None, Some((false, DEVICE)), (-1, 30)));
    Running::with(setting, lenient(), Some((own.own(), trust))).await
}

fn write(place: &Place, name: &str, certified: &Certified) {
    std::fs::write(place.folder.join(format!("{name}.pem")), certified.pem()).unwrap();
    let key = certified.key.private_key_to_pem_pkcs8().unwrap();
    std::fs::write(place.folder.join(format!("{name}.key")), key).unwrap();
}
