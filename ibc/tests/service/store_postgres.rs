//! The command `ibc` on a PostgreSQL: how the connection is protected, which roles it needs, and what it says if the
//! server refuses.

use crate::certificates::certificate;
use crate::place::{Place, Ran};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

const CONFIG: &str = r#"
provider = "sp.example.com"
node = "node-1"
[store]
url = "URL"
state = "state"
[keys]
directory = "keys"
key_file = "seal.key"
[mef]
fqdn = "mef.example.com"
[audit]
segments = "segments"
"#;

fn configure(place: &Place, url: &str) {
    place.write("ibc.toml", CONFIG.replace("URL", url));
}

/// Says something on a server; gives the one number that it answers.
fn say(url: &str, what: String) -> Option<i64> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        sqlx::any::install_default_drivers();
        let pool = sqlx::any::AnyPoolOptions::new().max_connections(1).connect(url).await.unwrap();
        let rows = sqlx::query(sqlx::AssertSqlSafe(what)).fetch_all(&pool).await.unwrap();
        pool.close().await;
        rows.first().map(|row| sqlx::Row::get(row, 0))
    })
}

fn server() -> String {
    std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL names a server")
}

/// The folder of the server's socket: its user gets there, and to what lies beside it.
fn sockets() -> PathBuf {
    let server = server();
    let (_, folder) = server.split_once("host=").expect("a server with a socket");
    folder.split('&').next().unwrap().into()
}

/// A database, and roles, that go when this does.
struct Database {
    server: String,
    name: String,
    roles: Vec<String>,
}

impl Database {
    fn new(name: &str) -> Self {
        let server = server();
        let name = format!("ibc_{name}_{}", std::process::id());
        say(&server, format!("create database {name}"));
        Self { server, name, roles: Vec::new() }
    }

    /// A role; `options` as in `create role`.
    fn role(&mut self, name: &str, options: &str) -> String {
        let role = format!("{}_{name}", self.name);
        say(&self.server, format!("create role {role} login {options}"));
        self.roles.push(role.clone());
        role
    }

    fn url(&self, role: &str) -> String {
        let url = self.server.replace("/postgres?", &format!("/{}?", self.name));
        url.replace("postgres@", &format!("{role}@"))
    }

    fn say(&self, what: impl Into<String>) -> Option<i64> {
        say(&self.url("postgres"), what.into())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        say(&self.server, format!("drop database {} with (force)", self.name));
        for role in &self.roles {
            say(&self.server, format!("drop role {role}"));
        }
    }
}

/// A server that takes connections by TLS alone, and by its socket.
struct TlsServer {
    folder: PathBuf,
    port: u16,
}

impl TlsServer {
    fn script(arguments: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/postgres");
        let output = Command::new(script).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn start(certificate: &Path, key: &Path) -> Self {
        let folder = sockets().with_file_name(format!("ibc-tls-{}", std::process::id()));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder, port };
        let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
        Self::script(&["start-tls", server.folder.to_str().unwrap(), &port.to_string(), certificate, key]);
        server
    }

    fn url(&self, host: &str, parameters: &str) -> String {
        format!("postgres://postgres@{host}:{}/postgres?{parameters}", self.port)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        Self::script(&["stop", self.folder.to_str().unwrap()]);
    }
}

#[test]
fn tls_to_the_server_is_what_the_url_says_and_the_default_where_others_can_listen() {
    let place = Place::new();
    let (authority, other) = (certificate(None, None, (-1, 9)), certificate(None, None, (-1, 9)));
    let server = certificate(Some(&authority), Some((true, "localhost")), (-1, 9));
    place.write("ca.pem", authority.pem());
    place.write("other.pem", other.pem());
    place.write("server.pem", server.pem());
    place.write("server.key", server.key.private_key_to_pem_pkcs8().unwrap());
    let server = TlsServer::start(&place.path("server.pem"), &place.path("server.key"));
    let migrate = |host: &str, parameters: &str| {
        configure(&place, &server.url(host, parameters));
        place.ibc(&["config", "check", "--file-only"]).done();
        place.ibc(&["service", "migrate"])
    };

    // The certificate has this name, and the file is found beside the configuration.
    migrate("localhost", "sslmode=verify-full&sslrootcert=ca.pem").done();
    migrate("127.0.0.1", "sslmode=verify-ca&sslrootcert=ca.pem").done();
    migrate("localhost", "sslmode=require").done();
    // To the machine itself: TLS where there is TLS.
    migrate("localhost", "").done();
    // This server takes nothing else.
    migrate("localhost", "sslmode=disable").refused(&["no encryption"]);
    migrate("localhost", "sslmode=verify-full&sslrootcert=other.pem").refused(&["invalid peer certificate"]);
    migrate("127.0.0.1", "sslmode=verify-ca&sslrootcert=other.pem").refused(&["invalid peer certificate"]);
    migrate("127.0.0.1", "sslmode=verify-full&sslrootcert=ca.pem").refused(&["not valid for name"]);
    // It gets here as well, but is no address of the machine itself: nothing less than everything.
    migrate("0.0.0.0", "").refused(&["UnknownIssuer"]);
    migrate("0.0.0.0", "sslrootcert=ca.pem").refused(&["not valid for name"]);
    migrate("0.0.0.0", "sslrootcert=other.pem").refused(&["invalid peer certificate"]);

    // PostgreSQL's own programs take the same way.
    configure(&place, &server.url("localhost", "sslmode=verify-full&sslrootcert=ca.pem"));
    place.ibc(&["service", "init"]).done();
    for program in ["pg_dump", "pg_restore"] {
        place.write(
            program,
            "#!/bin/sh\nname=${0##*/}\necho $PGSSLMODE $PGSSLROOTCERT >seen-$name\nPATH=${PATH#*:} exec $name \"$@\"\n",
        );
        place.chmod(program, 0o755);
    }
    let path = format!("{}:{}", place.path("").display(), std::env::var("PATH").unwrap());
    let ibc = |arguments: &[&str]| {
        Ran::from(place.command(arguments).env("PATH", &path).output().unwrap()).done();
    };
    ibc(&["backup", "copy"]);
    assert_eq!(place.read("seen-pg_dump").trim_end(), "verify-full ca.pem");
    ibc(&["restore", "copy"]);
    assert_eq!(place.read("seen-pg_restore").trim_end(), "verify-full ca.pem");

    // So does the look at the database that a copy would replace.
    configure(&place, &server.url("0.0.0.0", "sslrootcert=other.pem"));
    place.ibc(&["restore", "copy", "--dry-run"]).refused(&["invalid peer certificate"]);

    configure(&place, &server.url("localhost", "sslmode=verify-full&sslrootcert=absent.pem"));
    place.ibc(&["config", "check", "--file-only"]).refused(&["absent.pem", "No such file"]);
}

#[test]
fn what_endangers_the_database_is_said_by_check_and_at_start() {
    let place = Place::new();
    let by_socket = format!("postgres:///ibc?host={}", sockets().display());
    for (url, mode, words) in [
        ("postgres://ibc@db.example.com/ibc", "verify-full", &[][..]),
        ("postgres://ibc@127.0.0.1/ibc", "prefer", &[]),
        (&*by_socket, "disable", &[]),
        ("postgres://ibc@db.example.com/ibc?sslmode=disable", "disable", &["db.example.com", "in the clear"]),
        ("postgres://ibc@db.example.com/ibc?sslmode=prefer", "prefer", &["in the clear if"]),
        ("postgres://ibc@db.example.com/ibc?sslmode=require", "require", &["whoever answers"]),
        ("postgres://ibc@localhost/ibc?options=-csynchronous_commit=off", "prefer", &["synchronous_commit"]),
    ] {
        configure(&place, url);
        let said = place.ibc(&["config", "check", "--file-only"]).done();
        assert!(said.stdout.contains(&format!("(sslmode {mode})")), "{url}: {said:?}");
        assert_eq!(said.stdout.contains("\nwarning: "), !words.is_empty(), "{url}: {said:?}");
        let json = place.ibc(&["config", "check", "--file-only", "--json"]).done().json();
        assert_eq!(json["sslmode"], mode);
        let warnings = json["warnings"].as_array().unwrap();
        assert_eq!(warnings.is_empty(), words.is_empty());
        // It ends, since there are no keys, but not before it has said this.
        let started = place.ibc(&["serve"]);
        assert!(started.status != 0 && started.stderr.contains("keys"), "{started:?}");
        assert_eq!(started.stderr.contains("WARN"), !words.is_empty(), "{url}: {started:?}");
        for word in words {
            assert!(said.stdout.contains(word) && started.stderr.contains(word), "{url}: {word}");
        }
    }
    configure(&place, "postgres://ibc@one.example.com:5432,two.example.com:5432/ibc");
    place.ibc(&["config", "check", "--file-only"]).refused(&["several hosts"]);
}

/// The trigger sees what the session that writes has.
#[test]
fn what_is_answered_is_on_the_disk_whatever_the_url_says() {
    let place = Place::new();
    let database = Database::new("commit");
    configure(&place, &format!("{}&options[synchronous_commit]=off", database.url("postgres")));
    place.ibc(&["service", "init"]).done();
    database.say("create table seen (off bigint)");
    database.say(
        "create function look() returns trigger language plpgsql as $$ begin \
         insert into seen select (current_setting('synchronous_commit') = 'off')::int; return new; end $$",
    );
    database.say("create trigger look after insert on audit execute function look()");
    place.ibc(&["admin", "stakeholder", "add", "sp.example.com"]).done();
    assert_eq!(database.say("select count(*) from seen where off = 1"), Some(0));
    assert!(database.say("select count(*) from seen").unwrap() > 0);
}

#[test]
fn the_role_of_the_service_need_not_make_tables() {
    let place = Place::new();
    let mut database = Database::new("roles");
    let (owner, service) = (database.role("owner", ""), database.role("service", ""));
    database.say("revoke create on schema public from public");
    database.say(format!("grant create on schema public to {owner}"));
    database.say(format!(
        "alter default privileges for role {owner} in schema public grant select, insert, update, delete on tables to {service}"
    ));
    configure(&place, &database.url(&service));
    let refused = place.ibc(&["service", "init"]).refused(&["permission denied", "ibc service migrate"]);
    assert!(!refused.stderr.contains("at line"), "no place in PostgreSQL's source: {refused:?}");
    let migrate = |arguments: &[&str]| {
        place.ibc(&[&["service", "migrate", "--store", &database.url(&owner)], arguments].concat())
    };
    place.write("password", "of the owner");
    place.chmod("password", 0o644);
    migrate(&["--password-file", "password"]).refused(&["chmod 600"]);
    place.chmod("password", 0o600);
    assert_eq!(migrate(&["--json", "--password-file", "password"]).done().json()["steps"], 3);
    assert_eq!(migrate(&["--json"]).done().json()["steps"], 0);
    place.ibc(&["service", "init"]).done();
    place.ibc(&["admin", "stakeholder", "add", "sp.example.com"]).done();
    place.ibc(&["tidy"]).done();
    place.ibc(&["audit", "verify"]).done();
}

#[test]
fn tables_of_something_else_are_left_alone() {
    let place = Place::new();
    for (number, tables) in [
        &["create table client (id text)"][..],
        &["create view client as select 1 as one"],
        &["create table migration (name text)"],
        &["create table migration (number text)", "insert into migration values ('one')"],
        &["create table migration (number bigint)", "insert into migration values (1)"],
        &["create table migration (number bigint)", "create table other (id text)"],
    ]
    .into_iter()
    .enumerate()
    {
        let database = Database::new(&format!("other{number}"));
        let file = place.path(&format!("{number}.db"));
        let sqlite = format!("sqlite:{}", file.display());
        for table in tables {
            database.say(*table);
            say(&format!("{sqlite}?mode=rwc"), (*table).into());
        }
        place.chmod(&format!("{number}.db"), 0o600);
        for url in [database.url("postgres"), sqlite] {
            configure(&place, &url);
            place.ibc(&["service", "migrate"]).refused(&["the database is not empty"]);
        }
        assert_eq!(database.say("select count(*) from pg_tables where tablename = 'audit'"), Some(0));
    }
}

#[test]
fn a_server_that_refuses_is_heard_and_a_node_keeps_to_its_connections() {
    let place = Place::new();
    let mut database = Database::new("few");
    let one = database.role("one", "connection limit 1");
    let two = database.role("two", "connection limit 2");
    for role in [&one, &two] {
        database.say(format!("grant all on schema public to {role}"));
    }
    configure(&place, &database.url(&one));
    place.ibc(&["service", "init"]).refused(&["too many connections for role"]);
    configure(&place, &database.url("nobody"));
    place.ibc(&["service", "init"]).refused(&["role \"nobody\" does not exist"]);

    configure(&place, &database.url(&two));
    place.write("ibc.toml", place.read("ibc.toml").replace("[store]", "[store]\nconnections = 2"));
    place.ibc(&["service", "init"]).done();
    place.ibc(&["admin", "stakeholder", "add", "sp.example.com"]).done();
    let few = place.read("ibc.toml").replace("connections = 2", "connections = 1");
    place.write("ibc.toml", few);
    place.ibc(&["config", "check", "--file-only"]).refused(&["connections is 2 to"]);
}

/// pg_restore drops what has the names of our tables.
#[test]
fn a_copy_is_not_put_in_the_place_of_anothers_tables() {
    let (place, database, others) = (Place::new(), Database::new("own"), Database::new("others"));
    configure(&place, &database.url("postgres"));
    place.ibc(&["service", "init"]).done();
    place.ibc(&["backup", "copy"]).done();
    for tables in
        ["create table client (name text)", "create table audit (seq int)", "create view entity as select 1"]
    {
        others.say(tables);
    }
    others.say("insert into client values ('theirs')");
    configure(&place, &others.url("postgres"));
    for more in [&[][..], &["--accept-loss"], &["--dry-run"]] {
        let refused = place.ibc(&[&["restore", "copy"], more].concat());
        refused.refused(&["tables of something else"]);
    }
    assert_eq!(others.say("select count(*) from client where name = 'theirs'"), Some(1));
    assert!(!place.files().iter().any(|name| name.contains("replaced")));
    // Into an empty one, and in the place of its own.
    let empty = Database::new("empty");
    for there in [&empty, &database] {
        configure(&place, &there.url("postgres"));
        place.ibc(&["restore", "copy", "--accept-loss"]).done();
        assert_eq!(there.say("select count(*) from migration"), Some(3));
    }
}
