//! A MEF issues an IBC credential for a CSE, and the CSE installs it:
//! `cargo run --example issue_credential`

use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::KmsSecretKey;
use eccsi_sakke::onem2m::{EntityId, EntityKind, ExpirationTime, ExpiringIdentity, Fqdn, UnixTime};
use eccsi_sakke::saef::{Credential, TrustedDomains};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mef = Fqdn::parse("mef.example.com")?;
    let kms = KmsSecretKey::generate(&mut SysRng)?;
    let now = UnixTime::from_seconds(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());

    // ID_2 = FQDN@hexBinary(CSE-ID)@expirationTime
    let cse = EntityId::parse(EntityKind::Cse, "//sp.example.com/CSE090112")?;
    let end = now.checked_add(Duration::from_secs(30 * 86_400)).ok_or("end of time")?;
    let id_2 = ExpiringIdentity::new(mef.clone(), cse, ExpirationTime::from_unix(end)?)?;
    println!("ID_2 {id_2}");

    // The KMS issues SSK and PVT for the octets of ID_2.
    let issued = kms.issue(id_2.identity(), &mut SysRng)?;

    // The CSE trusts this KPAK for the domain, and checks what it received before it installs it.
    let mut trusted = TrustedDomains::new();
    trusted.pin(mef, Fqdn::parse("sp.example.com")?, kms.public_key())?;
    let credential = Credential::install(id_2, &issued, &kms.public_key(), &trusted, now)?;
    println!("PSK identity {}", credential.psk_identity()?);
    Ok(())
}
