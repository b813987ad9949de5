//! Names of keys and credentials: the canonical text reads back as the same value.

#![no_main]

use core::fmt::{Debug, Display};
use core::str::FromStr;

use eccsi_sakke::onem2m::{
    CredentialId, FetchCredentialsPath, KeId, KeyIdentifier, KmId, KpmId, KpsaId, RelativeKeyId,
    SecurityUsage, hex_binary,
};
use libfuzzer_sys::fuzz_target;

fn round_trip<T: FromStr + Display + Debug + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string().parse::<T>().ok().as_ref(), Some(&value));
    }
}

fuzz_target!(|text: &str| {
    round_trip::<CredentialId>(text);
    round_trip::<FetchCredentialsPath>(text);
    round_trip::<KeId>(text);
    round_trip::<KeyIdentifier>(text);
    round_trip::<KmId>(text);
    round_trip::<KpmId>(text);
    round_trip::<KpsaId>(text);
    round_trip::<RelativeKeyId>(text);
    round_trip::<SecurityUsage>(text);
    if let Ok(id) = KpsaId::parse(text) {
        let credential = CredentialId::from(&id);
        assert_eq!(CredentialId::parse(&credential.to_string()), Ok(credential));
    }
    if let Ok(octets) = hex_binary::decode(text) {
        assert_eq!(hex_binary::decode_canonical(&hex_binary::encode(&octets)), Ok(octets));
    }
});
