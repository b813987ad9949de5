//! Bodies of requests and answers at the MEF and the MAF, as text and numbers not yet understood.
//!
//! Every short name stands here and nowhere else: TS-0032, which fixes them, was not at hand, and they have
//! to be exchangeable in one place. Members that are not listed are refused, and so is one that comes
//! twice. A binding wraps a body in its root member ([`root`]) and knows nothing else of it.

mod command;
mod device;
mod ibc;
mod key;
mod key_value;
mod registration;
mod response_status_code;
pub mod root;
pub mod rooted;
mod secret_text;

pub use command::{
    Command, CommandArguments, CommandDescription, CommandReport, ObjectTypeSpecific, ReceivedCommand,
    ReceivedDescription,
};
pub use device::{DeviceObject, DeviceObjects, DeviceReport, DeviceResult};
pub use ibc::{
    DeniedIdentity, DenyList, EnrolRequest, IssuedCredential, KpakList, PublishedKpak, ReenrolRequest,
};
pub use key::{
    FetchedCredentials, KeyRegistration, KeyRegistrationRequest, KeyUpdate, KeyUpdateRequest, RetrievedKey,
};
pub use key_value::KeyValue;
pub use registration::{
    ChildReference, ClientConfiguration, Registration, RegistrationRequest, RegistrationUpdate,
    RegistrationUpdateRequest,
};
pub use response_status_code::ResponseStatusCode;
pub use secret_text::SecretText;
