/* What the header says of outputs that overlap with inputs, and of functions that the caller gives. */
#include "check.h"
#include "vectors.h"

#define TEXT(text) (text), strlen(text)

/* All octets that are read are read before one is written. */
static void overlaps(void) {
    es_kpak *kpak;
    es_issued_key *issued;
    es_signing_key *key;
    es_sakke_public *z;
    es_sakke_id *id;
    es_sakke_issued *delivered;
    es_sakke_key *receiver;
    uint8_t octets[4 * 273], ssv[16];
    es_error outcomes[2];
    char text[64] = "MEF.example.com";
    size_t length;

    OK(es_kpak_from_bytes(rfc6507_KPAK, 65, &kpak));
    OK(es_issued_key_from_parts(rfc6507_SSK, 32, rfc6507_PVT, 65, &issued));
    OK(es_issued_key_validate(issued, kpak, rfc6507_ID, sizeof rfc6507_ID, &key));
    /* A message in the place of its signature. */
    memcpy(octets, rfc6507_M, sizeof rfc6507_M);
    OK(es_signing_key_sign(key, octets, sizeof rfc6507_M, NULL, octets, 129));
    OK(es_kpak_verify(kpak, rfc6507_ID, sizeof rfc6507_ID, rfc6507_M, sizeof rfc6507_M, octets, 129));
    memcpy(octets + 60, rfc6507_M, sizeof rfc6507_M);
    const es_octets messages[2] = {{octets + 60, sizeof rfc6507_M}, {octets + 60, sizeof rfc6507_M}};
    OK(es_signing_key_sign_many(key, messages, 2, NULL, octets, 2 * 129));
    for (int i = 0; i < 2; i++)
        OK(es_kpak_verify(kpak, rfc6507_ID, sizeof rfc6507_ID, rfc6507_M, sizeof rfc6507_M, octets + 129 * i, 129));

    OK(es_sakke_public_from_bytes(rfc6508_Z, 257, &z));
    OK(es_sakke_id_from_raw(rfc6508_b, sizeof rfc6508_b, &id));
    OK(es_sakke_issued_from_bytes(rfc6508_Kb, 257, &delivered));
    OK(es_sakke_issued_validate(delivered, z, id, &receiver));
    memcpy(octets + 100, rfc6508_SSV, 16);
    OK(es_sakke_public_encapsulate_ssv(z, id, octets + 100, 16, octets, 273));
    CHECK(memcmp(octets, rfc6508_encapsulated, 273) == 0);
    OK(es_sakke_key_decapsulate(receiver, octets, 273, octets, 16));
    CHECK(memcmp(octets, rfc6508_SSV, 16) == 0);
    const es_sakke_id *ids[2] = {id, id};
    memcpy(octets, rfc6508_SSV, 16);
    OK(es_sakke_public_encapsulate_many(z, ids, 2, octets, 16, octets, 2 * 273, NULL));
    OK(es_sakke_key_decapsulate_many(receiver, octets, 2 * 273, 2, octets + 260, 2 * 16, outcomes));
    memcpy(ssv, octets + 276, 16);
    CHECK(memcmp(octets + 260, rfc6508_SSV, 16) == 0 && memcmp(ssv, rfc6508_SSV, 16) == 0);

    OK(es_identifier_canonical(ES_FQDN, TEXT(text), text, sizeof text, &length));
    CHECK(strcmp(text, "mef.example.com") == 0);

    es_sakke_key_free(receiver);
    es_sakke_issued_free(delivered);
    es_sakke_id_free(id);
    es_sakke_public_free(z);
    es_signing_key_free(key);
    es_issued_key_free(issued);
    es_kpak_free(kpak);
}

/* A generator that uses the library while the library uses it, with the key of the call itself. */
struct busy {
    const es_signing_key *key;
    const es_kpak *kpak;
    int calls;
};

static int32_t busy_fill(void *context, uint8_t *octets, size_t length) {
    struct busy *busy = (struct busy *)context;
    uint8_t signature[129];
    busy->calls += 1;
    OK(es_signing_key_sign(busy->key, OCTETS("inner"), NULL, signature, 129));
    OK(es_kpak_verify(busy->kpak, OCTETS("alice"), OCTETS("inner"), signature, 129));
    for (size_t i = 0; i < length; i++) octets[i] = signature[i % 64];
    return 0;
}

/* One that leaves what it was given as it was. */
static int32_t idle_fill(void *context, uint8_t *octets, size_t length) {
    for (size_t i = 0; i < length; i++) CHECK(octets[i] == 0);
    return *(int *)context;
}

static void callbacks(void) {
    es_ksak *ksak;
    es_kpak *kpak;
    es_issued_key *issued;
    es_signing_key *key;
    uint8_t signature[129];

    OK(es_ksak_generate(NULL, &ksak));
    OK(es_ksak_public_key(ksak, &kpak));
    OK(es_ksak_issue(ksak, OCTETS("alice"), NULL, &issued));
    OK(es_issued_key_validate(issued, kpak, OCTETS("alice"), &key));
    struct busy busy = {key, kpak, 0};
    const es_random random = {busy_fill, &busy};
    OK(es_signing_key_sign(key, OCTETS("outer"), &random, signature, 129));
    OK(es_kpak_verify(kpak, OCTETS("alice"), OCTETS("outer"), signature, 129));
    CHECK(busy.calls > 0);
    int answer = 0;
    const es_random idle = {idle_fill, &answer};
    OK(es_signing_key_sign(key, OCTETS("outer"), &idle, signature, 129));
    OK(es_kpak_verify(kpak, OCTETS("alice"), OCTETS("outer"), signature, 129));
    answer = 7;
    EXPECT(ES_RANDOM, es_signing_key_sign(key, OCTETS("outer"), &idle, signature, 129));

    es_signing_key_free(key);
    es_issued_key_free(issued);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
}

void test_promises(void) {
    overlaps();
    callbacks();
}
