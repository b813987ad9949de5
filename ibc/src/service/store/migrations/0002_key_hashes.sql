-- A keyed hash of each credential's key in hexadecimal, by which no two clients get one key. '' for certificates, and for
-- keys from before: those get theirs when the service is next opened, for which the key of the hash is needed.
alter table credential add column key_hash text not null default '';
create index credential_key_hash on credential (key_hash, generation);
