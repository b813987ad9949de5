/* RFC 6507: its vectors, and what has to be refused. */
#include "check.h"
#include "vectors.h"

enum { MANY = 20 };

static void vectors(void) {
    es_ksak *ksak;
    es_kpak *kpak, *computed, *prepared;
    es_issued_key *issued;
    es_signing_key *key;
    es_verifying_key *verifying, *table, *made;
    uint8_t out[129];

    OK(es_ksak_from_bytes(rfc6507_KSAK, 32, &ksak));
    OK(es_ksak_public_key(ksak, &computed));
    OK(es_kpak_to_bytes(computed, out, ES_KPAK_BYTES));
    CHECK(memcmp(out, rfc6507_KPAK, ES_KPAK_BYTES) == 0);
    OK(es_ksak_expose(ksak, out, ES_KSAK_BYTES));
    CHECK(memcmp(out, rfc6507_KSAK, ES_KSAK_BYTES) == 0);

    OK(es_kpak_from_bytes(rfc6507_KPAK, sizeof rfc6507_KPAK, &kpak));
    OK(es_issued_key_from_parts(rfc6507_SSK, 32, rfc6507_PVT, 65, &issued));
    OK(es_issued_key_validate(issued, kpak, rfc6507_ID, sizeof rfc6507_ID, &key));
    OK(es_signing_key_is_for(key, rfc6507_ID, sizeof rfc6507_ID));
    EXPECT(ES_INVALID_KEY, es_signing_key_is_for(key, rfc6507_ID, sizeof rfc6507_ID - 1));
    OK(es_signing_key_verifying_key(key, &verifying));
    OK(es_verifying_key_hs(verifying, out, ES_HS_BYTES));
    CHECK(memcmp(out, rfc6507_HS, ES_HS_BYTES) == 0);
    OK(es_signing_key_expose(key, out, ES_SSK_BYTES));
    CHECK(memcmp(out, rfc6507_SSK, ES_SSK_BYTES) == 0);
    OK(es_signing_key_pvt(key, out, ES_PVT_BYTES));
    CHECK(memcmp(out, rfc6507_PVT, ES_PVT_BYTES) == 0);
    OK(es_issued_key_expose(issued, out, ES_SSK_BYTES));
    CHECK(memcmp(out, rfc6507_SSK, ES_SSK_BYTES) == 0);
    OK(es_issued_key_pvt(issued, out, ES_PVT_BYTES));
    CHECK(memcmp(out, rfc6507_PVT, ES_PVT_BYTES) == 0);

    OK(es_kpak_prepared(kpak, &prepared));
    OK(es_verifying_key_prepared(verifying, &table));
    OK(es_verifying_key_new(kpak, rfc6507_ID, sizeof rfc6507_ID, rfc6507_PVT, 65, &made));
    OK(es_kpak_verify(kpak, rfc6507_ID, sizeof rfc6507_ID, rfc6507_M, sizeof rfc6507_M, rfc6507_Sig, 129));
    OK(es_kpak_verify(prepared, rfc6507_ID, sizeof rfc6507_ID, rfc6507_M, sizeof rfc6507_M, rfc6507_Sig, 129));
    OK(es_verifying_key_verify(verifying, rfc6507_M, sizeof rfc6507_M, rfc6507_Sig, 129));
    OK(es_verifying_key_verify(table, rfc6507_M, sizeof rfc6507_M, rfc6507_Sig, 129));
    OK(es_verifying_key_verify(made, rfc6507_M, sizeof rfc6507_M, rfc6507_Sig, 129));
    for (size_t at = 0; at < 129; at += 16) {
        memcpy(out, rfc6507_Sig, 129);
        out[at] ^= 1;
        EXPECT(ES_INVALID_SIGNATURE, es_kpak_verify(kpak, rfc6507_ID, sizeof rfc6507_ID, rfc6507_M, sizeof rfc6507_M, out, 129));
        EXPECT(ES_INVALID_SIGNATURE, es_verifying_key_verify(table, rfc6507_M, sizeof rfc6507_M, out, 129));
    }
    /* r = s = 0, which a verifier that forgets the bounds takes for a signature of anything. */
    memcpy(out, rfc6507_Sig, 129);
    memset(out, 0, 64);
    EXPECT(ES_INVALID_SIGNATURE, es_kpak_verify(kpak, rfc6507_ID, sizeof rfc6507_ID, rfc6507_M, sizeof rfc6507_M, out, 129));

    es_verifying_key_free(made);
    es_verifying_key_free(table);
    es_verifying_key_free(verifying);
    es_signing_key_free(key);
    es_issued_key_free(issued);
    es_kpak_free(prepared);
    es_kpak_free(computed);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
}

static void refusals(void) {
    es_ksak *ksak = (es_ksak *)&ksak;
    es_kpak *kpak;
    es_issued_key *issued, *other;
    es_signing_key *key;
    uint8_t octets[65], signature[129];

    memset(octets, 0, sizeof octets);
    EXPECT(ES_OUT_OF_RANGE, es_ksak_from_bytes(octets, 32, &ksak));
    CHECK(ksak == NULL);
    memcpy(octets, rfc6507_KPAK, 65);
    octets[0] = 3;
    EXPECT(ES_POINT_FORM, es_kpak_from_bytes(octets, 65, &kpak));
    octets[0] = 4;
    octets[64] ^= 1;
    EXPECT(ES_NOT_ON_CURVE, es_kpak_from_bytes(octets, 65, &kpak));
    memset(octets + 1, 0xff, 32);
    EXPECT(ES_NOT_REDUCED, es_kpak_from_bytes(octets, 65, &kpak));
    CHECK(kpak == NULL);

    /* A generator of the caller: one that repeats itself is good enough to sign; one that fails stops all. */
    struct stuck stuck = {0, 0};
    const es_random random = {stuck_fill, &stuck}, none = {NULL, NULL};
    OK(es_ksak_generate(&random, &ksak));
    CHECK(stuck.calls == 1);
    OK(es_ksak_public_key(ksak, &kpak));
    OK(es_ksak_issue(ksak, OCTETS("alice"), &random, &issued));
    OK(es_issued_key_validate(issued, kpak, OCTETS("alice"), &key));
    OK(es_signing_key_sign(key, OCTETS("message"), &random, signature, 129));
    OK(es_kpak_verify(kpak, OCTETS("alice"), OCTETS("message"), signature, 129));
    OK(es_signing_key_sign_checked(key, NULL, 0, NULL, signature, 129));
    OK(es_kpak_verify(kpak, OCTETS("alice"), NULL, 0, signature, 129));
    EXPECT(ES_INVALID_SIGNATURE, es_kpak_verify(kpak, OCTETS("bob"), NULL, 0, signature, 129));
    EXPECT(ES_INVALID_SIGNATURE, es_kpak_verify(kpak, OCTETS("alice"), NULL, 0, signature, 128));
    OK(es_ksak_issue(ksak, NULL, 0, NULL, &other));
    es_issued_key_free(other);
    EXPECT(ES_BAD_POINTER, es_ksak_issue(ksak, OCTETS("alice"), &none, &other));
    stuck.fails = -1;
    memset(signature, 9, sizeof signature);
    EXPECT(ES_RANDOM, es_signing_key_sign(key, OCTETS("message"), &random, signature, 129));
    EXPECT(ES_RANDOM, es_signing_key_sign_checked(key, OCTETS("message"), &random, signature, 129));
    CHECK(signature[0] == 9 && signature[128] == 9);
    EXPECT(ES_RANDOM, es_ksak_issue(ksak, OCTETS("alice"), &random, &other));
    CHECK(other == NULL);
    es_ksak *failed;
    EXPECT(ES_RANDOM, es_ksak_generate(&random, &failed));
    CHECK(failed == NULL);

    es_signing_key *refused;
    EXPECT(ES_INVALID_KEY, es_issued_key_validate(issued, kpak, OCTETS("bob"), &refused));
    CHECK(refused == NULL);
    es_signing_key_free(key);
    es_issued_key_free(issued);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
}

static void batches(void) {
    es_ksak *ksak;
    es_kpak *kpak;
    es_issued_key *issued[MANY];
    es_signing_key *keys[MANY];
    es_verifying_key *verifying;
    es_octets ids[MANY], messages[MANY];
    es_delivered delivered[MANY];
    es_signed signatures[MANY];
    es_signed_with known[MANY];
    es_error outcomes[MANY];
    char names[MANY][8];
    uint8_t made[MANY * 129];

    OK(es_ksak_generate(NULL, &ksak));
    OK(es_ksak_public_key(ksak, &kpak));
    for (int i = 0; i < MANY; i++) {
        ids[i].data = (const uint8_t *)names[i];
        ids[i].length = (size_t)sprintf(names[i], "id %d", i);
        messages[i] = ids[i];
    }
    OK(es_ksak_issue_many(ksak, ids, MANY, NULL, issued));
    for (int i = 0; i < MANY; i++) {
        delivered[i].id = ids[i];
        delivered[i].key = issued[i];
    }
    OK(es_issued_key_validate_many(delivered, MANY, kpak, NULL, keys, outcomes));
    es_signing_key *valid = keys[0];
    for (int i = 1; i < MANY; i++) es_signing_key_free(keys[i]);

    /* One that is not for its identity is refused alone. */
    delivered[3].key = issued[4];
    EXPECT(ES_INVALID_KEY, es_issued_key_validate_many(delivered, MANY, kpak, NULL, keys, outcomes));
    for (int i = 0; i < MANY; i++) {
        CHECK(outcomes[i] == (i == 3 ? ES_INVALID_KEY : ES_OK));
        CHECK((keys[i] == NULL) == (i == 3));
        es_signing_key_free(keys[i]);
    }

    OK(es_signing_key_sign_many(valid, messages, MANY, NULL, made, sizeof made));
    OK(es_signing_key_verifying_key(valid, &verifying));
    for (int i = 0; i < MANY; i++) {
        signatures[i].id = ids[0];
        signatures[i].message = messages[i];
        signatures[i].signature.data = made + 129 * i;
        signatures[i].signature.length = 129;
        known[i].key = verifying;
        known[i].message = messages[i];
        known[i].signature = signatures[i].signature;
    }
    OK(es_kpak_verify_many(kpak, signatures, MANY, outcomes));
    OK(es_verifying_key_verify_many(known, MANY, outcomes));
    signatures[5].signature.length = known[5].signature.length = 128;
    signatures[7].message = known[7].message = messages[8];
    EXPECT(ES_INVALID_SIGNATURE, es_kpak_verify_many(kpak, signatures, MANY, outcomes));
    for (int i = 0; i < MANY; i++) CHECK(outcomes[i] == (i == 5 || i == 7 ? ES_INVALID_SIGNATURE : ES_OK));
    memset(outcomes, 0, sizeof outcomes);
    EXPECT(ES_INVALID_SIGNATURE, es_verifying_key_verify_many(known, MANY, outcomes));
    for (int i = 0; i < MANY; i++) CHECK(outcomes[i] == (i == 5 || i == 7 ? ES_INVALID_SIGNATURE : ES_OK));

    struct stuck stuck = {1, 0};
    const es_random random = {stuck_fill, &stuck};
    es_issued_key *none[2] = {issued[0], issued[1]};
    EXPECT(ES_RANDOM, es_ksak_issue_many(ksak, ids, 2, &random, none));
    CHECK(none[0] == NULL && none[1] == NULL);
    EXPECT(ES_RANDOM, es_signing_key_sign_many(valid, messages, MANY, &random, made, sizeof made));
    memset(outcomes, 0, sizeof outcomes);
    EXPECT(ES_RANDOM, es_issued_key_validate_many(delivered, MANY, kpak, &random, keys, outcomes));
    for (int i = 0; i < MANY; i++) CHECK(outcomes[i] == ES_RANDOM && keys[i] == NULL);
    /* One item that cannot be read ends the batch: none is said to be right. */
    memset(outcomes, 0, sizeof outcomes);
    signatures[9].message.data = NULL;
    EXPECT(ES_BAD_POINTER, es_kpak_verify_many(kpak, signatures, MANY, outcomes));
    for (int i = 0; i < MANY; i++) CHECK(outcomes[i] == ES_BAD_POINTER);
    memset(outcomes, 0, sizeof outcomes);
    known[9].key = (const es_verifying_key *)(const void *)kpak;
    EXPECT(ES_BAD_HANDLE, es_verifying_key_verify_many(known, MANY, outcomes));
    for (int i = 0; i < MANY; i++) CHECK(outcomes[i] == ES_BAD_HANDLE);
    OK(es_ksak_issue_many(ksak, NULL, 0, NULL, NULL));
    OK(es_signing_key_sign_many(valid, NULL, 0, NULL, NULL, 0));
    OK(es_kpak_verify_many(kpak, NULL, 0, NULL));
    EXPECT(ES_LENGTH, es_ksak_issue_many(ksak, ids, SIZE_MAX, NULL, issued));

    for (int i = 0; i < MANY; i++) es_issued_key_free(issued[i]);
    es_verifying_key_free(verifying);
    es_signing_key_free(valid);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
}

void test_eccsi(void) {
    vectors();
    refusals();
    batches();
    CHECK(strcmp(es_version(), "") != 0);
    CHECK(strcmp(es_error_text(ES_INVALID_SIGNATURE), "signature does not verify") == 0);
    CHECK(strcmp(es_error_text(-1), "unknown error") == 0);
}
