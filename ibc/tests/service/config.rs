//! `ibc.toml`: the sample says everything, and what is wrong is said with its line.

use ibc::config::{Config, SAMPLE};
use ibc::service::store::StoreUrl;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SMALL: &str = r#"
provider = "sp.example.com"
node = "node-1"
[store]
url = "sqlite:service.db"
state = "state"
[keys]
directory = "keys"
key_file = "seal.key"
[mef]
fqdn = "mef.example.com"
[audit]
segments = "audit"
"#;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("/etc/ibc")).map_err(|error| error.to_string())
}

#[track_caller]
fn refuses(text: &str, words: &[&str]) {
    let message = parse(text).expect_err("refused");
    for word in words {
        assert!(message.contains(word), "no {word:?} in {message:?}");
    }
}

/// The keys of a text, commented out or not, as `section.key`.
fn keys(text: &str) -> Vec<String> {
    let mut section = String::new();
    let mut keys = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.trim_end_matches(']'));
            continue;
        }
        let line = line.strip_prefix('#').unwrap_or(line);
        let Some((key, _)) = line.split_once(" = ") else { continue };
        if key.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'_') {
            keys.push(format!("{section}{key}"));
        }
    }
    keys
}

#[test]
fn the_sample_is_a_configuration_and_its_comments_are_the_defaults() {
    let sample = parse(SAMPLE).unwrap();
    // With what is commented out, but for the other two ways to seal.
    let all: String = SAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest)
                if !rest.starts_with(' ')
                    && !rest.starts_with("passphrase_file")
                    && !rest.starts_with("pkcs11") =>
            {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    assert_eq!(keys(SAMPLE).len(), 41, "{:?}", keys(SAMPLE));
    let explicit = parse(&all).unwrap();
    assert_eq!(explicit.lab, sample.lab);
    assert_eq!(explicit.store.clock_tolerance, sample.store.clock_tolerance);
    assert_eq!((explicit.store.connections, sample.store.connections), (9, 9));
    assert_eq!(explicit.tidy.interval, sample.tidy.interval);
    assert_eq!(explicit.audit.keep, sample.audit.keep);
    let (a, b) = (explicit.mef.unwrap(), sample.mef.unwrap());
    assert_eq!(
        (a.default_lifetime, a.max_lifetime, a.refuse_longer, a.live_credentials, a.rsk, a.command_retry),
        (b.default_lifetime, b.max_lifetime, b.refuse_longer, b.live_credentials, b.rsk, b.command_retry)
    );
    assert_eq!(
        (a.supersede_window, b.supersede_window),
        (Duration::from_secs(3600), Duration::from_secs(3600))
    );
    assert_eq!(a.default_lifetime, Duration::from_secs(30 * 86_400));
    assert_eq!(explicit.maf.unwrap().mef.len(), 1);
    let (a, b) = (&explicit.server, &sample.server);
    assert_eq!(
        (
            a.listen,
            a.monitor,
            a.connections,
            a.sessions_per_credential,
            a.address_rate,
            a.credential_rate,
            a.request_rate,
            a.idle,
            a.session,
            a.log
        ),
        (
            b.listen,
            b.monitor,
            b.connections,
            b.sessions_per_credential,
            b.address_rate,
            b.credential_rate,
            b.request_rate,
            b.idle,
            b.session,
            b.log
        )
    );
    assert!(explicit.store.password_file.is_some() && sample.store.password_file.is_none());
}

#[test]
fn every_key_of_the_sample_is_known_and_every_other_refused() {
    for key in keys(SAMPLE) {
        let (section, name) = key.split_once('.').unwrap_or(("", &key));
        let changed = match section {
            "" => format!("{name}_x = 1\n{SMALL}"),
            section if SMALL.contains(&format!("[{section}]")) => {
                SMALL.replace(&format!("[{section}]\n"), &format!("[{section}]\n{name}_x = 1\n"))
            }
            section => format!("{SMALL}[{section}]\nfqdn = \"maf.example.com\"\n{name}_x = 1\n"),
        };
        if section != "tidy" {
            refuses(&changed, &["line", "unknown field", "ibc config sample"]);
        }
    }
    refuses(&format!("{SMALL}[tidy]\nintervall = \"1h\"\n"), &["line 15", "intervall"]);
    refuses(&format!("{SMALL}[teller]\n"), &["teller"]);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let with = |from: &str, to: &str| {
        assert!(SMALL.contains(from));
        SMALL.replace(from, to)
    };
    refuses(&with("\"sp.example.com\"", "\"sp example\""), &["line 2", "no FQDN"]);
    refuses(&with("node-1", "node 1"), &["line 3", "node-1"]);
    refuses(&with("url = \"sqlite:service.db\"", "url = \"mysql://x\""), &["[store] url", "sqlite:PATH"]);
    refuses(&with("[mef]\nfqdn = \"mef.example.com\"", ""), &["[mef]", "[maf]"]);
    refuses(&with("key_file = \"seal.key\"", ""), &["one of key_file, passphrase_file and pkcs11"]);
    refuses(&with("key_file", "passphrase_file = \"p\"\nkey_file"), &["one of"]);
    refuses(&with("[store]", "[store]\nconnections = 1"), &["connections is 2"]);
    refuses(&with("[store]", "[store]\nconnections = 1001"), &["connections is 2"]);
    refuses(&with("[mef]", "[mef]\ndefault_lifetime = \"30\""), &["line", "as in 30d"]);
    refuses(&with("[mef]", "[mef]\ndefault_lifetime = \"500d\""), &["longer than max_lifetime"]);
    refuses(&with("[mef]", "[mef]\nlive_credentials = 0"), &["at least 1"]);
    refuses(&with("[audit]\nsegments = \"audit\"", ""), &["missing field", "audit"]);
    refuses(&with("node = \"node-1\"", "node = \"node-1"), &["line 3"]);
}

#[test]
fn a_token_needs_a_program_that_knows_tokens() {
    let token = "pkcs11 = { module = \"m.so\", token = \"t\", key = \"k\", pin_file = \"pin\" }";
    let text = SMALL.replace("key_file = \"seal.key\"", token);
    if cfg!(feature = "pkcs11") {
        assert!(parse(&text).unwrap().keys.pkcs11.is_some());
    } else {
        refuses(&text, &["pkcs11", "build it with the feature pkcs11"]);
    }
}

#[test]
fn relative_paths_begin_at_the_file() {
    let config = parse(SMALL).unwrap();
    assert_eq!(config.store.url, "sqlite:/etc/ibc/service.db");
    assert_eq!(config.store.state, PathBuf::from("/etc/ibc/state"));
    assert_eq!(config.keys.directory, PathBuf::from("/etc/ibc/keys"));
    assert_eq!(config.audit.segments, PathBuf::from("/etc/ibc/audit"));
    assert_eq!(
        parse(&SMALL.replace("\"keys\"", "\"/keys\"")).unwrap().keys.directory,
        PathBuf::from("/keys")
    );
    let mut config = config;
    config.override_store("sqlite:other.db").unwrap();
    assert_eq!(config.store_url().unwrap(), StoreUrl::Sqlite("other.db".into()));
}

#[cfg(feature = "store-postgres")]
#[test]
fn a_password_stands_in_no_url_and_is_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let secret = "correct/horse@battery";
    let with = |url: &str| SMALL.replace("sqlite:service.db", url);
    for url in ["postgres://ibc:hidden@db/ibc", "postgres://db/ibc?user=ibc&password=hidden"] {
        let message = parse(&with(url)).expect_err("refused");
        assert!(message.contains("password_file") && !message.contains("hidden"), "{message}");
    }
    let file = std::env::temp_dir().join(format!("ibc-config-{}", std::process::id()));
    std::fs::write(&file, format!("{secret}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let text = with("postgres://ibc@db/ibc?sslmode=require")
        .replace("[store]", &format!("[store]\npassword_file = \"{}\"", file.display()));
    let config = parse(&text).unwrap();
    let message = config.store_url().unwrap_err().to_string();
    assert!(message.contains("chmod 600") && !message.contains(secret), "{message}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let url = config.store_url().unwrap();
    assert_eq!(
        url,
        StoreUrl::Postgres("postgres://ibc:correct%2Fhorse%40battery@db/ibc?sslmode=require".into())
    );
    assert!(!format!("{url:?} {config:?}").contains("horse"));
    std::fs::remove_file(&file).unwrap();
}
