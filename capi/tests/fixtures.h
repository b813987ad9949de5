/* One good value for each argument of each function, for what misuse.py writes. */
#include "check.h"
#include "vectors.h"

/* What is given out, and not looked at. */
static uint8_t out[2048];
static char text[2048];
static es_error outcomes[2];
static size_t size_out;
static uint64_t uint64_out;
static uint32_t uint32_out;
static int32_t int32_out;
static es_mikey_policy policies_out[2];
static es_mikey_session sessions_out[2];

struct outputs {
    es_ksak *ksak[2];
    es_kpak *kpak[2];
    es_issued_key *issued_key[2];
    es_signing_key *signing_key[2];
    es_verifying_key *verifying_key[2];
    es_sakke_id *sakke_id[2];
    es_sakke_secret *sakke_secret[2];
    es_sakke_public *sakke_public[2];
    es_sakke_issued *sakke_issued[2];
    es_sakke_key *sakke_key[2];
    es_sakke_recipient *sakke_recipient[2];
    es_id_2 *id_2[2];
    es_trusted *trusted[2];
    es_credential *credential[2];
    es_shared_key *shared_key[2];
    es_mikey_user *mikey_user[2];
    es_mikey_message *mikey_message[2];
    es_mikey_replay *mikey_replay[2];
};
static struct outputs one, many;

static struct {
    es_ksak *ksak, *other_0;
    es_kpak *kpak, *other_1;
    es_issued_key *issued_key;
    es_signing_key *signing_key;
    es_verifying_key *verifying_key;
    es_sakke_id *sakke_id;
    es_sakke_secret *sakke_secret;
    es_sakke_public *sakke_public;
    es_sakke_issued *sakke_issued;
    es_sakke_key *sakke_key;
    es_sakke_recipient *sakke_recipient;
    es_id_2 *id_2;
    es_trusted *trusted;
    es_credential *credential;
    es_shared_key *shared_key;
    es_mikey_user *mikey_user;
    es_mikey_message *mikey_message;
    es_mikey_replay *mikey_replay;
    /* Of no type at all, and not aligned. */
    char odd_octets[32], *odd;

    const char *name, *fqdn, *provider, *entity, *peer_entity, *peer, *id_2_text;
    uint8_t ksak_octets[32], kpak_octets[65], ssk_octets[32], pvt_octets[65], signature[129];
    uint8_t z_octets[128], public_octets[257], rsk_octets[257], data[2 * 273], ssv[16], uid[32], tag[3];
    es_octets strings[2];
    es_signed signed_list[2];
    es_signed_with signed_with[2];
    es_delivered delivered[2];
    es_sakke_delivered sakke_delivered[2];
    const es_sakke_id *sakke_ids[2];
    es_side side;
    /* For each function that opens a message: it remembers what it opened. */
    uint8_t to_open[3][1024];
    size_t to_open_length[3];
    const es_sakke_key *receiving[1];
    es_mikey_policy policies[2];
    es_mikey_session sessions[2];
    es_mikey_draft draft;
    es_mikey_sender sender;
    es_mikey_recipient recipients[2];
    es_mikey_initiator initiators[2];
    es_mikey_receiver receiver;
    es_signing_key *mikey_signing;
    es_sakke_key *mikey_key;
    es_kpak *mikey_kpak;
    es_sakke_public *mikey_z;
    const char *uri, *kms_uri, *tel;
    char sdp[2048];
    size_t sdp_length;
} f;

static int32_t f_admit(void *context, const char *entity, size_t entity_length, const char *id, size_t id_length) {
    (void)context, (void)entity, (void)entity_length, (void)id, (void)id_length;
    return 1;
}

/* Alice of the deployed message writes to herself. */
static void fixtures_make_mikey(void) {
    es_issued_key *issued;
    es_sakke_issued *delivered;
    es_sakke_id *id;
    f.uri = "sip:alice@streamwide.com";
    f.kms_uri = "kms.mydev.streamwide.com";
    f.tel = "tel:+447700900123";
    OK(es_mikey_user_mcx(f.uri, strlen(f.uri), f.kms_uri, strlen(f.kms_uri), 16777215u, 0, &f.mikey_user));
    OK(es_mikey_replay_new(100, &f.mikey_replay));
    OK(es_kpak_from_bytes(mikey_KPAK, 65, &f.mikey_kpak));
    OK(es_sakke_public_from_bytes(mikey_Z, 257, &f.mikey_z));
    OK(es_issued_key_from_parts(mikey_alice_SSK, 32, mikey_alice_PVT, 65, &issued));
    OK(es_issued_key_validate(issued, f.mikey_kpak, mikey_alice_uid, 32, &f.mikey_signing));
    OK(es_mikey_user_sakke_id(f.mikey_user, mikey_time, &id));
    OK(es_sakke_issued_from_bytes(mikey_alice_RSK, 257, &delivered));
    OK(es_sakke_issued_validate(delivered, f.mikey_z, id, &f.mikey_key));
    es_sakke_id_free(id);
    es_sakke_issued_free(delivered);
    es_issued_key_free(issued);
    f.receiving[0] = f.mikey_key;
    for (uint8_t i = 0; i < 2; i++) {
        const es_mikey_session session = {i, 1, 0};
        f.sessions[i] = session;
        OK(es_mikey_policy_default(ES_MIKEY_MCX, i, &f.policies[i]));
    }
    const es_mikey_draft draft = {mikey_time, 7, 0, ES_MIKEY_URIS, 1, {NULL, 0}, f.sessions, 2, f.policies, 2};
    const es_mikey_sender sender = {f.mikey_user, f.mikey_signing, f.mikey_z};
    const es_mikey_receiver receiver = {f.mikey_user, f.receiving, 1, ES_MIKEY_SKEW, ES_MIKEY_SKEW, ES_MIKEY_OVERLAP};
    f.draft = draft;
    f.sender = sender;
    f.receiver = receiver;
    for (int i = 0; i < 2; i++) {
        f.recipients[i].user = f.initiators[i].user = f.mikey_user;
        f.recipients[i].z = f.mikey_z;
        f.initiators[i].kpak = f.mikey_kpak;
    }
    for (int i = 0; i < 3; i++) {
        es_mikey_message_free(f.mikey_message);
        OK(es_mikey_build(&f.draft, &f.sender, f.recipients, NULL, &f.mikey_message));
        OK(es_mikey_message_octets(f.mikey_message, f.to_open[i], sizeof f.to_open[i], &f.to_open_length[i]));
    }
    OK(es_mikey_message_sdp(f.mikey_message, f.sdp, sizeof f.sdp, &f.sdp_length));
}

static void fixtures_make(void) {
    const uint8_t *name, *id = (const uint8_t *)saef_server_idText;
    const size_t id_length = strlen(saef_server_idText);
    es_kpak *other;
    es_ksak *ksak;
    f.name = "alice";
    f.fqdn = "mef.example.com";
    f.provider = "sp.example.com";
    f.entity = "/CSE1";
    f.peer_entity = "//sp.example.com/CSE090112/C190XX7T";
    f.peer = saef_client_pskIdentity;
    f.id_2_text = saef_server_idText;
    f.odd = f.odd_octets + 1;
    name = (const uint8_t *)f.name;
    memset(f.uid, 5, sizeof f.uid);

    /* The KMS of the vectors, so that one identity serves everywhere. */
    OK(es_ksak_from_bytes(rfc6507_KSAK, 32, &f.ksak));
    f.other_0 = f.ksak;
    OK(es_ksak_public_key(f.ksak, &f.kpak));
    f.other_1 = f.kpak;
    OK(es_ksak_issue(f.ksak, id, id_length, NULL, &f.issued_key));
    OK(es_issued_key_validate(f.issued_key, f.kpak, id, id_length, &f.signing_key));
    OK(es_signing_key_verifying_key(f.signing_key, &f.verifying_key));
    OK(es_signing_key_sign(f.signing_key, name, 5, NULL, f.signature, 129));
    OK(es_ksak_expose(f.ksak, f.ksak_octets, 32));
    OK(es_kpak_to_bytes(f.kpak, f.kpak_octets, 65));
    OK(es_issued_key_expose(f.issued_key, f.ssk_octets, 32));
    OK(es_issued_key_pvt(f.issued_key, f.pvt_octets, 65));

    OK(es_sakke_secret_generate(NULL, &f.sakke_secret));
    OK(es_sakke_secret_public_key(f.sakke_secret, &f.sakke_public));
    OK(es_sakke_id_from_raw(name, 5, &f.sakke_id));
    OK(es_sakke_secret_issue(f.sakke_secret, f.sakke_id, &f.sakke_issued));
    OK(es_sakke_issued_validate(f.sakke_issued, f.sakke_public, f.sakke_id, &f.sakke_key));
    OK(es_sakke_public_recipient(f.sakke_public, f.sakke_id, &f.sakke_recipient));
    OK(es_sakke_public_encapsulate(f.sakke_public, f.sakke_id, NULL, f.data, 273, f.ssv, 16));
    memcpy(f.data + 273, f.data, 273);
    OK(es_sakke_secret_expose(f.sakke_secret, f.z_octets, 128));
    OK(es_sakke_public_to_bytes(f.sakke_public, f.public_octets, 257));
    OK(es_sakke_issued_expose(f.sakke_issued, f.rsk_octets, 257));

    /* The server of the vectors. */
    OK(es_id_2_parse(saef_server_idText, id_length, &f.id_2));
    OK(es_trusted_new(&f.trusted));
    OK(es_trusted_pin(f.trusted, f.fqdn, strlen(f.fqdn), f.provider, strlen(f.provider), f.kpak));
    OK(es_credential_install(f.id_2, f.issued_key, f.kpak, f.trusted, 1790000000u, &f.credential));
    f.side.credential = f.credential;
    f.side.trusted = f.trusted;
    f.side.role = ES_SERVER;
    f.side.now = 1790000000u;
    f.side.skew = 300;
    OK(es_saef_derive(&f.side, f.peer_entity, strlen(f.peer_entity), f.peer, strlen(f.peer), &f.shared_key));
    /* Something to retire. */
    OK(es_ksak_generate(NULL, &ksak));
    OK(es_ksak_public_key(ksak, &other));
    OK(es_trusted_roll_over(f.trusted, f.fqdn, strlen(f.fqdn), other));
    OK(es_kpak_tag(other, f.tag, 3));

    for (int i = 0; i < 2; i++) {
        const es_octets string = {name, 5}, whose = {id, id_length}, signature = {f.signature, 129};
        f.strings[i] = string;
        f.signed_list[i].message = f.signed_with[i].message = string;
        f.signed_list[i].id = f.delivered[i].id = whose;
        f.signed_list[i].signature = f.signed_with[i].signature = signature;
        f.signed_with[i].key = f.verifying_key;
        f.delivered[i].key = f.issued_key;
        f.sakke_delivered[i].id = f.sakke_ids[i] = f.sakke_id;
        f.sakke_delivered[i].key = f.sakke_issued;
    }
    es_kpak_free(other);
    es_ksak_free(ksak);
    fixtures_make_mikey();
}

static void fixtures_free(void) {
    es_sakke_key_free(f.mikey_key);
    es_signing_key_free(f.mikey_signing);
    es_sakke_public_free(f.mikey_z);
    es_kpak_free(f.mikey_kpak);
    es_mikey_replay_free(f.mikey_replay);
    es_mikey_message_free(f.mikey_message);
    es_mikey_user_free(f.mikey_user);
    es_shared_key_free(f.shared_key);
    es_credential_free(f.credential);
    es_trusted_free(f.trusted);
    es_id_2_free(f.id_2);
    es_sakke_recipient_free(f.sakke_recipient);
    es_sakke_key_free(f.sakke_key);
    es_sakke_issued_free(f.sakke_issued);
    es_sakke_secret_free(f.sakke_secret);
    es_sakke_id_free(f.sakke_id);
    es_sakke_public_free(f.sakke_public);
    es_verifying_key_free(f.verifying_key);
    es_signing_key_free(f.signing_key);
    es_issued_key_free(f.issued_key);
    es_kpak_free(f.kpak);
    es_ksak_free(f.ksak);
}
