/* What messages of MIKEY-SAKKE say: crypto sessions, security policies, keys of signalling, and messages in SDP. */
#include "mikey.h"

static es_mikey_message *opened(const uint8_t *octets, size_t length) {
    es_mikey_replay *replay;
    es_mikey_message *message;
    OK(es_mikey_replay_new(4, &replay));
    OK(es_mikey_open(&all.bob, all.known, USERS, replay, octets, length, mikey_time, &message));
    es_mikey_replay_free(replay);
    return message;
}

/* A policy without what may stand between its fields. */
static es_mikey_policy policy_of(int32_t profile, uint8_t number) {
    es_mikey_policy policy;
    memset(&policy, 0, sizeof policy);
    OK(es_mikey_policy_default(profile, number, &policy));
    return policy;
}

static int is_same(const es_mikey_policy *a, const es_mikey_policy *b) {
    return memcmp(a, b, offsetof(es_mikey_policy, aead_tag) + 1) == 0 && a->roc_rate == b->roc_rate &&
           a->key_derivation_rate == b->key_derivation_rate;
}

static void deployed(void) {
    es_mikey_message *message = opened(mikey_message, sizeof mikey_message);
    es_mikey_policy policies[2], expected = policy_of(ES_MIKEY_MCX_GROUP, 0);
    es_mikey_session sessions[1];
    uint8_t keys[2][ES_MIKEY_SIGNALLING_KEY_BYTES];
    size_t length;

    OK(es_mikey_message_policies(message, policies, 2, &length));
    CHECK(length == 1 && is_same(policies, &expected));
    OK(es_mikey_message_policies(message, policies, 1, &length));
    EXPECT(ES_BUFFER_TOO_SMALL, es_mikey_message_policies(message, NULL, 0, &length));
    CHECK(length == 1);
    OK(es_mikey_message_sessions(message, sessions, 1, &length));
    CHECK(length == 0);
    OK(es_mikey_message_sessions(message, NULL, 0, &length));

    OK(es_mikey_message_signalling_key(message, ES_MIKEY_CONFIDENTIALITY, TEXT(BOB), keys[0], sizeof keys[0]));
    OK(es_mikey_message_signalling_key(message, ES_MIKEY_INTEGRITY, TEXT(BOB), keys[1], sizeof keys[1]));
    CHECK(memcmp(keys[0], mikey_confidentiality, 32) == 0 && memcmp(keys[1], mikey_integrity, 32) == 0);
    OK(es_mikey_message_signalling_key(message, ES_MIKEY_INTEGRITY, TEXT(ALICE), keys[1], sizeof keys[1]));
    CHECK(memcmp(keys[1], mikey_integrity, 32) != 0);
    static char name[65536];
    memset(name, 'a', sizeof name);
    memset(keys[0], 9, sizeof keys[0]);
    EXPECT(ES_TOO_LONG, es_mikey_message_signalling_key(message, ES_MIKEY_INTEGRITY, name, sizeof name, keys[0], 32));
    EXPECT(ES_VALUE, es_mikey_message_signalling_key(message, 3, TEXT(BOB), keys[0], 32));
    EXPECT(ES_NOT_UTF8, es_mikey_message_signalling_key(message, ES_MIKEY_INTEGRITY, TEXT("\xff"), keys[0], 32));
    CHECK(keys[0][0] == 9 && keys[0][31] == 9);
    es_mikey_message_free(message);
}

static void policies(void) {
    const es_mikey_policy rfc = policy_of(ES_MIKEY_RFC_3830, 1), mcx = policy_of(ES_MIKEY_MCX, 2);
    CHECK(rfc.number == 1 && rfc.encryption == 1 && rfc.authentication == 1 && rfc.tag == 10 && rfc.salt == 14);
    CHECK(mcx.number == 2 && mcx.encryption == 6 && mcx.authentication == 0 && mcx.salt == 12 && mcx.aead_tag == 16);

    /* Each field of its own value, so that none is taken for another. */
    es_mikey_policy given[2] = {rfc, mcx}, found[2];
    given[0].encryption_key = 32;
    given[0].authentication = 2;
    given[0].tag = 20;
    given[0].rtcp_tag = 4;
    given[0].salt = 13;
    given[0].roc_rate = 300;
    given[0].key_derivation_rate = 1u << 24;
    const es_mikey_session sessions[3] = {{1, 0x11223344, 7}, {2, 0x55667788, 0xffffffffu}, {1, 0, 0}};
    es_mikey_session read[3];
    es_mikey_draft draft = all.draft;
    es_mikey_message *message, *got;
    uint8_t octets[2048];
    size_t length;
    draft.sessions = sessions;
    draft.session_count = 3;
    draft.policies = given;
    draft.policy_count = 2;
    OK(es_mikey_build(&draft, &all.alice, &all.to_bob, NULL, &message));
    OK(es_mikey_message_octets(message, octets, sizeof octets, &length));
    got = opened(octets, length);
    es_mikey_message *const both[2] = {message, got};
    for (int end = 0; end < 2; end++) {
        memset(found, 0, sizeof found);
        OK(es_mikey_message_policies(both[end], found, 2, &length));
        CHECK(length == 2 && is_same(&found[0], &given[0]) && is_same(&found[1], &given[1]));
        OK(es_mikey_message_sessions(both[end], read, 3, &length));
        CHECK(length == 3);
        for (int i = 0; i < 3; i++)
            CHECK(read[i].policy == sessions[i].policy && read[i].ssrc == sessions[i].ssrc && read[i].roc == sessions[i].roc);
        EXPECT(ES_BUFFER_TOO_SMALL, es_mikey_message_sessions(both[end], read, 2, &length));
        CHECK(length == 3);
        es_mikey_message_free(both[end]);
    }

    /* What no receiver takes is not sent. */
#define REFUSED(code)                                                                          \
    NO_MESSAGE(code, es_mikey_build(&draft, &all.alice, &all.to_bob, NULL, &message));         \
    given[0] = rfc
    given[0].encryption = 3;
    REFUSED(ES_MIKEY_POLICY);
    given[0].encryption_key = 17;
    REFUSED(ES_MIKEY_POLICY);
    given[0].roc_rate = 2;
    REFUSED(ES_MIKEY_POLICY);
    given[0].key_derivation_rate = 3;
    REFUSED(ES_MIKEY_POLICY);
    given[0].number = 2;
    REFUSED(ES_MIKEY_MALFORMED);
    /* Two sessions have the policy 1. */
    given[0].number = 9;
    REFUSED(ES_MIKEY_POLICY);
    draft.policies = NULL;
    REFUSED(ES_BAD_POINTER);
    draft.policies = given;
    draft.policy_count = SIZE_MAX;
    REFUSED(ES_LENGTH);
#undef REFUSED
    EXPECT(ES_VALUE, es_mikey_policy_default(0, 1, given));
    EXPECT(ES_VALUE, es_mikey_policy_default(4, 1, given));
}

static void in_sdp(void) {
    es_mikey_message *message = opened(mikey_message, sizeof mikey_message);
    char line[2048], text[8192];
    uint8_t octets[2048];
    size_t length, next = 99, from = 0;
    OK(es_mikey_message_sdp(message, line, sizeof line, &length));
    CHECK(strcmp(line, mikey_sdp) == 0 && length == strlen(line));
    EXPECT(ES_BUFFER_TOO_SMALL, es_mikey_message_sdp(message, line, length, &length));
    CHECK(length == strlen(mikey_sdp));
    es_mikey_message_free(message);

    /* One of the session and one of a medium, behind one for another protocol. */
    sprintf(text, "v=0\r\na=key-mgmt:other AAAA\r\n%s\r\nm=audio 9 RTP/SAVP 0\r\n%s\r\ns=\xc3\xa4\r\n", line, line);
    for (int i = 0; i < 2; i++) {
        memset(octets, 0, sizeof octets);
        EXPECT(ES_BUFFER_TOO_SMALL, es_mikey_sdp_next(TEXT(text), from, NULL, 0, &length, &next));
        CHECK(length == sizeof mikey_message && next == (i ? from : 99));
        EXPECT(ES_BAD_POINTER, es_mikey_sdp_next(TEXT(text), from, octets, sizeof octets, &length, NULL));
        CHECK(octets[0] == 0);
        OK(es_mikey_sdp_next(TEXT(text), from, octets, length, &length, &next));
        CHECK(length == sizeof mikey_message && memcmp(octets, mikey_message, length) == 0);
        CHECK(next > from && text[next - 1] == '\n');
        from = next;
    }
    EXPECT(ES_MIKEY_NO_MESSAGE, es_mikey_sdp_next(TEXT(text), from, octets, sizeof octets, &length, &next));
    EXPECT(ES_MIKEY_NO_MESSAGE, es_mikey_sdp_next(TEXT(text), strlen(text), octets, sizeof octets, &length, &next));
    CHECK(next == from);
    /* Behind the end, and inside of a character. */
    const size_t wrong[3] = {strlen(text) + 1, SIZE_MAX, strlen(text) - 3};
    for (int i = 0; i < 3; i++)
        EXPECT(ES_VALUE, es_mikey_sdp_next(TEXT(text), wrong[i], octets, sizeof octets, &length, &next));
    /* A fold, no base64, no form; and what is no UTF-8. */
    const char *lines[4] = {"v=0\n folded\n", "a=key-mgmt:mikey AA==A\n", "a=key-mgmt:mikey\n", "\xff\n"};
    for (int i = 0; i < 4; i++)
        EXPECT(i < 3 ? ES_MIKEY_SDP : ES_NOT_UTF8,
               es_mikey_sdp_next(TEXT(lines[i]), 0, octets, sizeof octets, &length, &next));
    EXPECT(ES_MIKEY_NO_MESSAGE, es_mikey_sdp_next(NULL, 0, 0, octets, sizeof octets, &length, &next));
}

void test_mikey_content(void) {
    make();
    deployed();
    policies();
    in_sdp();
    release();
}
