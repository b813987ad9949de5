//! What stakeholders tell registered clients: their configuration, and MEF Client Commands.

use super::{Admin, refused, stakeholder};
use crate::Function;
use crate::command::values::{class, class_of, host, uri};
use crate::service::error::{Kind, ServiceError, bad_request, unacceptable};
use crate::service::limits::{COMMAND_BYTES, COMMANDS, CONFIGURATION_BYTES, IDENTIFIER_BYTES};
use crate::service::store::administration as rows;
use crate::service::store::commands::{self, State};
use crate::wire::CommandDescription;
use eccsi_sakke::onem2m::Fqdn;

/// A command, as `show` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedCommand {
    /// cmdID.
    pub number: u64,
    /// cmdClassID.
    pub class: u16,
    /// The client has it, and has not reported it.
    pub is_issued: bool,
    /// How often it was delivered.
    pub deliveries: u64,
    /// What the client reported.
    pub status: Option<u16>,
}

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
        let text = self.audited(procedure, bounded(configuration)).await?;
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
        let text = self.audited(procedure, bounded(configuration)).await?;
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
        self.audited(procedure, self.check_command(description)).await?;
        let (event, registration) = (self.event(procedure), registration.to_owned());
        let command = description.clone();
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let function = rows::registration_function(tx.connection(), &registration, now).await?;
                if function != Some(Function::Mef) {
                    return Err(refused(Kind::NotFound, "there is no such registration at the MEF"));
                }
                if commands::open(tx.connection(), &registration).await? >= COMMANDS {
                    return Err(refused(Kind::ContentsUnacceptable, "too many commands wait: at most 32"));
                }
                let number = commands::append(tx.connection(), &registration, &command, State::Waits).await?;
                let event = event.with("registration", registration).with("number", number);
                let event = event.with("class", command.class);
                tx.audit(event).await?;
                Ok(number)
            })
        })
        .await
    }

    /// Adds a command to those that every registration of a client at the MEF begins with, or with `None` every
    /// registration under this stakeholder.
    ///
    /// # Errors
    /// As [`queue_command`](Self::queue_command); [`Kind::NotFound`] if there is no such stakeholder;
    /// [`Kind::ContentsUnacceptable`] beyond 32 of them.
    pub async fn add_standing_command(
        &self,
        stakeholder: &Fqdn,
        client: Option<&str>,
        description: &CommandDescription,
    ) -> Result<(), ServiceError> {
        let procedure = "admin command stand";
        self.audited(procedure, self.check_command(description)).await?;
        let (event, fqdn) = (self.event(procedure), stakeholder.as_str().to_owned());
        let command = description.clone();
        let client = client.unwrap_or_default().to_owned();
        self.act(procedure, move |tx| {
            Box::pin(async move {
                stakeholder::check(tx.connection(), &fqdn).await?;
                if !commands::insert_standing(tx.connection(), (&fqdn, &client), &command, COMMANDS).await? {
                    return Err(refused(
                        Kind::ContentsUnacceptable,
                        "too many standing commands: at most 32",
                    ));
                }
                tx.audit(event.with("stakeholder", fqdn).with("client", client).with("class", command.class))
                    .await
            })
        })
        .await
    }

    /// Removes the standing commands of a client, or with `None` those of all clients, under a stakeholder. Gives how
    /// many there were.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if the store cannot be written.
    pub async fn clear_standing_commands(
        &self,
        stakeholder: &Fqdn,
        client: Option<&str>,
    ) -> Result<u64, ServiceError> {
        let procedure = "admin command clear";
        let (event, fqdn) = (self.event(procedure), stakeholder.as_str().to_owned());
        let client = client.unwrap_or_default().to_owned();
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let removed = commands::clear_standing(tx.connection(), (&fqdn, &client)).await?;
                tx.audit(event.with("stakeholder", fqdn).with("client", client).with("commands", removed))
                    .await?;
                Ok(removed)
            })
        })
        .await
    }

    /// The commands of a registration: those that wait, the one that is issued, and the last that were reported.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if the store cannot be read.
    pub async fn commands(&self, registration: &str) -> Result<Vec<QueuedCommand>, ServiceError> {
        let open = |commands::CommandFate { number, class, is_issued, deliveries, status }| QueuedCommand {
            number,
            class,
            is_issued,
            deliveries,
            status,
        };
        Ok(commands::all(&mut *self.read().await?, registration).await?.into_iter().map(open).collect())
    }

    fn check_command(&self, description: &CommandDescription) -> Result<(), ServiceError> {
        let (class, uri) = (class_of(&description.arguments), uri(&description.arguments));
        if class != description.class {
            return Err(bad_request("the arguments are those of another class"));
        }
        if class == class::NO_MORE_COMMANDS {
            return Err(bad_request("NO_MORE_COMMANDS is not queued: an empty queue says it"));
        }
        if description.target.as_ref().is_some_and(|target| target.len() > IDENTIFIER_BYTES) {
            return Err(bad_request("the target is too long"));
        }
        let arguments = serde_json::to_string(&description.arguments).map_err(ServiceError::internal)?;
        if arguments.len() > COMMAND_BYTES {
            return Err(bad_request("the arguments have more than 4 KiB"));
        }
        let own = |uri: &str| host(uri).is_some_and(|host| Some(host) == self.mef);
        if uri.is_none_or(own) {
            Ok(())
        } else {
            Err(bad_request("the host of the URI is the MEF (clause 8.3.9)"))
        }
    }
}

fn bounded(configuration: &serde_json::Value) -> Result<String, ServiceError> {
    let text = serde_json::to_string(configuration).map_err(ServiceError::internal)?;
    if text.len() <= CONFIGURATION_BYTES {
        Ok(text)
    } else {
        Err(unacceptable("the configuration has more than 16 KiB"))
    }
}
