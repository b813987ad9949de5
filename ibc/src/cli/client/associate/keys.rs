//! What an end brings to a handshake: a configured key, a registered one, or its credential.

use super::accepts::Accepts;
use super::arguments::{Associate, By, failed};
use crate::Function;
use crate::association::{
    IbcOffer, IbcParty, KeyLookup, LookupLimits, Offer, PsaKey, PsaKeys, PsaOffer, RegisteredKeyOffer,
    Responder,
};
use crate::cli::client::connect::{Address, by_psk, kept_keys, no_proof};
use crate::cli::failure::{Failure, Kind};
use crate::cli::options;
use crate::client::{Access, DeviceStore, NetworkKeySource, Patience};
use crate::clock::SystemClock;
use crate::files::key_file;
use crate::files::public_key_file::PublicKeyFile;
use crate::files::registered_key_file::RegisteredKeyFile;
use eccsi_sakke::onem2m::{Fqdn, SecurityUsage};
use eccsi_sakke::saef::TrustedDomains;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What the end that connects sends.
pub(super) fn offer(this: &Associate, accepts: &Arc<Accepts>) -> Result<Arc<dyn Offer>, Failure> {
    let store = this.store()?;
    let way = way(this, store.as_ref())?;
    accepts.needs_credential(way == By::Ibc)?;
    match way {
        By::Psk => Ok(Arc::new(PsaOffer(psa_key(this)?.ok_or_else(|| {
            Failure::usage("--by psk takes the key and its name: --psa-id and --psa-file")
        })?))),
        By::Maf => Ok(Arc::new(registered(this, store.as_ref(), SecurityUsage::MafSaef)?)),
        By::Mef => Ok(Arc::new(registered(this, store.as_ref(), SecurityUsage::RspfSaef)?)),
        By::Ibc => {
            let store = store.ok_or_else(|| {
                Failure::usage("--by ibc takes a credential: --store FOLDER that ibc enrol has filled")
            })?;
            let party = party(this, &store)?.ok_or_else(|| no_credential(store.folder()))?;
            let offer = IbcOffer::new(Arc::new(party), this.peer.clone(), Arc::clone(accepts) as _);
            Ok(Arc::new(offer.map_err(|error| failed(&error))?))
        }
    }
}

/// The way that was chosen, or the only one there is.
fn way(this: &Associate, store: Option<&DeviceStore>) -> Result<By, Failure> {
    if let Some(by) = this.by {
        return Ok(by);
    }
    let mut ways = Vec::new();
    if this.psa_id.is_some() {
        ways.push(By::Psk);
    }
    if let Some(path) = &this.key_file {
        ways.push(by_usage(RegisteredKeyFile::read(path)?.usage));
    } else if let Some(store) = store {
        for (by, usage) in [(By::Maf, SecurityUsage::MafSaef), (By::Mef, SecurityUsage::RspfSaef)] {
            if in_store(this, store, usage)?.is_some() {
                ways.push(by);
            }
        }
        if store.credential()?.is_some() {
            ways.push(By::Ibc);
        }
    }
    match ways[..] {
        [one] => Ok(one),
        [] => Err(Failure::usage(
            "nothing to associate with: give --psa-id and --psa-file, --key-file, or a --store with a key for the peer \
             (ibc key register --store) or a credential (ibc enrol --store)",
        )),
        _ => {
            Err(Failure::usage("there are several ways to a common key: choose by --by psk, maf, mef or ibc"))
        }
    }
}

fn by_usage(usage: SecurityUsage) -> By {
    if usage == SecurityUsage::RspfSaef { By::Mef } else { By::Maf }
}

fn psa_key(this: &Associate) -> Result<Option<PsaKey>, Failure> {
    let (Some(id), Some(file)) = (&this.psa_id, &this.psa_file) else { return Ok(None) };
    let key = PsaKey::new(id.clone(), key_file::read(file)?, this.peer.clone(), None);
    Ok(Some(key.map_err(|error| failed(&error))?))
}

/// A key that this end registered for the peer, with what was said of it.
fn registered(
    this: &Associate,
    store: Option<&DeviceStore>,
    usage: SecurityUsage,
) -> Result<RegisteredKeyOffer, Failure> {
    let key = match (&this.key_file, store) {
        (Some(path), _) => RegisteredKeyFile::read(path)?,
        (None, Some(store)) => {
            in_store(this, store, usage)?.ok_or_else(|| none_in_store(this, store, usage))?
        }
        (None, None) => {
            return Err(Failure::usage(
                "say where the key is: --store FOLDER, or --key-file FILE that ibc key register --out wrote",
            ));
        }
    };
    if key.usage != usage {
        let message =
            format!("the key {} was registered for SUID {}, not for {usage}", key.identifier, key.usage);
        return Err(Failure::refused(Kind::Key, message));
    }
    if !key.targets.iter().any(|target| target == this.peer.as_str()) {
        let message = format!(
            "the key {} was not registered for {} (but for {}): register another, with --target",
            key.identifier,
            this.peer,
            if key.targets.is_empty() { String::from("this entity") } else { key.targets.join(", ") }
        );
        return Err(Failure::refused(Kind::Key, message));
    }
    if key.source != this.entity.as_str() {
        let message = format!("the key {} is that of {}, not of {}", key.identifier, key.source, this.entity);
        return Err(Failure::refused(Kind::Key, message));
    }
    if options::now()? >= key.end.to_unix() {
        let message = format!(
            "the key {} reached its end at {}: register another with ibc key register",
            key.identifier, key.end
        );
        return Err(Failure::refused(Kind::Key, message));
    }
    let mut octets = Zeroizing::new([0; 32]);
    if key.key.len() != octets.len() {
        return Err(Failure::refused(Kind::Key, "a key of an association has 32 octets"));
    }
    octets.copy_from_slice(&key.key);
    let offer = RegisteredKeyOffer::new(key.identifier, &octets, key.usage, key.end, this.peer.clone());
    offer.map_err(|error| failed(&error))
}

/// The key in the store that was named, or the one for the peer that lasts longest.
fn in_store(
    this: &Associate,
    store: &DeviceStore,
    usage: SecurityUsage,
) -> Result<Option<RegisteredKeyFile>, Failure> {
    if let Some(identifier) = &this.key {
        return Ok(store.key_of(identifier)?.filter(|key| key.usage == usage));
    }
    let mut keys = store.live_keys(options::now()?)?;
    keys.retain(|key| {
        key.usage == usage
            && key.source == this.entity.as_str()
            && key.targets.iter().any(|target| target == this.peer.as_str())
    });
    Ok(keys.into_iter().max_by_key(|key| key.end))
}

fn none_in_store(this: &Associate, store: &DeviceStore, usage: SecurityUsage) -> Failure {
    let option = if usage == SecurityUsage::RspfSaef { "--mef" } else { "--maf" };
    let message = match &this.key {
        Some(key) => format!("{} has no key {key} of SUID {usage}", store.folder().display()),
        None => format!(
            "{} has no key of SUID {usage} for {}: ibc key register {option} FQDN --suid {usage} --target {1} --store {0}",
            store.folder().display(),
            this.peer
        ),
    };
    Failure::refused(Kind::NotFound, message)
}

/// The credential of the store, with the KPAKs that are trusted.
fn party(this: &Associate, store: &DeviceStore) -> Result<Option<IbcParty>, Failure> {
    let Some(file) = store.credential()? else { return Ok(None) };
    let Some(own) = file.identity().id_2().cloned() else { return Ok(None) };
    let now = options::now()?;
    let provider = own.entity_id().provider().or_else(|| this.entity.provider()).cloned();
    let provider = provider.ok_or_else(|| Failure::usage("--as names no provider"))?;
    let mut trusted = TrustedDomains::new();
    let pinned = store.pinned(own.fqdn())?;
    let mut files = Vec::new();
    for path in &this.kpak {
        files.push((path, PublicKeyFile::read(path)?));
    }
    let mut known: Vec<Fqdn> = Vec::new();
    let others = files.iter().flat_map(|(_, file)| {
        file.usable(now).map(|key| (file.fqdn().unwrap_or(own.fqdn()), key.kpak.clone()))
    });
    for (mef, kpak) in pinned.iter().map(|key| (own.fqdn(), key.kpak.clone())).chain(others) {
        if known.contains(mef) {
            trusted.roll_over(mef, kpak)?;
        } else {
            // Another MEF is trusted for the peer that was named, and for nobody else.
            let served = if mef == own.fqdn() { Some(&provider) } else { this.peer.provider() };
            let served = served.ok_or_else(|| Failure::usage("--peer names no provider"))?;
            trusted.pin(mef.clone(), served.clone(), kpak)?;
            known.push(mef.clone());
        }
    }
    let credential = file.install(&trusted, now)?;
    Ok(Some(IbcParty::new(Arc::new(credential), Arc::new(trusted))))
}

fn no_credential(folder: &Path) -> Failure {
    let message = format!("{} holds no IBC credential: ibc enrol --store {0}", folder.display());
    Failure::refused(Kind::NotFound, message)
}

/// The end that listens, with all that it has something for.
pub(super) fn responder(this: &Associate, accepts: &Arc<Accepts>) -> Result<Responder, Failure> {
    let store = this.store()?;
    let responder = Responder::new(this.entity.clone(), Arc::clone(accepts) as _, Arc::new(SystemClock));
    let mut responder = responder.map_err(|error| failed(&error))?;
    let mut serves = false;
    if let Some(key) = psa_key(this)? {
        let mut keys = PsaKeys::default();
        keys.add(key).map_err(|error| failed(&error))?;
        (responder, serves) = (responder.psa_keys(keys), true);
    }
    let party = store.as_ref().map(|store| party(this, store)).transpose()?.flatten();
    accepts.needs_credential(party.is_some())?;
    if let Some(party) = party {
        (responder, serves) = (responder.ibc(Arc::new(party)).map_err(|error| failed(&error))?, true);
    }
    if let Some(lookup) = lookup(this, store.as_ref())? {
        (responder, serves) = (responder.registered_keys(lookup), true);
    }
    if serves {
        return Ok(responder);
    }
    Err(Failure::usage(
        "nothing to be called by: give --psa-id and --psa-file, --maf or --mef to retrieve keys from, or a --store with a \
         credential (ibc enrol --store)",
    ))
}

/// The way to keys that peers have registered.
fn lookup(this: &Associate, store: Option<&DeviceStore>) -> Result<Option<KeyLookup>, Failure> {
    let functions: Vec<_> = [(Function::Maf, &this.maf), (Function::Mef, &this.mef)]
        .into_iter()
        .filter_map(|(function, address)| Some((function, address.as_ref()?)))
        .collect();
    if functions.is_empty() {
        return Ok(None);
    }
    let mut accesses = Vec::new();
    for (function, address) in &functions {
        accesses.push(access(this, store, *function, address)?);
    }
    let source = NetworkKeySource::new(accesses)
        .map_err(|error| Failure::refused(Kind::Internal, format!("no thread: {error}")))?;
    let mut lookup = KeyLookup::new(Arc::new(source), LookupLimits::default());
    for (function, address) in functions {
        let fqdn = address.fqdn.clone();
        lookup = match function {
            Function::Maf => lookup.maf(fqdn),
            Function::Mef => lookup.mef(fqdn),
        };
    }
    let origins = this.origin.clone();
    Ok(Some(lookup.origins(move |credential| {
        origins.iter().find(|(known, _)| known == credential).map(|(_, entity)| entity.clone())
    })))
}

fn access(
    this: &Associate,
    store: Option<&DeviceStore>,
    function: Function,
    address: &Address,
) -> Result<Access, Failure> {
    let keys = match (&this.psk_identity, &this.psk_file, store) {
        (Some(identity), Some(file), _) => vec![(identity.clone(), key_file::read(file)?)],
        (_, _, Some(store)) if function == Function::Maf => kept_keys(store, &address.fqdn, &this.entity)?,
        _ => return Err(Failure::usage(no_proof(function))),
    };
    let access = by_psk(function, address.fqdn.clone(), keys, this.entity.as_str())?;
    let at = this.function.clone().unwrap_or_else(|| format!("{}:{}", address.fqdn, address.port));
    Ok(access.at(at).patience(Patience { connect: this.timeout, answer: this.timeout }))
}
