//! Bodies of requests and answers: what is read is written in one form, which reads as the same.

#![no_main]

use ibc::wire::{
    ClientConfiguration, Command, CommandReport, DenyList, EnrolRequest, FetchedCredentials,
    IssuedCredential, KeyRegistration, KeyRegistrationRequest, KeyUpdate, KeyUpdateRequest, KpakList,
    ReceivedCommand, ReenrolRequest, Registration, RegistrationRequest, RegistrationUpdate,
    RegistrationUpdateRequest, RetrievedKey, rooted,
};
use libfuzzer_sys::fuzz_target;

/// Each type in its root members.
macro_rules! rooted_bodies {
    ($octets:ident: $($root:literal => $($body:ty),+);+ $(;)?) => {
        $($(if let Ok(body) = rooted::read::<$body>($root, $octets) {
            let written = rooted::write($root, &body).expect("JSON");
            let again = rooted::read::<$body>($root, &written).expect("reads what it writes");
            assert_eq!(rooted::write($root, &again).expect("JSON"), written);
        })+)+
    };
}

macro_rules! bare_bodies {
    ($octets:ident: $($body:ty),+ $(,)?) => {
        $(if let Ok(body) = rooted::read_bare::<$body>($octets) {
            let written = rooted::write_bare(&body).expect("JSON");
            let again = rooted::read_bare::<$body>(&written).expect("reads what it writes");
            assert_eq!(rooted::write_bare(&again).expect("JSON"), written);
        })+
    };
}

fuzz_target!(|octets: &[u8]| {
    rooted_bodies!(octets:
        "sec:mecr" => RegistrationRequest, Registration, RegistrationUpdateRequest, RegistrationUpdate,
            ClientConfiguration;
        "sec:macr" => RegistrationRequest, Registration, RegistrationUpdateRequest, RegistrationUpdate,
            ClientConfiguration;
        "sec:skr" => KeyRegistrationRequest, KeyRegistration, KeyUpdateRequest, KeyUpdate, RetrievedKey;
        "sec:mecc" => Command, CommandReport;
    );
    bare_bodies!(octets:
        EnrolRequest, ReenrolRequest, IssuedCredential, KpakList, DenyList, FetchedCredentials,
    );
    // A client reads every command that a MEF can send, and more.
    let received = rooted::read::<ReceivedCommand>("sec:mecc", octets);
    if let Ok(command) = rooted::read::<Command>("sec:mecc", octets) {
        let received = received.expect("a command");
        assert_eq!((received.id, received.status), (command.id, command.status));
        assert_eq!(received.description.arguments(), Some(command.description.arguments));
        assert_eq!(received.description.target, command.description.target);
    }
});
