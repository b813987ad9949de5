//! The whole system on loopback: MEF with KMS and MAF on the embedded store, and two devices that enrol, renew and
//! associate in three ways.

mod associations;
mod place;

use super::{AE_ID, CSE_ID, FQDN, Story};
use crate::Function;
use crate::association::{Admission, Framework};
use crate::cli::Outcome;
use crate::cli::failure::{Failure, Kind};
use crate::cli::report::Report;
use crate::cli::site;
use crate::client::{Access, Client, ClientError};
use crate::tls::Psk;
use crate::wire::IssuedCredential;
use eccsi_sakke::eccsi::{IssuedKey, KmsPublicKey, PublicValidationToken};
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{Credential, TrustedDomains};
use place::{Device, Place};
use serde_json::json;
use std::sync::Arc;
use zeroize::Zeroizing;

const MAF: &str = "maf.example.com";
const PROVIDER: &str = "sp.example.com";
const REPORT: &[u8] = b"temperature 21.5 C";
const ANSWER: &[u8] = b"open valve 4";

/// Runs it, in a folder of its own that is gone afterwards.
pub(super) fn run(mut story: Story) -> Outcome {
    story.text.push_str(
        "The whole system, on this machine's loopback: a MEF with its KMS, a MAF, a gateway (CSE) and a device (AE).\n\
         They are real servers and clients over TLS and DTLS, on a database; everything is gone afterwards.\n",
    );
    site::protect();
    site::block_on(async {
        let mut place = Place::start().await?;
        let told = tell(&mut story, &mut place).await;
        place.stop().await;
        told
    })?;
    summarise(&mut story);
    let json = json!({"demonstrates": "the whole system", "steps": story.steps});
    Ok(Report::raw(Zeroizing::new(story.text.as_bytes().to_vec()), &json))
}

/// Something went another way than it must.
fn failed(what: &str, error: &dyn core::fmt::Display) -> Failure {
    Failure::refused(Kind::Internal, format!("the demonstration failed: {what}: {error}"))
}

async fn tell(story: &mut Story, place: &mut Place) -> Result<(), Failure> {
    describe(story, place);
    let cse = enrol(story, place, "CSE", CSE_ID).await?;
    let ae = enrol(story, place, "AE", AE_ID).await?;
    let ae = renew(story, place, ae).await?;
    associations::by_ibc(story, &ae, &cse)?;
    associations::by_eccsi(story, &ae, &cse)?;
    associations::by_maf(story, place, &ae, &cse).await
}

fn describe(story: &mut Story, place: &Place) {
    story.step(
        "KMS, MEF and MAF start",
        "The KMS made KSAK and z, sealed them in the key directory and published KPAK. MEF and MAF share one port:\n\
         a client says in the handshake (SNI) which of them it wants. The operator has admitted two clients,\n\
         with a pre-shared key each, and bound an entity to each.",
    );
    story.value("MEF and KMS", "mef", &format!("{FQDN} at {}", place.address));
    story.value("MAF", "maf", &format!("{MAF} at {}", place.address));
    story.value("database", "store", "SQLite, write-ahead log, each answer durable before it is sent");
    story.value("KPAK tag", "tag", &format!("{}", place.public.tag));
    story.value("KPAK", "kpak", &super::hex(&place.public.kpak.to_bytes()));
    for device in [&place.cse, &place.ae] {
        story.value("client", device.label, &format!("{} as {}", device.entity, device.kpm_id()));
    }
}

/// An entity with its credential, and with whom it trusts.
pub(super) struct Enrolled {
    name: EntityName,
    credential: Arc<Credential>,
    trusted: Arc<TrustedDomains>,
}

/// Everybody whom the KMS vouches for is welcome, and nobody is denied.
struct Welcome;

impl Admission for Welcome {
    fn admits(&self, _: &EntityName, _: Framework) -> bool {
        true
    }

    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        false
    }
}

/// A session with the MEF or the MAF, as this device.
fn access(place: &Place, device: &Device, function: Function) -> Result<Access, Failure> {
    let (fqdn, identity) = match function {
        Function::Mef => (FQDN, device.kpm_id()),
        Function::Maf => (MAF, device.km_id()),
    };
    let key = Psk::new(device.key.to_vec()).map_err(|error| failed("a key", &error))?;
    let access = Access::psk(function, Fqdn::parse(fqdn)?, (&identity, key), device.entity);
    Ok(access.map_err(|error| failed("access", &error))?.at(format!("{}", place.address)))
}

fn told(error: &ClientError) -> Failure {
    failed("a request", error)
}

async fn enrol(
    story: &mut Story,
    place: &Place,
    label: &'static str,
    entity: &str,
) -> Result<Enrolled, Failure> {
    let device = place.device(label);
    let mut client = Client::new(access(place, device, Function::Mef)?);
    let name = EntityName::parse(entity)?;
    let issued = client.enrol(&name, None).await.map_err(|error| told(&error))?;
    let session = client.connection().await.map_err(|error| told(&error))?.session().clone();
    story.step(
        &format!("The {label} enrols"),
        "It opens a TLS session with the MEF by its pre-shared key and asks for a credential. The MEF reserves a\n\
         unique ID_2, lets the KMS issue, writes its audit log, and answers. The entity installs nothing that it has\n\
         not checked: [SSK]G = KPAK + [HS]PVT.",
    );
    story.value("suite", "suite", session.suite());
    story.value("psk_identity", "psk_identity", session.psk_identity().unwrap_or_default());
    story.value("request", "request", &format!("POST /ibc/enrol {{\"id\":\"{entity}\"}}"));
    story.value("ID_2", "id2", &issued.id2);
    story.value("PVT", "pvt", &issued.pvt);
    story.secret("SSK", "ssk", &octets::<32>("SSK", issued.ssk.expose())?[..]);
    let enrolled = install(&issued, name, now()?)?;
    story.value("validated", "validated", "yes");
    Ok(enrolled)
}

async fn renew(story: &mut Story, place: &Place, ae: Enrolled) -> Result<Enrolled, Failure> {
    let mut client = Client::new(access(place, &place.ae, Function::Mef)?);
    // Another second than that of the first, so that the new one may end later.
    tokio::time::sleep(core::time::Duration::from_secs(1)).await;
    let issued = client.reenrol(ae.credential.id_2(), None).await.map_err(|error| told(&error))?;
    story.step(
        "The AE renews",
        "Re-provisioning gives a new ID_2 with a later end, and a new SSK and PVT. The old credential stays usable for a\n\
         while, then it goes on the MEF's deny list.",
    );
    story.value("request", "request", &format!("POST /ibc/reenrol {{\"id1\":\"{}\"}}", ae.credential.id_2()));
    story.value("ID_2", "id2", &issued.id2);
    story.value("PVT", "pvt", &issued.pvt);
    story.secret("SSK", "ssk", &octets::<32>("SSK", issued.ssk.expose())?[..]);
    let renewed = install(&issued, ae.name, now()?)?;
    story.value("validated", "validated", "yes");
    Ok(renewed)
}

fn now() -> Result<UnixTime, Failure> {
    super::options::now()
}

fn octets<const N: usize>(what: &str, text: &str) -> Result<Zeroizing<[u8; N]>, Failure> {
    let mut octets = Zeroizing::new([0; N]);
    match base16ct::mixed::decode(text, octets.as_mut_slice()) {
        Ok(decoded) if decoded.len() == N => Ok(octets),
        _ => Err(failed(what, &"not the right number of octets in hexadecimal")),
    }
}

/// What a device does with an answer before it believes it.
fn install(issued: &IssuedCredential, name: EntityName, now: UnixTime) -> Result<Enrolled, Failure> {
    let kpak =
        KmsPublicKey::from_bytes(&*octets("KPAK", &issued.kpak)?).map_err(|error| failed("KPAK", &error))?;
    let pvt = PublicValidationToken::from_bytes(&*octets("PVT", &issued.pvt)?)
        .map_err(|error| failed("PVT", &error))?;
    let key = IssuedKey::from_parts(&*octets("SSK", issued.ssk.expose())?, &pvt);
    let key = key.map_err(|error| failed("SSK", &error))?;
    let id_2 = ExpiringIdentity::parse(&issued.id2)?;
    if *id_2.entity_id() != name {
        return Err(failed("ID_2", &"it names another entity"));
    }
    let mut trusted = TrustedDomains::new();
    trusted.pin(Fqdn::parse(FQDN)?, Fqdn::parse(PROVIDER)?, kpak.clone())?;
    let credential = Credential::install(id_2, &key, &kpak, &trusted, now)?;
    Ok(Enrolled { name, credential: Arc::new(credential), trusted: Arc::new(trusted) })
}

fn summarise(story: &mut Story) {
    story.text.push_str(
        "\nSummary\n\
        \x20  enrolment   over TLS 1.2 by pre-shared keys; ID_2, PVT and KPAK are public, SSK stays in its entity\n\
        \x20  IBC-based   DTLS 1.2, the key derived by both ends from the other's NAME: no third party was online\n\
        \x20  ECCSI       TLS 1.3, raw public keys that are names, signatures instead of certificates\n\
        \x20  MAF-based   the AE registered a key, the CSE fetched it inside the handshake\n\
        \x20  go on       ibc config sample; ibc service init; ibc serve; ibc demo --cryptography\n",
    );
}
