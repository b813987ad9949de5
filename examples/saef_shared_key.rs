//! Two entities derive the same key, each from its own SSK and the other's public identity:
//! `cargo run --example saef_shared_key`

use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::KmsSecretKey;
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{Association, Credential, ExpectedPeer, PskIdentity, Role, TrustedDomains};
use std::time::{SystemTime, UNIX_EPOCH};

const AE: &str = "//sp.example.com/CSE090112/C190XX7T";
const CSE: &str = "//sp.example.com/CSE090112";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = UnixTime::from_seconds(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
    let kms = KmsSecretKey::generate(&mut SysRng)?;
    let mut trusted = TrustedDomains::new();
    trusted.pin(Fqdn::parse("mef.example.com")?, Fqdn::parse("sp.example.com")?, kms.public_key())?;

    let install = |entity: &str| -> Result<Credential, Box<dyn std::error::Error>> {
        let entity = EntityName::parse(entity)?;
        let end = "20991231T000000".parse()?;
        let id_2 = ExpiringIdentity::new(Fqdn::parse("mef.example.com")?, entity, end)?;
        let issued = kms.issue(id_2.identity(), &mut SysRng)?;
        Ok(Credential::install(id_2, &issued, &kms.public_key(), &trusted, now)?)
    };
    let (ae, cse) = (install(AE)?, install(CSE)?);

    // What travels in the handshake, in the clear.
    let hint = cse.psk_identity()?.to_string();
    let identity = ae.psk_identity()?.to_string();
    println!("server's hint      {hint}\nclient's identity  {identity}");

    let derive = |own, role, expected, peer: &str| {
        let policy = ExpectedPeer::new(EntityName::parse(expected)?)?;
        let skew = Association::DEFAULT_SKEW;
        Association { own, role, trusted: &trusted, policy: &policy, skew }
            .derive(&PskIdentity::parse(peer)?, now)
    };
    let at_ae = derive(&ae, Role::Client, CSE, &hint)?;
    let at_cse = derive(&cse, Role::Server, AE, &identity)?;
    assert_eq!(at_ae.expose(), at_cse.expose());
    println!("both have the same key, and know each other: {} and {}", at_cse.peer(), at_ae.peer());
    Ok(())
}
