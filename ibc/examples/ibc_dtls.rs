//! A device and a gateway associate over DTLS: each derives the key from its own credential and the other's name, with
//! nobody else online. `cargo run -p ibc --example ibc_dtls`

use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::KmsSecretKey;
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn};
use eccsi_sakke::saef::{Credential, TrustedDomains};
use ibc::association::{Admission, Framework, IbcOffer, IbcParty, Initiator, Responder};
use ibc::clock::{Clock, SystemClock};
use ibc::tls::{HandshakeLimits, PskSuites, Transport};
use std::error::Error;
use std::net::UdpSocket;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const AE: &str = "//sp.example.com/CSE090112/C190XX7T";
const CSE: &str = "//sp.example.com/CSE090112";
const PATIENCE: Duration = Duration::from_secs(10);

/// The gateway admits one device; nobody is denied.
struct OneDevice;

impl Admission for OneDevice {
    fn admits(&self, peer: &EntityName, _: Framework) -> bool {
        peer.as_str() == AE
    }

    fn is_denied(&self, _: &ExpiringIdentity) -> bool {
        false
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let kms = KmsSecretKey::generate(&mut SysRng)?;
    let mut trusted = TrustedDomains::new();
    trusted.pin(
        Fqdn::parse("mef.example.com")?,
        Fqdn::parse("sp.example.com")?,
        kms.public_key().prepared(),
    )?;
    let trusted = Arc::new(trusted);
    let clock = Arc::new(SystemClock);
    let enrol = |entity: &str| -> Result<Arc<IbcParty>, Box<dyn Error>> {
        let end = "20991231T000000".parse()?;
        let id_2 = ExpiringIdentity::new(Fqdn::parse("mef.example.com")?, EntityName::parse(entity)?, end)?;
        let issued = kms.issue(id_2.identity(), &mut SysRng)?;
        let credential = Credential::install(id_2, &issued, &kms.public_key(), &trusted, SystemClock.now())?;
        Ok(Arc::new(IbcParty::new(Arc::new(credential), Arc::clone(&trusted))))
    };
    let (device, gateway) = (enrol(AE)?, enrol(CSE)?);
    let name = Fqdn::parse("gateway.example.com")?;

    let responder =
        Responder::new(EntityName::parse(CSE)?, Arc::new(OneDevice), clock.clone())?.ibc(gateway)?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let address = socket.local_addr()?;
    let responder =
        responder.dtls([name.clone()], PskSuites::default(), socket, HandshakeLimits::default())?;
    let serving = thread::spawn(move || {
        let pending = responder.accept(PATIENCE).expect("a socket").expect("somebody calls");
        let mut association = pending.associate(PATIENCE).expect("an association");
        let mut message = [0; 64];
        let length = association.recv(&mut message, PATIENCE).expect("a message");
        println!(
            "gateway: {} says {:?}",
            association.peer().entity,
            String::from_utf8_lossy(&message[..length])
        );
    });

    let initiator = Initiator::new(Transport::Dtls, PskSuites::default(), EntityName::parse(AE)?, clock)?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(address)?;
    let offer = IbcOffer::new(device, EntityName::parse(CSE)?, Arc::new(OneDevice))?;
    let mut association = initiator.connect_datagrams(socket, &name, Arc::new(offer), PATIENCE)?;
    println!("device:  {} answered, with {}", association.peer().entity, association.session().suite());
    association.send(b"valve 4 is open")?;
    serving.join().map_err(|_| "the gateway stopped")?;
    Ok(())
}
