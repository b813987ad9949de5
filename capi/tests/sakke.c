/* RFC 6508: its vectors, and what has to be refused. */
#include "check.h"
#include "vectors.h"

enum { MANY = 5 };

static void vectors(void) {
    es_sakke_secret *secret;
    es_sakke_public *public_key, *decoded, *senders, *validators;
    es_sakke_id *id;
    es_sakke_issued *issued, *delivered;
    es_sakke_key *key, *again;
    es_sakke_recipient *to, *prepared;
    uint8_t out[273], ssv[16];

    OK(es_sakke_secret_from_bytes(rfc6508_z, sizeof rfc6508_z, &secret));
    OK(es_sakke_secret_expose(secret, out, ES_SAKKE_SECRET_BYTES));
    CHECK(memcmp(out, rfc6508_z, sizeof rfc6508_z) == 0);
    OK(es_sakke_secret_public_key(secret, &public_key));
    OK(es_sakke_public_to_bytes(public_key, out, ES_SAKKE_PUBLIC_BYTES));
    CHECK(memcmp(out, rfc6508_Z, 257) == 0);
    OK(es_sakke_public_from_bytes(rfc6508_Z, 257, &decoded));
    OK(es_sakke_public_prepared(decoded, &senders));
    OK(es_sakke_public_prepared_to_validate(decoded, &validators));
    OK(es_sakke_id_from_raw(rfc6508_b, sizeof rfc6508_b, &id));

    OK(es_sakke_secret_issue(secret, id, &issued));
    OK(es_sakke_issued_expose(issued, out, ES_RSK_BYTES));
    CHECK(memcmp(out, rfc6508_Kb, 257) == 0);
    OK(es_sakke_issued_from_bytes(rfc6508_Kb, 257, &delivered));
    OK(es_sakke_issued_validate(delivered, decoded, id, &key));
    OK(es_sakke_issued_validate(issued, validators, id, &again));
    OK(es_sakke_key_expose(key, out, ES_RSK_BYTES));
    CHECK(memcmp(out, rfc6508_Kb, 257) == 0);

    OK(es_sakke_public_encapsulate_ssv(decoded, id, rfc6508_SSV, 16, out, 273));
    CHECK(memcmp(out, rfc6508_encapsulated, 273) == 0);
    OK(es_sakke_public_encapsulate_ssv(senders, id, rfc6508_SSV, 16, out, 273));
    CHECK(memcmp(out, rfc6508_encapsulated, 273) == 0);
    OK(es_sakke_public_recipient(decoded, id, &to));
    OK(es_sakke_recipient_encapsulate_ssv(to, rfc6508_SSV, 16, out, 273));
    CHECK(memcmp(out, rfc6508_encapsulated, 273) == 0);
    OK(es_sakke_recipient_prepared(to, &prepared));
    OK(es_sakke_recipient_encapsulate_ssv(prepared, rfc6508_SSV, 16, out, 273));
    CHECK(memcmp(out, rfc6508_encapsulated, 273) == 0);

    for (int i = 0; i < 2; i++) {
        OK(es_sakke_key_decapsulate(key, rfc6508_encapsulated, 273, ssv, 16));
        CHECK(memcmp(ssv, rfc6508_SSV, 16) == 0);
        for (size_t at = 1; at < 273; at += 68) {
            memcpy(out, rfc6508_encapsulated, 273);
            out[at] ^= 1;
            memset(ssv, 9, sizeof ssv);
            EXPECT(ES_DECAPSULATION_FAILED, es_sakke_key_decapsulate(key, out, 273, ssv, 16));
            CHECK(ssv[0] == 9);
        }
        EXPECT(ES_DECAPSULATION_FAILED, es_sakke_key_decapsulate(key, rfc6508_encapsulated, 272, ssv, 16));
        OK(es_sakke_key_prepare(key)); /* Preparing twice is once. */
    }

    es_sakke_recipient_free(prepared);
    es_sakke_recipient_free(to);
    es_sakke_key_free(again);
    es_sakke_key_free(key);
    es_sakke_issued_free(delivered);
    es_sakke_issued_free(issued);
    es_sakke_id_free(id);
    es_sakke_public_free(validators);
    es_sakke_public_free(senders);
    es_sakke_public_free(decoded);
    es_sakke_public_free(public_key);
    es_sakke_secret_free(secret);
}

static void refusals_and_batches(void) {
    es_sakke_secret *secret;
    es_sakke_public *public_key;
    es_sakke_id *ids[MANY], *id;
    es_sakke_issued *issued[MANY], *one;
    es_sakke_key *keys[MANY], *key;
    es_sakke_delivered delivered[MANY];
    es_error outcomes[MANY];
    uint8_t data[MANY * 273], ssv[16], opened[MANY * 16], octets[257];
    size_t refused = 99;

    memset(octets, 0, sizeof octets);
    EXPECT(ES_OUT_OF_RANGE, es_sakke_secret_from_bytes(octets, 128, &secret));
    CHECK(secret == NULL);
    EXPECT(ES_POINT_FORM, es_sakke_public_from_bytes(octets, 257, &public_key));
    EXPECT(ES_POINT_FORM, es_sakke_issued_from_bytes(octets, 257, &one));
    octets[0] = 4;
    octets[256] = 5;
    EXPECT(ES_NOT_ON_CURVE, es_sakke_public_from_bytes(octets, 257, &public_key));
    memset(octets + 1, 0xff, 128);
    EXPECT(ES_NOT_REDUCED, es_sakke_issued_from_bytes(octets, 257, &one));
    EXPECT(ES_WRONG_ORDER, es_sakke_public_from_bytes(sakke_other_order, 257, &public_key));
    EXPECT(ES_OUT_OF_RANGE, es_sakke_id_from_raw((const uint8_t *)"\1", 1, &id));
    EXPECT(ES_OUT_OF_RANGE, es_sakke_id_from_raw(NULL, 0, &id));
    EXPECT(ES_TOO_LONG, es_sakke_id_from_raw(octets, 257, &id));
    EXPECT(ES_LENGTH, es_sakke_id_from_uid(octets, 31, &id));
    OK(es_sakke_id_from_uid(octets, 32, &id));
    es_sakke_id_free(id);
    OK(es_sakke_id_hash_of(octets, 257, &id));
    es_sakke_id_free(id);

    /* The integer of this identifier and the z of the RFC add up to q. */
    OK(es_sakke_secret_from_bytes(rfc6508_z, sizeof rfc6508_z, &secret));
    OK(es_sakke_secret_public_key(secret, &public_key));
    OK(es_sakke_id_from_raw(sakke_without_key, sizeof sakke_without_key, &id));
    EXPECT(ES_UNUSABLE_IDENTITY, es_sakke_secret_issue(secret, id, &one));
    EXPECT(ES_UNUSABLE_IDENTITY, es_sakke_public_encapsulate(public_key, id, NULL, data, 273, ssv, 16));
    es_sakke_id *twice[2] = {id, id};
    es_sakke_issued *nobody[2];
    EXPECT(ES_UNUSABLE_IDENTITY, es_sakke_secret_issue_many(secret, (const es_sakke_id *const *)twice, 2, nobody, &refused));
    CHECK(refused == 0 && nobody[0] == NULL && nobody[1] == NULL);
    refused = 99;
    es_sakke_id_free(id);
    es_sakke_public_free(public_key);
    es_sakke_secret_free(secret);

    OK(es_sakke_secret_generate(NULL, &secret));
    OK(es_sakke_secret_public_key(secret, &public_key));
    OK(es_sakke_id_from_raw((const uint8_t *)"\0ab", 3, &id));
    EXPECT(ES_LEADING_ZERO, es_sakke_secret_issue(secret, id, &one));
    CHECK(one == NULL);

    for (int i = 0; i < MANY; i++) {
        char name[16];
        OK(es_sakke_id_from_raw((const uint8_t *)name, (size_t)sprintf(name, "user %d", i), &ids[i]));
    }
    OK(es_sakke_secret_issue_many(secret, (const es_sakke_id *const *)ids, MANY, issued, &refused));
    CHECK(refused == 99);
    for (int i = 0; i < MANY; i++) {
        delivered[i].id = ids[i];
        delivered[i].key = issued[i];
    }
    OK(es_sakke_issued_validate_many(delivered, MANY, public_key, NULL, keys, outcomes));
    delivered[1].key = issued[2];
    key = keys[0];
    for (int i = 1; i < MANY; i++) es_sakke_key_free(keys[i]);
    EXPECT(ES_INVALID_KEY, es_sakke_issued_validate_many(delivered, MANY, public_key, NULL, keys, outcomes));
    for (int i = 0; i < MANY; i++) {
        CHECK(outcomes[i] == (i == 1 ? ES_INVALID_KEY : ES_OK));
        CHECK((keys[i] == NULL) == (i == 1));
        es_sakke_key_free(keys[i]);
    }
    struct stuck stuck = {1, 0};
    const es_random random = {stuck_fill, &stuck};
    memset(outcomes, 0, sizeof outcomes);
    EXPECT(ES_RANDOM, es_sakke_issued_validate_many(delivered, MANY, public_key, &random, keys, outcomes));
    for (int i = 0; i < MANY; i++) CHECK(outcomes[i] == ES_RANDOM && keys[i] == NULL);
    EXPECT(ES_RANDOM, es_sakke_public_encapsulate(public_key, ids[0], &random, data, 273, ssv, 16));

    es_sakke_id *with_zeros[2] = {ids[0], id};
    es_sakke_issued *none[2];
    EXPECT(ES_LEADING_ZERO, es_sakke_secret_issue_many(secret, (const es_sakke_id *const *)with_zeros, 2, none, &refused));
    CHECK(refused == 1 && none[0] == NULL && none[1] == NULL);
    es_sakke_id *meant;
    OK(es_sakke_id_from_raw_with_zeros((const uint8_t *)"\0ab", 3, &meant));
    OK(es_sakke_secret_issue(secret, meant, &one));
    es_sakke_issued_free(one);
    es_sakke_id_free(meant);

    OK(es_sakke_public_encapsulate(public_key, ids[0], NULL, data, 273, ssv, 16));
    OK(es_sakke_key_decapsulate(key, data, 273, opened, 16));
    CHECK(memcmp(ssv, opened, 16) == 0);
    es_sakke_recipient *to;
    OK(es_sakke_public_recipient(public_key, ids[0], &to));
    OK(es_sakke_recipient_encapsulate(to, NULL, data, 273, ssv, 16));
    OK(es_sakke_key_decapsulate(key, data, 273, opened, 16));
    CHECK(memcmp(ssv, opened, 16) == 0);
    es_sakke_recipient_free(to);

    /* The first of the batch is for this key, the others are not; one is no point. */
    OK(es_sakke_public_encapsulate_many(public_key, (const es_sakke_id *const *)ids, MANY, ssv, 16, data, sizeof data, NULL));
    data[273] = 5;
    EXPECT(ES_DECAPSULATION_FAILED,
           es_sakke_key_decapsulate_many(key, data, sizeof data, MANY, opened, sizeof opened, outcomes));
    CHECK(outcomes[0] == ES_OK && memcmp(opened, ssv, 16) == 0);
    for (int i = 1; i < MANY; i++) CHECK(outcomes[i] == ES_DECAPSULATION_FAILED);
    for (size_t at = 16; at < sizeof opened; at++) CHECK(opened[at] == 0);
    for (int i = 1; i < MANY; i++) memcpy(data + 273 * i, data, 273);
    OK(es_sakke_key_decapsulate_many(key, data, sizeof data, MANY, opened, sizeof opened, outcomes));
    for (int i = 0; i < MANY; i++) CHECK(memcmp(opened + 16 * i, ssv, 16) == 0);
    OK(es_sakke_key_decapsulate_many(key, NULL, 0, 0, NULL, 0, NULL));
    EXPECT(ES_LENGTH, es_sakke_key_decapsulate_many(key, data, sizeof data, SIZE_MAX, opened, sizeof opened, outcomes));

    es_sakke_key_free(key);
    for (int i = 0; i < MANY; i++) {
        es_sakke_issued_free(issued[i]);
        es_sakke_id_free(ids[i]);
    }
    es_sakke_id_free(id);
    es_sakke_public_free(public_key);
    es_sakke_secret_free(secret);
}

void test_sakke(void) {
    vectors();
    refusals_and_batches();
}
