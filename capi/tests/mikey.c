/* Messages of MIKEY-SAKKE: a deployed one with its keys, and those that are made here. */
#include "mikey.h"

static es_error open_at(const uint8_t *octets, size_t length, es_mikey_replay *replay, uint64_t now,
                        es_mikey_message **message) {
    return es_mikey_open(&all.bob, all.known, USERS, replay, octets, length, now, message);
}

/* The same from empty memory, where no message is expected. */
static void refused(es_error code, const uint8_t *octets, size_t length, uint64_t now) {
    es_mikey_replay *replay;
    es_mikey_message *message;
    OK(es_mikey_replay_new(16, &replay));
    NO_MESSAGE(code, open_at(octets, length, replay, now, &message));
    es_mikey_replay_free(replay);
}

/* What Alice signed, changed at a place and signed again. */
static void signed_again(es_error code, size_t at, uint8_t octet) {
    uint8_t octets[sizeof mikey_message];
    memcpy(octets, mikey_message, sizeof octets);
    CHECK(octets[at] != octet);
    octets[at] = octet;
    /* As a change alone it is not found, or found before. */
    refused(ES_INVALID_SIGNATURE, octets, sizeof octets, mikey_time);
    OK(es_signing_key_sign(all.signing[ALICE_AT], octets, sizeof octets - 129, NULL, octets + sizeof octets - 129, 129));
    refused(code, octets, sizeof octets, mikey_time);
}

static size_t place_of(const uint8_t *part, size_t length) {
    for (size_t at = 0; at + length <= sizeof mikey_message; at++)
        if (memcmp(mikey_message + at, part, length) == 0) return at;
    CHECK(!"a part of the message");
    return 0;
}

static void deployed(void) {
    es_mikey_replay *replay;
    es_mikey_message *message;
    uint8_t octets[sizeof mikey_message + 1], tgk[16];
    size_t length;
    uint64_t seconds;
    uint32_t key_id;

    OK(es_mikey_replay_new(16, &replay));
    OK(open_at(mikey_message, sizeof mikey_message, replay, mikey_time, &message));
    OK(es_mikey_message_tgk(message, tgk, sizeof tgk));
    CHECK(memcmp(tgk, mikey_SSV, 16) == 0);
    OK(es_mikey_message_time(message, &seconds));
    CHECK(seconds == mikey_time);
    OK(es_mikey_message_key_id(message, &key_id));
    CHECK(key_id == mikey_key_id);
    OK(es_mikey_message_octets(message, octets, sizeof octets, &length));
    CHECK(length == sizeof mikey_message && memcmp(octets, mikey_message, length) == 0);
    EXPECT(ES_BUFFER_TOO_SMALL, es_mikey_message_octets(message, octets, length - 1, &length));
    CHECK(length == sizeof mikey_message);
    OK(es_mikey_message_rand(message, octets, sizeof octets, &length));
    CHECK(length == 16 && memcmp(octets, mikey_RAND, 16) == 0);
    es_mikey_message_free(message);
    NO_MESSAGE(ES_MIKEY_REPLAYED, open_at(mikey_message, sizeof mikey_message, replay, mikey_time, &message));
    es_mikey_replay_free(replay);

    memcpy(octets, mikey_message, sizeof mikey_message);
    const size_t whole = sizeof mikey_message;
    refused(ES_MIKEY_MALFORMED, octets, 0, mikey_time);
    refused(ES_MIKEY_MALFORMED, octets, whole - 1, mikey_time);
    refused(ES_MIKEY_MALFORMED, octets, whole + 1, mikey_time);
    octets[whole - 1] ^= 1;
    refused(ES_INVALID_SIGNATURE, octets, whole, mikey_time);
    octets[whole - 1] ^= 1;
    /* V and PRF. */
    octets[3] = 5;
    refused(ES_MIKEY_UNSUPPORTED, octets, whole, mikey_time);
    refused(ES_MIKEY_STALE, mikey_message, whole, mikey_time + ES_MIKEY_SKEW + 1);
    refused(ES_MIKEY_FUTURE, mikey_message, whole, mikey_time - ES_MIKEY_SKEW - 1);
    refused(ES_MIKEY_KEY_PERIOD, mikey_message, whole, mikey_time + PERIOD);
    /* The value of the first parameter of the policy; the last octet of H. */
    signed_again(ES_MIKEY_POLICY, place_of(mikey_policy, sizeof mikey_policy) + 2, 99);
    const size_t last = place_of(mikey_data, sizeof mikey_data) + sizeof mikey_data - 1;
    signed_again(ES_DECAPSULATION_FAILED, last, mikey_message[last] ^ 1);

    /* Another receiver, another initiator, other keys. */
    es_mikey_receiver receiver = all.bob;
    OK(es_mikey_replay_new(16, &replay));
#define OPEN(receiver, known, count) \
    es_mikey_open(&(receiver), known, count, replay, mikey_message, whole, mikey_time, &message)
    receiver.user = all.user[ALICE_AT];
    NO_MESSAGE(ES_MIKEY_IDENTITY, OPEN(receiver, all.known, USERS));
    receiver.user = all.tel;
    NO_MESSAGE(ES_MIKEY_ID_SCHEME, OPEN(receiver, all.known, USERS));
    NO_MESSAGE(ES_NOT_ADMITTED, OPEN(all.bob, all.known + BOB_AT, 1));
    NO_MESSAGE(ES_NOT_ADMITTED, OPEN(all.bob, NULL, 0));
    receiver = all.bob;
    receiver.key_count = 1;
    NO_MESSAGE(ES_MIKEY_NO_KEY, OPEN(receiver, all.known, USERS));
    receiver.key_count = 0;
    receiver.keys = NULL;
    NO_MESSAGE(ES_MIKEY_NO_KEY, OPEN(receiver, all.known, USERS));
    NO_MESSAGE(ES_MIKEY_NOT_TO_SELF, es_mikey_open_own(&all.bob, all.kpak, replay, mikey_message, whole, mikey_time, &message));

    /* Handles inside of structures are checked as well. */
    receiver.key_count = 1;
    NO_MESSAGE(ES_BAD_POINTER, OPEN(receiver, all.known, USERS));
    receiver.key_count = SIZE_MAX;
    receiver.keys = all.keys;
    NO_MESSAGE(ES_LENGTH, OPEN(receiver, all.known, USERS));
    const es_sakke_key *no_keys[2] = {NULL, (const es_sakke_key *)(const void *)all.kpak};
    receiver.keys = no_keys;
    receiver.key_count = 1;
    NO_MESSAGE(ES_BAD_POINTER, OPEN(receiver, all.known, USERS));
    receiver.keys = no_keys + 1;
    NO_MESSAGE(ES_BAD_HANDLE, OPEN(receiver, all.known, USERS));
    receiver = all.bob;
    receiver.user = NULL;
    NO_MESSAGE(ES_BAD_POINTER, OPEN(receiver, all.known, USERS));
    es_mikey_initiator known = all.known[ALICE_AT];
    known.kpak = NULL;
    NO_MESSAGE(ES_BAD_POINTER, OPEN(all.bob, &known, 1));
    known = all.known[ALICE_AT];
    known.user = (const es_mikey_user *)(const void *)all.kpak;
    NO_MESSAGE(ES_BAD_HANDLE, OPEN(all.bob, &known, 1));
    /* None of these was remembered. */
    OK(OPEN(all.bob, all.known, USERS));
    es_mikey_message_free(message);
    es_mikey_replay_free(replay);
#undef OPEN
}

static void derived(void) {
    es_mikey_replay *replay;
    es_mikey_message *sent, *got, *message;
    uint8_t octets[2048], keys[2][ES_MIKEY_DERIVED_MAX], tgk[2][16];
    size_t length;
    for (int32_t naming = ES_MIKEY_URIS; naming <= ES_MIKEY_BY_SIGNALLING; naming++) {
        es_mikey_draft draft = all.draft;
        draft.naming = naming;
        OK(es_mikey_build(&draft, &all.alice, &all.to_bob, NULL, &sent));
        OK(es_mikey_message_octets(sent, octets, sizeof octets, &length));
        OK(es_mikey_replay_new(1, &replay));
        if (naming == ES_MIKEY_BY_SIGNALLING) {
            NO_MESSAGE(ES_NOT_ADMITTED, open_at(octets, length, replay, mikey_time, &message));
            OK(es_mikey_open_from(&all.bob, &all.known[ALICE_AT], replay, octets, length, mikey_time, &got));
        } else {
            OK(open_at(octets, length, replay, mikey_time, &got));
        }
        es_mikey_replay_free(replay);
        OK(es_mikey_message_tgk(sent, tgk[0], 16));
        OK(es_mikey_message_tgk(got, tgk[1], 16));
        CHECK(memcmp(tgk[0], tgk[1], 16) == 0);
        for (int32_t kind = ES_MIKEY_TEK; kind <= ES_MIKEY_SALT; kind++) {
            OK(es_mikey_message_derive(sent, kind, 4, keys[0], 30));
            OK(es_mikey_message_derive(got, kind, 4, keys[1], 30));
            CHECK(memcmp(keys[0], keys[1], 30) == 0);
            OK(es_mikey_message_derive(got, kind, 5, keys[1], 30));
            CHECK(memcmp(keys[0], keys[1], 30) != 0);
            OK(es_mikey_message_derive(got, kind % 4 + 1, 4, keys[1], 30));
            CHECK(memcmp(keys[0], keys[1], 30) != 0);
        }
        OK(es_mikey_message_derive(sent, ES_MIKEY_TEK, 0, keys[0], ES_MIKEY_DERIVED_MAX));
        EXPECT(ES_LENGTH, es_mikey_message_derive(sent, ES_MIKEY_TEK, 0, keys[0], 0));
        EXPECT(ES_VALUE, es_mikey_message_derive(sent, 0, 0, keys[0], 16));
        es_mikey_message_free(got);
        es_mikey_message_free(sent);
    }

    /* Of two places each initiator gets one. */
    OK(es_mikey_replay_new(2, &replay));
    for (int i = 0; i < 2; i++) {
        es_mikey_draft draft = all.draft;
        OK(es_mikey_build(&draft, &all.alice, &all.to_bob, NULL, &sent));
        OK(es_mikey_message_octets(sent, octets, sizeof octets, &length));
        EXPECT(i ? ES_MIKEY_REPLAY_FULL : ES_OK, open_at(octets, length, replay, mikey_time, &got));
        es_mikey_message_free(got);
        es_mikey_message_free(sent);
    }
    es_mikey_replay_free(replay);
}

static void group(void) {
    es_mikey_message *messages[2], *later[1], *got;
    es_mikey_replay *replay;
    uint8_t octets[2048], rand[2][32], tgk[3][16];
    size_t length;
    uint32_t key_id, group_id;
    const es_mikey_recipient members[2] = {all.to_bob, {all.user[ALICE_AT], all.z}};
    const es_mikey_session sessions[2] = {{0, 0x11223344, 0}, {1, 0x55667788, 9}};
    es_mikey_draft draft = all.draft;
    draft.key_id = 0x01234567;
    draft.group = 1;
    draft.to_self = 1;
    draft.sessions = sessions;
    draft.session_count = 2;
    OK(es_mikey_build_many(&draft, &all.alice, members, 2, NULL, messages));
    OK(es_mikey_message_tgk(messages[0], tgk[0], 16));
    OK(es_mikey_message_rand(messages[0], rand[0], sizeof rand[0], &length));
    CHECK(length == 16);
    draft.rand.data = rand[0];
    draft.rand.length = length;
    OK(es_mikey_build_tgk_many(&draft, &all.alice, members, 1, tgk[0], 16, NULL, later));
    EXPECT(ES_LENGTH, es_mikey_build_tgk_many(&draft, &all.alice, members, 1, tgk[0], 15, NULL, &got));
    CHECK(got == NULL);

    /* Bob gets the key with the first message and with the later one. */
    es_mikey_message *const to_bob[2] = {messages[0], later[0]};
    for (int i = 0; i < 2; i++) {
        OK(es_mikey_replay_new(1, &replay));
        OK(es_mikey_message_octets(to_bob[i], octets, sizeof octets, &length));
        /* Two sessions and their map, behind the header of 10 octets. */
        CHECK(octets[8] == 2 && octets[9] == 0 && octets[10] == 0 && octets[11] == 0x11 && octets[19] == 1);
        OK(open_at(octets, length, replay, mikey_time, &got));
        OK(es_mikey_message_tgk(got, tgk[1], 16));
        CHECK(memcmp(tgk[0], tgk[1], 16) == 0);
        OK(es_mikey_message_rand(got, rand[1], sizeof rand[1], &length));
        CHECK(memcmp(rand[0], rand[1], 16) == 0);
        OK(es_mikey_message_key_id(got, &key_id));
        OK(es_mikey_message_group_id(got, TEXT(BOB), &group_id));
        CHECK(group_id == 0x01234567 && key_id != group_id);
        OK(es_mikey_message_group_id(got, TEXT(ALICE), &group_id));
        CHECK(group_id != 0x01234567);
        es_mikey_message_free(got);
        es_mikey_replay_free(replay);
    }
    /* Another device of Alice. */
    OK(es_mikey_message_octets(messages[0], octets, sizeof octets, &length));
    OK(es_mikey_replay_new(1, &replay));
    es_mikey_receiver alice = all.bob;
    alice.user = all.user[ALICE_AT];
    OK(es_mikey_open_own(&alice, all.kpak, replay, octets, length, mikey_time, &got));
    OK(es_mikey_message_tgk(got, tgk[2], 16));
    CHECK(memcmp(tgk[0], tgk[2], 16) == 0);
    es_mikey_message_free(got);
    es_mikey_replay_free(replay);
    es_mikey_message_free(later[0]);
    for (int i = 0; i < 2; i++) es_mikey_message_free(messages[i]);
}

/* RFC 6509 as it stands: tel URIs and months, with the keys of RFC 6507 and RFC 6508. */
static void tel(void) {
    es_mikey_message *message;
    es_mikey_replay *replay;
    es_mikey_user *of_kms;
    uint8_t octets[2048], tgk[2][16];
    size_t length;
    const es_sakke_key *keys[1] = {all.tel_receiving};
    const es_mikey_sender sender = {all.tel, all.tel_signing, all.tel_z};
    const es_mikey_recipient recipient = {all.tel, all.tel_z};
    const es_mikey_initiator known = {all.tel, all.tel_kpak};
    const es_mikey_receiver receiver = {all.tel, keys, 1, ES_MIKEY_SKEW, ES_MIKEY_SKEW, ES_MIKEY_OVERLAP};
    es_mikey_draft draft = all.draft;
    draft.time = tel_time;
    OK(es_mikey_build(&draft, &sender, &recipient, NULL, &message));
    OK(es_mikey_message_tgk(message, tgk[0], 16));
    OK(es_mikey_message_octets(message, octets, sizeof octets, &length));
    es_mikey_message_free(message);
    OK(es_mikey_replay_new(1, &replay));
    OK(es_mikey_open(&receiver, &known, 1, replay, octets, length, tel_time + 60, &message));
    OK(es_mikey_message_tgk(message, tgk[1], 16));
    CHECK(memcmp(tgk[0], tgk[1], 16) == 0);
    es_mikey_message_free(message);
    es_mikey_replay_free(replay);

    NO_MESSAGE(ES_MIKEY_ID_SCHEME, es_mikey_build(&draft, &sender, &all.to_bob, NULL, &message));
    draft.naming = ES_MIKEY_HIDDEN;
    NO_MESSAGE(ES_MIKEY_NO_UID, es_mikey_build(&draft, &sender, &recipient, NULL, &message));
    OK(es_mikey_user_tel(TEXT("tel:+447700900123"), TEXT("kms.example.org"), &of_kms));
    es_mikey_user_free(of_kms);
}

static void not_built(void) {
    es_mikey_message *message;
    es_mikey_user *user;
    uint8_t rand[256] = {0};
    const es_mikey_draft good = all.draft;
    es_mikey_draft draft = good;
#define BUILD(code) NO_MESSAGE(code, es_mikey_build(&draft, &all.alice, &all.to_bob, NULL, &message)); draft = good
    draft.naming = 0;
    BUILD(ES_VALUE);
    draft.naming = 4;
    BUILD(ES_VALUE);
    draft.group = 2;
    BUILD(ES_VALUE);
    draft.to_self = -1;
    BUILD(ES_VALUE);
    draft.rand.data = rand;
    draft.rand.length = sizeof rand;
    BUILD(ES_TOO_LONG);
    draft.rand.length = 1;
    BUILD(ES_BAD_POINTER);
    draft.session_count = 1;
    BUILD(ES_BAD_POINTER);
    /* Alice has no key for the next period, and none is there for a time that no period has. */
    draft.time += PERIOD;
    BUILD(ES_MIKEY_SIGNING_KEY);
    draft.time = UINT64_MAX;
    BUILD(ES_MIKEY_KEY_PERIOD);
#undef BUILD
    es_mikey_sender sender = all.alice;
    sender.key = all.signing[BOB_AT];
    NO_MESSAGE(ES_MIKEY_SIGNING_KEY, es_mikey_build(&good, &sender, &all.to_bob, NULL, &message));
    sender.key = NULL;
    NO_MESSAGE(ES_BAD_POINTER, es_mikey_build(&good, &sender, &all.to_bob, NULL, &message));
    sender = all.alice;
    sender.z = (const es_sakke_public *)(const void *)all.kpak;
    NO_MESSAGE(ES_BAD_HANDLE, es_mikey_build(&good, &sender, &all.to_bob, NULL, &message));
    es_mikey_recipient recipients[2] = {all.to_bob, {all.user[BOB_AT], NULL}};
    es_mikey_message *messages[2] = {NULL, NULL};
    EXPECT(ES_BAD_POINTER, es_mikey_build_many(&good, &all.alice, recipients, 2, NULL, messages));
    CHECK(messages[0] == NULL && messages[1] == NULL);
    OK(es_mikey_build_many(&good, &all.alice, NULL, 0, NULL, NULL));
    struct stuck stuck = {1, 0};
    const es_random random = {stuck_fill, &stuck};
    NO_MESSAGE(ES_RANDOM, es_mikey_build(&good, &all.alice, &all.to_bob, &random, &message));
    CHECK(stuck.calls == 1);

    EXPECT(ES_MIKEY_TEL, es_mikey_user_tel(TEXT("tel:+44 7700"), NULL, 0, &user));
    CHECK(user == NULL);
    EXPECT(ES_MIKEY_TEL, es_mikey_user_tel(NULL, 0, NULL, 0, &user));
    EXPECT(ES_NOT_UTF8, es_mikey_user_tel(TEXT("\xff"), NULL, 0, &user));
    EXPECT(ES_EMPTY, es_mikey_user_mcx(TEXT(""), TEXT(KMS), PERIOD, 0, &user));
    EXPECT(ES_EMPTY, es_mikey_user_mcx(TEXT(BOB), TEXT(""), PERIOD, 0, &user));
    EXPECT(ES_OUT_OF_RANGE, es_mikey_user_mcx(TEXT(BOB), TEXT(KMS), PERIOD, PERIOD, &user));
    static char name[65536];
    memset(name, 'a', sizeof name);
    EXPECT(ES_TEXT_TOO_LONG, es_mikey_user_mcx(name, sizeof name, TEXT(KMS), PERIOD, 0, &user));
    es_sakke_id *id;
    EXPECT(ES_MIKEY_KEY_PERIOD, es_mikey_user_sakke_id(all.tel, UINT64_MAX, &id));
    CHECK(id == NULL);
}

void test_mikey(void) {
    make();
    deployed();
    derived();
    group();
    tel();
    not_built();
    release();
}
