//! Numbers of TS-0003 clause 12.3, and those of IBC_PROV, which are this project's until the standard has some.

use crate::wire::CommandArguments;
use eccsi_sakke::onem2m::Fqdn;

/// cmdClassID.
#[allow(missing_docs, reason = "the names of the text")]
pub mod class {
    pub const NO_MORE_COMMANDS: u16 = 0;
    pub const CERT_PROV: u16 = 1;
    pub const DEV_CFG: u16 = 2;
    pub const MO_NODE: u16 = 3;
    /// This project's.
    pub const IBC_PROV: u16 = 4;
}

/// devMgmtID: 1 OMA DM 1.3, 2 OMA DM 2.0, 3 LwM2M, 4 TR-069.
pub mod device_management {
    /// This project's, of numbers that the standard does not use: objects below the registration at the MEF itself.
    pub const OWN: u16 = 240;
}

/// cmdStatusCode.
#[allow(missing_docs, reason = "the names of the text")]
pub mod status {
    pub const ISSUED: u16 = 10;
    pub const REISSUED: u16 = 11;
    pub const OK: u16 = 20;
    pub const REPEATED_CMD_ID: u16 = 40;
    pub const CLASS_NOT_SUPPORTED: u16 = 41;
    pub const BAD_ARGUMENTS: u16 = 42;
    pub const UNACCEPTABLE_ARGUMENTS: u16 = 43;
    pub const CERT_PROV_SERVER: u16 = 100;
    pub const CERT_PROV_CLIENT: u16 = 101;
    /// This project's.
    pub const IBC_PROV_SERVER: u16 = 110;
    /// This project's.
    pub const IBC_PROV_CLIENT: u16 = 111;
    pub const DEV_CFG_SERVER: u16 = 201;
    pub const DEV_CFG_CLIENT: u16 = 202;
    pub const MO_NODE_NOT_FOUND: u16 = 300;
    pub const MO_NODE_TYPE_CONFLICT: u16 = 301;
    pub const MO_NODE_BAD_ARGS: u16 = 302;
    pub const MO_NODE_UNACCEPTABLE_ARGS: u16 = 303;
    pub const MO_NODE_INCONSISTENT: u16 = 304;
    pub const MO_NODE_EXECUTION: u16 = 305;

    /// Whether a client may report this.
    pub const fn is_of_client(status: u16) -> bool {
        matches!(
            status,
            OK | REPEATED_CMD_ID..=UNACCEPTABLE_ARGUMENTS
                | CERT_PROV_SERVER..=CERT_PROV_CLIENT
                | IBC_PROV_SERVER..=IBC_PROV_CLIENT
                | DEV_CFG_SERVER..=DEV_CFG_CLIENT
                | MO_NODE_NOT_FOUND..=MO_NODE_EXECUTION
        )
    }
}

/// The class to which arguments belong.
pub const fn class_of(arguments: &CommandArguments) -> u16 {
    match arguments {
        CommandArguments::NoMoreCommands { .. } => class::NO_MORE_COMMANDS,
        CommandArguments::CertificateProvisioning { .. } => class::CERT_PROV,
        CommandArguments::DeviceConfiguration { .. } => class::DEV_CFG,
        CommandArguments::ManagementObject { .. } => class::MO_NODE,
        CommandArguments::IbcProvisioning { .. } => class::IBC_PROV,
    }
}

/// The URI in arguments, whose host is the MEF; `None` if they have none.
pub fn uri(arguments: &CommandArguments) -> Option<&str> {
    match arguments {
        CommandArguments::NoMoreCommands { .. } | CommandArguments::ManagementObject { .. } => None,
        CommandArguments::CertificateProvisioning { uri, .. }
        | CommandArguments::IbcProvisioning { uri, .. } => Some(uri),
        // The number of the protocol stands in front.
        CommandArguments::DeviceConfiguration { uri } => Some(uri.split_once(':').map_or("", |(_, uri)| uri)),
    }
}

/// The host of a URI of the schemes `https` and `coaps`.
pub fn host(uri: &str) -> Option<Fqdn> {
    let rest = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("coaps://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    if port.bytes().all(|octet| octet.is_ascii_digit()) { Fqdn::parse(host).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_uri_is_found_and_nothing_else() {
        for (uri, expected) in [
            ("https://mef.example.com/ibc", Some("mef.example.com")),
            ("https://MEF.example.com:8443?x", Some("mef.example.com")),
            ("coaps://mef.example.com", Some("mef.example.com")),
            ("http://mef.example.com/", None),
            ("https://mef.example.com@evil.example.org/", None),
            ("https://user:1@mef.example.com/", None),
            ("https:///ibc", None),
        ] {
            assert_eq!(host(uri).as_ref().map(Fqdn::as_str), expected, "{uri}");
        }
    }

    #[test]
    fn clients_set_these_codes_and_no_others() {
        let listed = [20, 40, 41, 42, 43, 100, 101, 110, 111, 201, 202, 300, 301, 302, 303, 304, 305];
        for code in 0..=u16::MAX {
            assert_eq!(status::is_of_client(code), listed.contains(&code), "{code}");
        }
    }
}
