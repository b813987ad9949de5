-- One text for SQLite and PostgreSQL. BLOB stands for the type of octet strings, which is all that differs.
-- Times are seconds since 1970 in UTC. Nothing is NULL: '' and 0 stand for "none".

-- The latest time at which this database wrote, and how often it was restored.
create table clock (one bigint primary key, mark bigint not null, epoch bigint not null);
insert into clock (one, mark, epoch) values (1, 0, 0);

-- Hash chains, one per writer.
create table audit (
    writer text not null, seq bigint not null, at bigint not null, event text not null, detail text not null,
    hash BLOB not null,
    primary key (writer, seq)
);
-- Entries that were moved to signed files: the chain continues behind them.
create table segment (
    writer text not null, first_seq bigint not null, last_seq bigint not null, last_hash BLOB not null,
    file text not null,
    primary key (writer, first_seq)
);
create table checkpoint (
    writer text not null, number bigint not null, at bigint not null, heads text not null, signature BLOB not null,
    primary key (writer, number)
);

-- A name is a CSE or an AE, never both.
create table entity (name text primary key, kind bigint not null);

-- ID_2 as issued: unique for ever while its row is there. state: 0 reserved, 1 issued.
create table ibc_identity (
    id2 text primary key, kpak_tag text not null, name text not null, not_after bigint not null,
    state bigint not null, pvt BLOB not null, client text not null, requester text not null,
    replaces text not null, reserved_at bigint not null, issued_at bigint not null, confirmed bigint not null
);
create index ibc_identity_name on ibc_identity (name, state, not_after);
create index ibc_identity_end on ibc_identity (not_after);
create index ibc_identity_replaces on ibc_identity (replaces);

-- listed: the number of the list that had it first, 0 while there is none.
create table denied (
    id2 text primary key, since bigint not null, not_after bigint not null, reason text not null,
    listed bigint not null default 0
);
create index denied_listed on denied (listed);
create index denied_end on denied (not_after);
-- The newest list as published, its signature inside.
create table deny_list (one bigint primary key, number bigint not null, body text not null, next_update bigint not null default 0);
insert into deny_list (one, number, body) values (1, 0, '');

create table stakeholder (fqdn text primary key, enabled bigint not null, version bigint not null);
create table client (
    id text primary key, label text not null, enabled bigint not null, not_after bigint not null,
    version bigint not null
);
create table client_identity (client text not null, name text not null, kind bigint not null, primary key (client, name));
create index client_identity_name on client_identity (name);
-- config: the stakeholder's configuration for this client as JSON, which a new registration gets; '' for none.
create table client_stakeholder (
    client text not null, stakeholder text not null, fn bigint not null, config text not null,
    primary key (client, stakeholder, fn)
);
-- In all tables with a sealed value, day counts days since 1970 and tells with generation the data key.
-- What a client authenticates with: a Credential-ID, for pre-shared keys with the sealed key.
create table credential (
    id text not null, fn bigint not null, client text not null, enabled bigint not null, not_after bigint not null,
    day bigint not null, generation bigint not null, sealed BLOB not null, version bigint not null,
    primary key (id, fn)
);
create index credential_client on credential (client);
create index credential_day on credential (day, generation);
-- Given once, in lower case: relative parts of KmID (fn 2), KpsaID as a whole (fn 3).
create table assigned_name (fn bigint not null, name text not null, primary key (fn, name));

-- client '' for all, suid 0 for all: the row that names most holds, a client before a SUID. targets: JSON array of
-- whom the key may be for, [] for anybody; default_targets: the list if the request has none, [] for none;
-- max_lifetime in seconds, 0 for none.
create table policy (
    fn bigint not null, stakeholder text not null, client text not null, suid bigint not null,
    allow bigint not null, targets text not null, default_targets text not null, max_lifetime bigint not null,
    version bigint not null,
    primary key (fn, stakeholder, client, suid)
);

create table registration (
    id text primary key, fn bigint not null, client text not null, stakeholder text not null, entity text not null,
    not_after bigint not null, labels text not null, assigned text not null, config text not null,
    created bigint not null, version bigint not null,
    unique (fn, client, stakeholder, entity)
);
create index registration_end on registration (not_after);

create table registered_key (
    rkid text primary key, fn bigint not null, registration text not null, client text not null,
    source text not null, stakeholder text not null, suid bigint not null, targets text not null,
    not_after bigint not null, labels text not null, day bigint not null, generation bigint not null,
    sealed BLOB not null, version bigint not null
);
create index registered_key_registration on registered_key (registration);
create index registered_key_end on registered_key (not_after);
create index registered_key_day on registered_key (day, generation);
-- 16 octets for each RelativeKeyID that ever was.
create table used_key_id (octets BLOB primary key);

-- state: 0 waits, 1 issued, 2 reported. The row with the highest number of a registration stays: numbers count up.
create table command (
    registration text not null, number bigint not null, class bigint not null, args text not null,
    target text not null, state bigint not null, deliveries bigint not null, status bigint not null,
    primary key (registration, number)
);

-- What every registration of a client at the MEF begins with; client '' for all of the stakeholder.
create table standing_command (
    stakeholder text not null, client text not null, number bigint not null, class bigint not null, args text not null,
    target text not null,
    primary key (stakeholder, client, number)
);

-- Ke of a session, by its KeID.
create table enrolment_key (
    ke_id text primary key, client text not null, entity text not null, not_after bigint not null,
    day bigint not null, generation bigint not null, sealed BLOB not null, version bigint not null
);
create index enrolment_key_end on enrolment_key (not_after);
create index enrolment_key_day on enrolment_key (day, generation);
create index enrolment_key_client on enrolment_key (client);

-- What a MAF fetched from a MEF, by the KeID. assigned: the KmID that it got, '' while there is none.
create table fetched_key (
    ke_id text primary key, client text not null, entity text not null, not_after bigint not null,
    assigned text not null,
    day bigint not null, generation bigint not null, sealed BLOB not null, version bigint not null
);
create index fetched_key_end on fetched_key (not_after);
create index fetched_key_day on fetched_key (day, generation);
create index fetched_key_client on fetched_key (client);

-- Data keys under which values lay that ended before their day. renewed: when the next generation was made, 0 before.
create table early_end (
    day bigint not null, generation bigint not null, renewed bigint not null,
    primary key (day, generation)
);

-- Kpsa of two entities.
create table psa (
    id text primary key, a text not null, b text not null, enabled bigint not null, not_after bigint not null,
    day bigint not null, generation bigint not null, sealed BLOB not null, version bigint not null
);
create index psa_day on psa (day, generation);
