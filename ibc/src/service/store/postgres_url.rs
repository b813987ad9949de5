//! The URL of a PostgreSQL, by the rules of its driver.
//!
//! The driver decides what a URL means; this asks it, and settles what the driver leaves open or gets wrong: how the
//! connection is protected if nothing says so, an IPv6 address in brackets, where a password goes, what `pg_dump` has to
//! be told to reach the same place.

use core::net::IpAddr;
use sqlx::ConnectOptions;
use sqlx::any::AnyConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::env;
use std::path::{Path, PathBuf};
use url::Url;

/// The parameters that the driver obeys. It ignores all others, and logs them.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

const MODE: [&str; 2] = ["sslmode", "ssl-mode"];
const ROOT: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];
const CERTIFICATE: [&str; 2] = ["sslcert", "ssl-cert"];
const KEY: [&str; 2] = ["sslkey", "ssl-key"];

/// Where systems keep the certificates of the authorities they trust, in one file.
const SYSTEM: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// A URL that the driver reads.
pub(crate) struct PostgresUrl {
    url: Url,
    options: PgConnectOptions,
    /// Whether somebody chose the protection, or the default counts.
    has_mode: bool,
}

crate::redacted::redacted_debug!(PostgresUrl);

impl PostgresUrl {
    /// # Errors
    /// A sentence; it does not repeat the text, which may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mode = env::var("PGSSLMODE").is_ok_and(|mode| mode.parse::<PgSslMode>().is_ok());
        Self::parse_where(text, mode)
    }

    /// `has_mode`: the environment chooses the protection if the URL does not.
    fn parse_where(text: &str, has_mode: bool) -> Result<Self, &'static str> {
        const SEVERAL: &str = "several hosts are not supported: name one, as that of a proxy or an address that moves with the primary";

        let authority = text.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or("");
        if authority.rsplit('@').next().is_some_and(|hosts| hosts.contains(',')) {
            return Err(SEVERAL);
        }
        let url = Url::parse(text).map_err(
            |_| "this is no URL: check host, port, and that other characters in names are percent-encoded",
        )?;
        if url.fragment().is_some() {
            return Err("# ends a URL: in a name it is %23");
        }
        let known = |key: &str| PARAMETERS.contains(&key) || is_option(key);
        if !url.query_pairs().all(|(key, _)| known(&key)) {
            return Err(
                "the URL has a parameter that the driver does not know. It knows application_name, dbname, host, \
                 hostaddr, options, port, sslcert, sslkey, sslmode, sslrootcert, statement-cache-capacity and user",
            );
        }
        let options = PgConnectOptions::from_url(&url).map_err(
            |_| "PostgreSQL's driver cannot read the URL: check port, sslmode, hostaddr and the percent-encoding",
        )?;
        if options.get_host().contains(',') {
            return Err(SEVERAL);
        }
        let has_mode = has_mode || url.query_pairs().any(|(key, _)| MODE.contains(&&*key));
        Ok(Self { url, options, has_mode })
    }

    /// Whether the text holds a password.
    pub(crate) fn has_password(&self) -> bool {
        self.url.password().is_some() || self.url.query_pairs().any(|(key, _)| key == "password")
    }

    /// The URL with this password.
    pub(crate) fn with_password(&self, password: &[u8]) -> String {
        let mut encoded = String::new();
        for octet in password {
            match octet {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(*octet)),
                _ => encoded.push_str(&format!("%{octet:02X}")),
            }
        }
        let mut url = self.url.clone();
        // One without a host has no place for it there.
        if url.set_password(Some(&encoded)).is_err() {
            let query = match url.query() {
                Some(query) if !query.is_empty() => format!("{query}&password={encoded}"),
                _ => format!("password={encoded}"),
            };
            url.set_query(Some(&query));
        }
        url.into()
    }

    /// The URL with its files below a folder, where they are not absolute.
    pub(crate) fn with_files_in(&self, folder: &Path) -> String {
        let is_file = |key: &str| ROOT.contains(&key) || CERTIFICATE.contains(&key) || KEY.contains(&key);
        let is_relative = |key: &str, value: &str| {
            is_file(key) && !value.starts_with("-----BEGIN ") && Path::new(value).is_relative()
        };
        let mut url = self.url.clone();
        if url.query_pairs().any(|(key, value)| is_relative(&key, &value)) {
            let settled: Vec<(String, String)> = url
                .query_pairs()
                .map(|(key, value)| match folder.join(&*value).to_str() {
                    Some(path) if is_relative(&key, &value) => (key.into(), path.into()),
                    _ => (key.into(), value.into()),
                })
                .collect();
            url.query_pairs_mut().clear().extend_pairs(settled);
        }
        url.into()
    }

    /// The files that the URL names.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let named = [&ROOT[..], &CERTIFICATE, &KEY].into_iter().filter_map(|names| self.parameter(names));
        named.filter(|value| !value.starts_with("-----BEGIN ")).map(PathBuf::from).collect()
    }

    /// A parameter under one of its names: the last counts.
    fn parameter(&self, names: &[&str]) -> Option<String> {
        self.url
            .query_pairs()
            .filter(|(key, _)| names.contains(&&**key))
            .last()
            .map(|(_, value)| value.into())
    }

    /// The host as addresses are written, without brackets.
    fn host(&self) -> &str {
        let host = self.options.get_host();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    fn is_socket(&self) -> bool {
        self.options.get_socket().is_some() || self.host().starts_with('/')
    }

    fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// How the connection is protected: what was chosen, else the whole of it wherever others can listen.
    fn mode(&self) -> PgSslMode {
        if self.is_socket() {
            PgSslMode::Disable
        } else if self.has_mode {
            self.options.get_ssl_mode()
        } else if self.is_loopback() {
            PgSslMode::Prefer
        } else {
            PgSslMode::VerifyFull
        }
    }

    /// The same by its name.
    pub(crate) fn mode_name(&self) -> &'static str {
        match self.mode() {
            PgSslMode::Disable => "disable",
            PgSslMode::Allow => "allow",
            PgSslMode::Prefer => "prefer",
            PgSslMode::Require => "require",
            PgSslMode::VerifyCa => "verify-ca",
            PgSslMode::VerifyFull => "verify-full",
        }
    }

    /// What is accepted, and should not be.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let host = self.host();
        let advice = "take sslmode=verify-full, with sslrootcert=FILE for an authority of your own";
        if !self.is_socket() && !self.is_loopback() {
            let mode = self.mode_name();
            let what = match self.mode() {
                PgSslMode::Disable | PgSslMode::Allow => Some("is in the clear"),
                PgSslMode::Prefer => {
                    Some("is in the clear if the server, or somebody on the way, wants that")
                }
                PgSslMode::Require => {
                    Some("is encrypted to whoever answers: nothing authenticates the server")
                }
                PgSslMode::VerifyCa => Some("goes to any server with a certificate of a trusted authority"),
                PgSslMode::VerifyFull => None,
            };
            warnings.extend(what.map(|what| {
                format!("sslmode={mode}: the connection to the database at {host} {what}; {advice}")
            }));
        }
        if self.options.get_options().is_some_and(turns_off_synchronous_commit) {
            warnings.push(
                "synchronous_commit is off in the options of the database connection: what is answered could be lost; \
                 it is switched on again for what this service writes. Remove it"
                    .into(),
            );
        }
        warnings
    }

    /// For the driver.
    pub(super) fn connect_options(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        let mut url = self.url.clone();
        if self.options.get_host().starts_with('[') {
            // In a parameter the driver takes it as an address.
            url.query_pairs_mut().append_pair("host", self.host());
        }
        url.query_pairs_mut().append_pair("sslmode", self.mode_name());
        AnyConnectOptions::from_url(&url)
    }

    /// For PostgreSQL's own programs, as variables of their environment, where other users do not see them. They know other
    /// parameters than the driver, and other defaults.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let options = &self.options;
        let socket = options.get_socket().and_then(|path| path.to_str());
        let user = options.get_username();
        let mut variables = Vec::from([
            ("PGHOST", socket.unwrap_or(self.host()).into()),
            ("PGPORT", format!("{}", options.get_port())),
            ("PGUSER", user.into()),
            ("PGDATABASE", options.get_database().unwrap_or(user).into()),
            ("PGSSLMODE", self.mode_name().into()),
        ]);
        let password = self.parameter(&["password"]).or_else(|| {
            let encoded = self.url.password()?;
            Some(percent_decoded(encoded))
        });
        let mut root = self.parameter(&ROOT);
        // The driver looks at the system's authorities, these programs at a file in the user's home.
        if root.is_none()
            && env::var_os("PGSSLROOTCERT").is_none()
            && matches!(self.mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull)
        {
            let named = env::var("SSL_CERT_FILE").ok();
            root = named.into_iter().chain(SYSTEM.map(Into::into)).find(|path| Path::new(path).exists());
        }
        let more = [
            ("PGPASSWORD", password),
            ("PGSSLROOTCERT", root),
            ("PGSSLCERT", self.parameter(&CERTIFICATE)),
            ("PGSSLKEY", self.parameter(&KEY)),
            ("PGOPTIONS", options.get_options().map(Into::into)),
        ];
        variables.extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
        variables
    }

    /// The name of the database, as a connection string that names nothing else.
    pub(super) fn database(&self) -> String {
        let name = self.options.get_database().unwrap_or(self.options.get_username());
        format!("dbname='{}'", name.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

/// `options[NAME]`
fn is_option(key: &str) -> bool {
    key.strip_prefix("options[").is_some_and(|name| name.ends_with(']'))
}

/// In the options of a server's process, where a later one counts and - is as good as _.
fn turns_off_synchronous_commit(options: &str) -> bool {
    let options = options.to_ascii_lowercase().replace('-', "_");
    let last =
        options.rsplit_once("synchronous_commit=").map(|(_, rest)| rest.trim_start_matches(['\'', '"']));
    last.is_some_and(|value| ["of", "f", "n", "0"].into_iter().any(|off| value.starts_with(off)))
}

/// What a part of a URL says.
fn percent_decoded(text: &str) -> String {
    // As the value of a form, in which + is a space and & ends it.
    let form = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> PostgresUrl {
        PostgresUrl::parse_where(text, false).unwrap()
    }

    /// What the driver makes of what it is given.
    fn seen(text: &str) -> PgConnectOptions {
        PgConnectOptions::from_url(&parse(text).connect_options().unwrap().database_url).unwrap()
    }

    #[test]
    fn where_others_can_listen_the_default_is_the_whole_protection() {
        for (url, mode, warned) in [
            ("postgres://ibc@db.example.com/ibc", "verify-full", false),
            ("postgres://ibc@192.0.2.1/ibc", "verify-full", false),
            ("postgres://ibc@[2001:db8::1]:5433/ibc", "verify-full", false),
            ("postgres://ibc@localhost/ibc?host=db.example.com", "verify-full", false),
            ("postgres://ibc@localhost/ibc?hostaddr=192.0.2.1", "verify-full", false),
            ("postgres://ibc@localhost.example.com/ibc", "verify-full", false),
            ("postgres://ibc@localhost/ibc", "prefer", false),
            ("postgres://ibc@127.0.0.1/ibc", "prefer", false),
            ("postgres://ibc@[::1]/ibc", "prefer", false),
            ("postgres://ibc@db.example.com/ibc?host=/run/postgresql", "disable", false),
            ("postgres://ibc@%2Frun%2Fpostgresql/ibc", "disable", false),
            ("postgres:///ibc?host=/run/postgresql&sslmode=verify-full", "disable", false),
            ("postgres://ibc@db.example.com/ibc?sslmode=verify-full", "verify-full", false),
            ("postgres://ibc@db.example.com/ibc?sslmode=verify-ca", "verify-ca", true),
            ("postgres://ibc@db.example.com/ibc?ssl-mode=require", "require", true),
            ("postgres://ibc@db.example.com/ibc?sslmode=prefer", "prefer", true),
            ("postgres://ibc@db.example.com/ibc?sslmode=allow", "allow", true),
            ("postgres://ibc@db.example.com/ibc?sslmode=verify-full&sslmode=disable", "disable", true),
        ] {
            let parsed = parse(url);
            assert_eq!(parsed.mode_name(), mode, "{url}");
            assert_eq!(!parsed.warnings().is_empty(), warned, "{url}");
            let given = format!("{:?}", seen(url).get_ssl_mode());
            assert_eq!(given.to_lowercase(), mode.replace('-', ""), "{url}");
        }
        // The environment chooses like the URL.
        let by_environment = PostgresUrl::parse_where("postgres://ibc@db.example.com/ibc", true).unwrap();
        assert_eq!(by_environment.mode_name(), "prefer");
    }

    #[test]
    fn what_the_driver_cannot_read_is_refused_without_repeating_it() {
        for (url, word) in [
            ("postgres://ibc@one,two/ibc", "several hosts"),
            ("postgres://ibc@one:5432,two:5432/ibc", "several hosts"),
            ("postgres://one:5432,two:5432", "several hosts"),
            ("postgres://ibc@one/ibc?host=one,two", "several hosts"),
            ("postgres://ibc@one:x/ibc", "port"),
            ("postgres://ibc@one/ibc?port=x", "port"),
            ("postgres://ibc@one/ibc?sslmode=verify", "sslmode"),
            ("postgres://ibc@one/ibc?hostaddr=one", "hostaddr"),
            ("postgres://ibc@one/ibc?target_session_attrs=read-write", "does not know"),
            ("postgres://ibc@one/ibc?sslmod=verify-full", "does not know"),
            ("postgres://ibc@one/ibc?options[x=y", "does not know"),
            ("postgres://ibc@one/ibc#x", "%23"),
            ("postgres://ibc:hid#den@one/ibc", "URL"),
            ("postgres://ibc:hidden@one/ibc?passwd=hidden", "does not know"),
        ] {
            let message = PostgresUrl::parse_where(url, false).err().unwrap_or_else(|| panic!("{url}"));
            assert!(message.contains(word) && !message.contains("hid"), "{url}: {message}");
        }
    }

    #[test]
    fn a_password_gets_to_the_driver_and_to_the_programs() {
        for url in [
            "postgres://ibc@db.example.com:5432/mef?sslmode=require",
            "postgres://db.example.com/mef",
            "postgres://[2001:db8::1]/mef?user=ibc",
            "postgres:///mef?host=/run/postgresql",
            "postgres:///mef",
            "postgresql://ibc@localhost",
            "postgres://",
        ] {
            assert!(!parse(url).has_password(), "{url}");
            for password in ["p@ss/", "50%41+ \u{e9}&=#?", "x"] {
                let with = parse(&parse(url).with_password(password.as_bytes()));
                assert!(with.has_password(), "{url}");
                let driver = format!("{:?}", seen(with.url.as_str()));
                assert!(driver.contains(&format!("password: Some({password:?})")), "{url}: {driver}");
                assert!(with.environment().contains(&("PGPASSWORD", password.into())), "{url}");
                assert!(!format!("{with:?}").contains(password), "{url}");
            }
        }
        assert!(parse("postgres:///mef?password=x").has_password());
        assert!(parse("postgres:///mef?pass%77ord=x").has_password());
        assert!(!parse("postgres:///mef?host=/a:b").has_password());
    }

    #[test]
    fn addresses_and_files_are_those_of_the_driver() {
        assert_eq!(seen("postgres://ibc@[::1]:5433/ibc").get_host(), "::1");
        assert_eq!(seen("postgres://ibc@[::1]:5433/ibc").get_port(), 5433);
        assert_eq!(seen("postgres://ibc@[::1]/ibc?host=other").get_host(), "other");
        assert_eq!(seen("postgres://ibc@127.0.0.1/ibc").get_host(), "127.0.0.1");

        let url =
            parse("postgres://ibc@db/ibc?sslrootcert=ca.pem&ssl-cert=%2Fx%2Fy.pem&application_name=a+b");
        let settled = parse(&url.with_files_in(Path::new("/etc/ibc")));
        assert_eq!(settled.files(), [PathBuf::from("/etc/ibc/ca.pem"), "/x/y.pem".into()]);
        assert_eq!(settled.options.get_application_name(), Some("a b"));
        let same = "postgres://ibc@db/ibc?sslmode=require";
        assert_eq!(parse(same).with_files_in(Path::new("/etc/ibc")), same);
    }

    #[test]
    fn the_programs_reach_the_same_place() {
        let url = parse(
            "postgres://u%40x:p%40@[2001:db8::1]:5433/d'b?ssl-ca=/ca.pem&options[a]=b&sslkey=/k&sslcert=/c",
        );
        let expected = [
            ("PGHOST", "2001:db8::1"),
            ("PGPORT", "5433"),
            ("PGUSER", "u@x"),
            ("PGDATABASE", "d'b"),
            ("PGSSLMODE", "verify-full"),
            ("PGPASSWORD", "p@"),
            ("PGSSLROOTCERT", "/ca.pem"),
            ("PGSSLCERT", "/c"),
            ("PGSSLKEY", "/k"),
            ("PGOPTIONS", "-c a=b"),
        ];
        assert_eq!(url.environment(), expected.map(|(name, value)| (name, value.into())));
        assert_eq!(url.database(), "dbname='d\\'b'");
        let socket = parse("postgres://postgres@localhost/ibc?host=/run/x").environment();
        assert_eq!(socket[0], ("PGHOST", "/run/x".into()));
    }

    #[test]
    fn commits_that_may_be_lost_are_warned_about() {
        for (options, warned) in [
            ("options=-c%20synchronous_commit%3Doff", true),
            ("options=--synchronous-commit%3DOFF", true),
            ("options=-csynchronous_commit%3D'off'", true),
            ("options[synchronous_commit]=off", true),
            ("options[synchronous_commit]=false", true),
            ("options[synchronous_commit]=0", true),
            ("options[synchronous_commit]=on", false),
            ("options[synchronous_commit]=remote_apply", false),
            ("options[synchronous_commit]=off&options[synchronous_commit]=on", false),
            ("options[search_path]=off", false),
        ] {
            let warnings = parse(&format!("postgres://ibc@localhost/ibc?{options}")).warnings();
            assert_eq!(warnings.iter().any(|text| text.contains("synchronous_commit")), warned, "{options}");
        }
    }
}
