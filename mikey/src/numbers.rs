//! Numbers that registries keep. Each type holds any number; those with a meaning here have names.

use core::fmt;

macro_rules! numbers {
    ($($(#[$doc:meta])* $type:ident { $($(#[$of:meta])* $name:ident = $value:literal, $text:literal;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(pub u8);

        impl $type {
            $($(#[$of])* pub const $name: Self = Self($value);)*
        }

        /// The name, or the number where there is none.
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $(Self::$name => f.write_str($text),)*
                    Self(number) => write!(f, "{number}"),
                }
            }
        }
    )*};
}

numbers! {
    /// Kinds of payloads, as "next payload" names them.
    PayloadType {
        /// No payload follows.
        LAST = 0, "last payload";
        /// Envelope data (RFC 3830 §6.3).
        PKE = 2, "PKE";
        /// Signature; always last.
        SIGN = 4, "SIGN";
        /// Timestamp.
        T = 5, "T";
        /// Identity.
        ID = 6, "ID";
        /// Certificate.
        CERT = 7, "CERT";
        /// Security policy.
        SP = 10, "SP";
        /// Random octets.
        RAND = 11, "RAND";
        /// Error (RFC 3830 §6.12).
        ERR = 12, "ERR";
        /// Timestamp with a role (RFC 6043).
        TR = 13, "TR";
        /// Identity with a role (RFC 6043).
        IDR = 14, "IDR";
        /// Random octets with a role (RFC 6043).
        RANDR = 15, "RANDR";
        /// General extension.
        GENERAL_EXTENSION = 21, "general extension";
        /// SAKKE Encapsulated Data (RFC 6509).
        SAKKE = 26, "SAKKE";
    }
    /// What the octets of an identity are.
    IdType {
        /// Network access identifier.
        NAI = 0, "NAI";
        /// URI.
        URI = 1, "URI";
        /// Octets (RFC 6043).
        BYTE_STRING = 2, "byte string";
    }
    /// Whose identity it is.
    IdRole {
        /// IDRi.
        INITIATOR = 1, "initiator";
        /// IDRr.
        RESPONDER = 2, "responder";
        /// A KMS of RFC 6043.
        KMS = 3, "KMS";
        /// The name of a pre-shared key.
        PSK = 4, "PSK";
        /// An application.
        APPLICATION = 5, "application";
        /// IDRkmsi (RFC 6509).
        INITIATOR_KMS = 6, "KMS of the initiator";
        /// IDRkmsr (RFC 6509).
        RESPONDER_KMS = 7, "KMS of the responder";
        /// IDRuidi: the initiator's UID in place of its URI (TS 33.180 Annex E.7).
        INITIATOR_UID = 8, "UID of the initiator";
        /// IDRuidr: the responder's UID in place of its URI.
        RESPONDER_UID = 9, "UID of the responder";
    }
    /// How identifiers are made (RFC 6509 §4.2).
    IdScheme {
        /// tel URI with monthly keys.
        TEL_MONTHLY = 1, "tel URI, monthly keys";
        /// The hashed UID of TS 33.180 Annex F.2.1.
        MCX_UID = 2, "hashed UID of 3GPP MCX";
    }
    /// The PRF by which keys are derived, 7 bits.
    PrfFunction {
        /// With HMAC-SHA-1 (RFC 3830 §4.1.2).
        MIKEY_1 = 0, "MIKEY-1";
        /// With HMAC-SHA-256 (RFC 6043 §6.1).
        HMAC_SHA_256 = 1, "PRF-HMAC-SHA-256";
    }
    /// What signed, 4 bits.
    SignatureType {
        /// RSA, PKCS#1 version 1.5.
        RSA_PKCS1 = 0, "RSA PKCS#1";
        /// RSA-PSS.
        RSA_PSS = 1, "RSA-PSS";
        /// ECCSI (RFC 6509).
        ECCSI = 2, "ECCSI";
    }
    /// What a general extension holds.
    ExtensionType {
        /// An identifier of a vendor.
        VENDOR = 0, "vendor ID";
        /// Identifiers of SDP sessions.
        SDP_IDS = 1, "SDP IDs";
        /// A SAKKE payload for the initiator (TS 33.180 Annex E).
        SAKKE_TO_SELF = 6, "SAKKE-to-self";
        /// 3GPP key parameters, which the carried key protects (TS 33.180 Annex E).
        KEY_PARAMETERS = 7, "3GPP key parameters";
    }
}
