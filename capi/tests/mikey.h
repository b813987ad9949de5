/* Users of MIKEY-SAKKE with their keys: those of the deployed message, and Alice under tel as RFC 6507 has her. */
#include "check.h"
#include "vectors.h"

#define TEXT(text) (text), strlen(text)
#define KMS "kms.mydev.streamwide.com"
#define ALICE "sip:alice@streamwide.com"
#define BOB "sip:bob@streamwide.com"
#define PERIOD 16777215u
#define NO_MESSAGE(code, call)     \
    do {                           \
        EXPECT(code, call);        \
        CHECK(message == NULL);    \
    } while (0)

enum { ALICE_AT, BOB_AT, USERS };

static struct {
    es_mikey_user *user[USERS], *tel;
    es_signing_key *signing[USERS], *tel_signing;
    es_sakke_key *receiving[USERS], *tel_receiving;
    es_kpak *kpak, *tel_kpak;
    es_sakke_public *z, *tel_z;
    es_mikey_initiator known[USERS];
    const es_sakke_key *keys[USERS];
    es_mikey_receiver bob;
    es_mikey_sender alice;
    es_mikey_recipient to_bob;
    es_mikey_draft draft;
} all;

static es_signing_key *signing_key(const uint8_t *ssk, const uint8_t *pvt, const es_kpak *kpak, const uint8_t *id,
                                   size_t length) {
    es_issued_key *issued;
    es_signing_key *key;
    OK(es_issued_key_from_parts(ssk, 32, pvt, 65, &issued));
    OK(es_issued_key_validate(issued, kpak, id, length, &key));
    es_issued_key_free(issued);
    return key;
}

static es_sakke_key *receiver_key(const uint8_t *rsk, const es_sakke_public *z, const es_mikey_user *user, uint64_t time) {
    es_sakke_issued *issued;
    es_sakke_id *id;
    es_sakke_key *key;
    OK(es_mikey_user_sakke_id(user, time, &id));
    OK(es_sakke_issued_from_bytes(rsk, 257, &issued));
    OK(es_sakke_issued_validate(issued, z, id, &key));
    es_sakke_issued_free(issued);
    es_sakke_id_free(id);
    return key;
}

static void make(void) {
    const char *names[USERS] = {ALICE, BOB};
    const uint8_t *uids[USERS] = {mikey_alice_uid, mikey_bob_uid}, *ssks[USERS] = {mikey_alice_SSK, mikey_bob_SSK};
    const uint8_t *pvts[USERS] = {mikey_alice_PVT, mikey_bob_PVT}, *rsks[USERS] = {mikey_alice_RSK, mikey_bob_RSK};
    uint8_t uid[64];
    size_t length;
    OK(es_kpak_from_bytes(mikey_KPAK, 65, &all.kpak));
    OK(es_sakke_public_from_bytes(mikey_Z, 257, &all.z));
    for (int i = 0; i < USERS; i++) {
        OK(es_mikey_user_mcx(TEXT(names[i]), TEXT(KMS), PERIOD, 0, &all.user[i]));
        OK(es_mikey_user_identity(all.user[i], mikey_time, uid, sizeof uid, &length));
        CHECK(length == 32 && memcmp(uid, uids[i], 32) == 0);
        all.signing[i] = signing_key(ssks[i], pvts[i], all.kpak, uid, length);
        all.receiving[i] = receiver_key(rsks[i], all.z, all.user[i], mikey_time);
        all.keys[i] = all.receiving[i];
        all.known[i].user = all.user[i];
        all.known[i].kpak = all.kpak;
    }
    const es_mikey_receiver bob = {all.user[BOB_AT], all.keys, USERS, ES_MIKEY_SKEW, ES_MIKEY_SKEW, ES_MIKEY_OVERLAP};
    const es_mikey_sender alice = {all.user[ALICE_AT], all.signing[ALICE_AT], all.z};
    const es_mikey_recipient to_bob = {all.user[BOB_AT], all.z};
    const es_mikey_draft draft = {mikey_time, 0x10000007, 0, ES_MIKEY_URIS, 0, {NULL, 0}, NULL, 0, NULL, 0};
    all.bob = bob;
    all.alice = alice;
    all.to_bob = to_bob;
    all.draft = draft;

    OK(es_kpak_from_bytes(rfc6507_KPAK, 65, &all.tel_kpak));
    OK(es_sakke_public_from_bytes(rfc6508_Z, 257, &all.tel_z));
    OK(es_mikey_user_tel(TEXT("tel:+447700900123"), NULL, 0, &all.tel));
    OK(es_mikey_user_identity(all.tel, tel_time, uid, sizeof uid, &length));
    CHECK(length == sizeof rfc6507_ID && memcmp(uid, rfc6507_ID, length) == 0);
    EXPECT(ES_BUFFER_TOO_SMALL, es_mikey_user_identity(all.tel, tel_time, NULL, 0, &length));
    CHECK(length == sizeof rfc6507_ID);
    OK(es_mikey_user_identity(all.tel, tel_time, uid, length, &length));
    all.tel_signing = signing_key(rfc6507_SSK, rfc6507_PVT, all.tel_kpak, uid, length);
    all.tel_receiving = receiver_key(rfc6508_Kb, all.tel_z, all.tel, tel_time);
}

static void release(void) {
    for (int i = 0; i < USERS; i++) {
        es_sakke_key_free(all.receiving[i]);
        es_signing_key_free(all.signing[i]);
        es_mikey_user_free(all.user[i]);
    }
    es_sakke_key_free(all.tel_receiving);
    es_signing_key_free(all.tel_signing);
    es_mikey_user_free(all.tel);
    es_sakke_public_free(all.tel_z);
    es_kpak_free(all.tel_kpak);
    es_sakke_public_free(all.z);
    es_kpak_free(all.kpak);
}
