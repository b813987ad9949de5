//! A device and a gateway associate over TLS 1.3, each signing with its identity-based credential:
//! `cargo run -p ibc --example eccsi_tls`

use eccsi_sakke::SysRng;
use eccsi_sakke::eccsi::KmsSecretKey;
use eccsi_sakke::onem2m::{EntityName, ExpiringIdentity, Fqdn};
use eccsi_sakke::saef::{Credential, TrustedDomains};
use ibc::association::{Admission, EccsiEntity, Framework};
use ibc::clock::{Clock, SystemClock};
use rustls::pki_types::ServerName;
use std::error::Error;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const AE: &str = "//sp.example.com/CSE090112/C190XX7T";
const CSE: &str = "//sp.example.com/CSE090112";

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

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let kms = KmsSecretKey::generate(&mut SysRng)?;
    let mut trusted = TrustedDomains::new();
    trusted.pin(Fqdn::parse("mef.example.com")?, Fqdn::parse("sp.example.com")?, kms.public_key())?;
    let trusted = Arc::new(trusted);
    let clock = Arc::new(SystemClock);
    let enrol = |entity: &str| -> Result<EccsiEntity, Box<dyn Error>> {
        let end = "20991231T000000".parse()?;
        let id_2 = ExpiringIdentity::new(Fqdn::parse("mef.example.com")?, EntityName::parse(entity)?, end)?;
        let issued = kms.issue(id_2.identity(), &mut SysRng)?;
        let credential = Credential::install(id_2, &issued, &kms.public_key(), &trusted, SystemClock.now())?;
        Ok(EccsiEntity::new(Arc::new(credential), Arc::clone(&trusted), Arc::new(OneDevice), clock.clone()))
    };
    let (device, gateway) = (enrol(AE)?, enrol(CSE)?);

    let acceptor = TlsAcceptor::from(Arc::new(gateway.responder([Fqdn::parse("gateway.example.com")?])?));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = async move {
        let (tcp, _) = listener.accept().await?;
        let mut stream = acceptor.accept(tcp).await?;
        let peer = gateway.peer(stream.get_ref().1, None)?;
        println!("gateway: {} called, by {}", peer.entity, peer.framework);
        let mut message = [0; 12];
        stream.read_exact(&mut message).await?;
        println!("gateway: {}", String::from_utf8_lossy(&message));
        stream.shutdown().await?;
        Ok::<_, Box<dyn Error>>(())
    };
    let calling = async {
        let cse = EntityName::parse(CSE)?;
        let connector = TlsConnector::from(Arc::new(device.initiator(cse.clone())?));
        let tcp = TcpStream::connect(address).await?;
        let mut stream = connector.connect(ServerName::try_from("gateway.example.com")?, tcp).await?;
        let peer = device.peer(stream.get_ref().1, Some(&cse))?;
        println!("device:  {} answered", peer.entity);
        stream.write_all(b"open valve 4").await?;
        stream.shutdown().await?;
        Ok::<_, Box<dyn Error>>(())
    };
    tokio::try_join!(serving, calling)?;
    Ok(())
}
