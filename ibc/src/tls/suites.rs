//! Cipher suites, by transport.

/// Reliable stream or datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// TLS 1.2 over TCP.
    Tls,
    /// DTLS 1.2 over UDP.
    Dtls,
}

/// Which pre-shared-key suites a context offers.
///
/// TS-0003 clause 10.2.2 makes one suite for each transport mandatory, without forward secrecy:
/// TLS_PSK_WITH_AES_128_CBC_SHA256 over TLS, TLS_PSK_WITH_AES_128_CCM_8 over DTLS.
///
/// Over DTLS there is no CBC: OpenSSL 3.0 ends a session with Encrypt-then-MAC at the first datagram that does not
/// verify, which anybody can send, and without it forgeries without end are what padding oracles need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PskSuites {
    /// ECDHE_PSK with ChaCha20-Poly1305 and, over TLS, with AES-128-CBC (RFC 7905, RFC 5489), then the mandatory one.
    /// A server prefers them in this order.
    #[default]
    ForwardSecretFirst,
    /// DHE_PSK (RFC 4279, RFC 5487, RFC 6655), then the mandatory one: forward secrecy within the letter of
    /// clause 10.2.2, which knows no ECDHE_PSK. Slower: exponentiations in a group of 2048 bits (RFC 3526).
    DheFirst,
    /// The mandatory suite alone.
    MandatoryOnly,
}

impl PskSuites {
    /// In the notation of OpenSSL.
    pub(super) const fn list(self, transport: Transport) -> &'static str {
        match (self, transport) {
            (Self::ForwardSecretFirst, Transport::Tls) => {
                "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256:PSK-AES128-CBC-SHA256"
            }
            (Self::ForwardSecretFirst, Transport::Dtls) => "ECDHE-PSK-CHACHA20-POLY1305:PSK-AES128-CCM8",
            (Self::DheFirst, Transport::Tls) => {
                "DHE-PSK-AES128-GCM-SHA256:DHE-PSK-AES128-CBC-SHA256:PSK-AES128-CBC-SHA256"
            }
            (Self::DheFirst, Transport::Dtls) => {
                "DHE-PSK-AES128-GCM-SHA256:DHE-PSK-AES128-CCM8:PSK-AES128-CCM8"
            }
            (Self::MandatoryOnly, Transport::Tls) => "PSK-AES128-CBC-SHA256",
            (Self::MandatoryOnly, Transport::Dtls) => "PSK-AES128-CCM8",
        }
    }
}

/// The certificate suites over TLS: forward secret, with the mandatory
/// TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 of TS-0003 clause 10.2.3 at the end.
pub(super) const CERTIFICATE: &str =
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256";
