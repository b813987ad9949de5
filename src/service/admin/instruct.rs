//! What stakeholders tell registered clients: their configuration, and MEF Client Commands.

use super::{Admin, refused};
use crate::onem2m::Fqdn;
use crate::service::Function;
use crate::service::error::{Kind, ServiceError, bad_request, unacceptable};
use crate::service::limits::{CONFIGURATION_BYTES, IDENTIFIER_BYTES};
use crate::service::store::administration as rows;
use crate::wire::{CommandArguments, CommandDescription};
use std::prelude::rust_2024::*;

/// The class NO_MORE_COMMANDS, which is not queued: it is what the queue says when it is empty.
const NO_MORE_COMMANDS: u16 = 0;

impl Admin {
    /// Sets the configuration (mefClientCfg, mafClientCfg) that the registrations of a client under a stakeholder
    /// get: those there are, and those to come.
    ///
    /// # Errors
    /// [`Kind::ContentsUnacceptable`] for one that is larger than 16 KiB; [`Kind::NotFound`] if the client is not
    /// admitted there.
    pub async fn configure(
        &self,
        client: &str,
        function: Function,
        stakeholder: &Fqdn,
        configuration: &serde_json::Value,
    ) -> Result<(), ServiceError> {
        let procedure = "admin client configure";
        let text = match bounded(configuration) {
            Ok(text) => text,
            Err(error) => return Err(self.refuse(procedure, error).await),
        };
        let (client, stakeholder) = (client.to_owned(), stakeholder.as_str().to_owned());
        let event = self.event(procedure);
        self.act(procedure, move |tx| {
            Box::pin(async move {
                if !rows::configure(tx.connection(), (&client, &stakeholder, function), &text).await? {
                    return Err(refused(Kind::NotFound, "this client is not admitted there: admit it first"));
                }
                let event = event.with("client", client).with("stakeholder", stakeholder);
                tx.audit(event.with("function", function.as_str())).await
            })
        })
        .await
    }

    /// Sets the configuration of one registration.
    ///
    /// # Errors
    /// As [`configure`](Self::configure); [`Kind::NotFound`] if there is no such registration.
    pub async fn configure_registration(
        &self,
        registration: &str,
        configuration: &serde_json::Value,
    ) -> Result<(), ServiceError> {
        let procedure = "admin registration configure";
        let text = match bounded(configuration) {
            Ok(text) => text,
            Err(error) => return Err(self.refuse(procedure, error).await),
        };
        let (event, registration) = (self.event(procedure), registration.to_owned());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                if !rows::configure_registration(tx.connection(), &registration, &text).await? {
                    return Err(refused(Kind::NotFound, "there is no such registration"));
                }
                tx.audit(event.with("registration", registration)).await
            })
        })
        .await
    }

    /// Queues a MEF Client Command for a registration (clause 8.3.9), and gives its number.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for NO_MORE_COMMANDS, arguments of another class, or a URI whose host is not the MEF;
    /// [`Kind::NotFound`] if there is no such registration at the MEF.
    pub async fn queue_command(
        &self,
        registration: &str,
        description: &CommandDescription,
    ) -> Result<u64, ServiceError> {
        let procedure = "admin command queue";
        let arguments = self
            .check_command(description)
            .and_then(|()| serde_json::to_string(&description.arguments).map_err(ServiceError::internal));
        let arguments = match arguments {
            Ok(arguments) => arguments,
            Err(error) => return Err(self.refuse(procedure, error).await),
        };
        let (event, registration) = (self.event(procedure), registration.to_owned());
        let (class, target) = (description.class, description.target.clone().unwrap_or_default());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let function = rows::registration_function(tx.connection(), &registration, now).await?;
                if function != Some(Function::Mef.number()) {
                    return Err(refused(Kind::NotFound, "there is no such registration at the MEF"));
                }
                let number = rows::queue_command(tx.connection(), &registration, class, &arguments, &target).await?;
                let event = event.with("registration", registration).with("number", number).with("class", class);
                tx.audit(event).await?;
                Ok(number)
            })
        })
        .await
    }

    fn check_command(&self, description: &CommandDescription) -> Result<(), ServiceError> {
        let (class, uri) = match &description.arguments {
            CommandArguments::NoMoreCommands { .. } => (NO_MORE_COMMANDS, None),
            CommandArguments::CertificateProvisioning { uri, .. } => (1, Some(uri.as_str())),
            CommandArguments::DeviceConfiguration { uri } => {
                (2, Some(uri.split_once(':').map_or("", |(_, uri)| uri)))
            }
            CommandArguments::ManagementObject { .. } => (3, None),
            CommandArguments::IbcProvisioning { uri, .. } => (4, Some(uri.as_str())),
        };
        if class != description.class {
            return Err(bad_request("the arguments are those of another class"));
        }
        if class == NO_MORE_COMMANDS {
            return Err(bad_request("NO_MORE_COMMANDS is not queued: an empty queue says it"));
        }
        if description.target.as_ref().is_some_and(|target| target.len() > IDENTIFIER_BYTES) {
            return Err(bad_request("the target is too long"));
        }
        let own = |uri: &str| host(uri).is_some_and(|host| Some(host) == self.mef);
        if uri.is_none_or(own) { Ok(()) } else { Err(bad_request("the host of the URI is the MEF (clause 8.3.9)")) }
    }
}

fn bounded(configuration: &serde_json::Value) -> Result<String, ServiceError> {
    let text = serde_json::to_string(configuration).map_err(ServiceError::internal)?;
    if text.len() <= CONFIGURATION_BYTES { Ok(text) } else { Err(unacceptable("the configuration has more than 16 KiB")) }
}

/// The host of a URI of the schemes `https` and `coaps`.
fn host(uri: &str) -> Option<Fqdn> {
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
}
