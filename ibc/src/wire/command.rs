//! `<mefClientCmd>`: TS-0003 clause 8.3.9 and the values of clause 12.3.

use serde::{Deserialize, Serialize};

/// What the MEF wants done: cmdID, cmdDescription and the status ISSUED or REISSUED.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// cmdID: never repeated within a registration.
    #[serde(rename = "cmid")]
    pub id: String,
    /// cmdStatusCode.
    #[serde(rename = "cmst")]
    pub status: u16,
    /// cmdDescription.
    #[serde(rename = "cmds")]
    pub description: CommandDescription,
}

/// cmdDescription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandDescription {
    /// cmdClassID.
    #[serde(rename = "cmci")]
    pub class: u16,
    /// cmdArgs.
    #[serde(rename = "cmar")]
    pub arguments: CommandArguments,
    /// targetID: for a node that acts for several entities.
    #[serde(rename = "tgid", default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// cmdArgs: one member, which belongs to the class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandArguments {
    /// Class 0.
    #[serde(rename = "nmca")]
    NoMoreCommands {
        /// retryDuration, an xs:duration.
        #[serde(rename = "rdur")]
        retry_duration: String,
    },
    /// Class 1.
    #[serde(rename = "cpca")]
    CertificateProvisioning {
        /// certProvProtocolID: 1 EST, 2 SCEP.
        #[serde(rename = "cpp")]
        protocol: u16,
        /// Where.
        uri: String,
        /// certSubjectType: 1 Node-ID, 2 CSE-ID, 3 AE-ID.
        #[serde(rename = "cst")]
        subject_type: u16,
        /// certSubjectID.
        #[serde(rename = "csi")]
        subject_id: String,
    },
    /// Class 2.
    #[serde(rename = "dcca")]
    DeviceConfiguration {
        /// deviceConfigURI: number of the protocol, colon, URI.
        #[serde(rename = "dcu")]
        uri: String,
    },
    /// Class 3.
    #[serde(rename = "mnca")]
    ManagementObject {
        /// objectPath.
        #[serde(rename = "obp")]
        path: String,
        /// objectTypeID: 1 authenticationProfile, 2 trustAnchorCred, 3 MAFClientRegCfg.
        #[serde(rename = "oti")]
        object_type: u16,
        /// objectTypeSpecificArgs: the SUID, for an authenticationProfile.
        #[serde(rename = "otsa", default, skip_serializing_if = "Option::is_none")]
        specific: Option<ObjectTypeSpecific>,
    },
    /// Class 4, of this project until the number in the standard is known.
    #[serde(rename = "ipca")]
    IbcProvisioning {
        /// IBC base URI.
        uri: String,
        /// 2 CSE-ID, 3 AE-ID.
        #[serde(rename = "sty")]
        subject_type: u16,
        /// The identity.
        #[serde(rename = "sid")]
        subject_id: String,
    },
}

/// objectTypeSpecificArgs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectTypeSpecific {
    #[allow(missing_docs, reason = "as named")]
    pub suid: u8,
}

/// A [`Command`] as it arrives at a client, with arguments not looked at: a client answers with the cmdID even if it
/// does not understand them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReceivedCommand {
    /// cmdID.
    #[serde(rename = "cmid")]
    pub id: String,
    /// cmdStatusCode: ISSUED or REISSUED.
    #[serde(rename = "cmst")]
    pub status: u16,
    /// cmdDescription.
    #[serde(rename = "cmds")]
    pub description: ReceivedDescription,
}

/// cmdDescription of a [`ReceivedCommand`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReceivedDescription {
    /// cmdClassID.
    #[serde(rename = "cmci")]
    pub class: u16,
    #[serde(rename = "cmar", default)]
    arguments: serde_json::Value,
    /// targetID.
    #[serde(rename = "tgid", default)]
    pub target: Option<String>,
}

impl ReceivedDescription {
    /// The arguments, if they are those of some class.
    pub fn arguments(&self) -> Option<CommandArguments> {
        CommandArguments::deserialize(&self.arguments).ok()
    }
}

/// Command Update: what became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandReport {
    /// cmdID.
    #[serde(rename = "cmid")]
    pub id: String,
    /// cmdStatusCode.
    #[serde(rename = "cmst")]
    pub status: u16,
}
