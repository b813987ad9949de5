/* What the header says of outputs that overlap with inputs, and of functions that the caller gives; and callers that try
 * what nobody thinks of. */
#define _POSIX_C_SOURCE 200112L
#include "check.h"
#include "vectors.h"
#include <sys/wait.h>
#include <unistd.h>

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

/* A child has the handles of its parent, and random octets of its own. */
static void forked(void) {
    es_ksak *ksak;
    es_kpak *kpak;
    es_issued_key *issued;
    es_signing_key *key;
    uint8_t signatures[2][129];
    int ends[2], status;

    OK(es_ksak_generate(NULL, &ksak));
    OK(es_ksak_public_key(ksak, &kpak));
    OK(es_ksak_issue(ksak, OCTETS("alice"), NULL, &issued));
    OK(es_issued_key_validate(issued, kpak, OCTETS("alice"), &key));
    CHECK(pipe(ends) == 0);
    const pid_t child = fork();
    CHECK(child >= 0);
    OK(es_signing_key_sign(key, OCTETS("message"), NULL, signatures[child == 0], 129));
    if (child == 0) _exit(write(ends[1], signatures[1], 129) == 129 ? 0 : 1);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(read(ends[0], signatures[1], 129) == 129);
    /* The same r twice would give the key away. */
    CHECK(memcmp(signatures[0], signatures[1], 32) != 0);
    for (int i = 0; i < 2; i++) OK(es_kpak_verify(kpak, OCTETS("alice"), OCTETS("message"), signatures[i], 129));
    close(ends[0]);
    close(ends[1]);

    es_signing_key_free(key);
    es_issued_key_free(issued);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
}

/* A generator that frees what is not of the call, and asks for a batch of its own. */
static int32_t freeing_fill(void *context, uint8_t *octets, size_t length) {
    es_ksak **other = (es_ksak **)context, *made[1] = {NULL};
    es_issued_key *issued[2];
    const es_octets ids[2] = {{octets, length}, {octets, 0}};
    es_ksak_free(*other);
    OK(es_ksak_generate(NULL, other));
    OK(es_ksak_issue_many(*other, ids, 2, NULL, issued));
    for (int i = 0; i < 2; i++) es_issued_key_free(issued[i]);
    OK(es_ksak_generate(NULL, made));
    OK(es_ksak_expose(made[0], octets, 32));
    es_ksak_free(made[0]);
    return 0;
}

/* Room that nobody has, places that are not aligned, a list that holds itself, and one handle for all. */
static void hostile(void) {
    es_ksak *ksak, *other = NULL;
    es_kpak *kpak;
    es_issued_key *issued[2];
    es_signing_key *keys[2];
    es_trusted *trusted;
    es_mikey_replay *replay;
    es_error outcomes[2];
    uint8_t octets[65], signature[129];
    char text[64];
    size_t length;
    uint64_t space[2];

    const es_random freeing = {freeing_fill, &other};
    OK(es_ksak_generate(&freeing, &ksak));
    OK(es_ksak_public_key(ksak, &kpak));
    es_ksak_free(other);
    /* A cache takes memory for what it has seen, not for what it may. */
    OK(es_mikey_replay_new(SIZE_MAX, &replay));
    es_mikey_replay_free(replay);
    OK(es_mikey_replay_new(0, &replay));
    es_mikey_replay_free(replay);

    /* The same delivered key twice is two keys. */
    OK(es_ksak_issue(ksak, OCTETS("alice"), NULL, &issued[0]));
    const es_delivered delivered[2] = {{{OCTETS("alice")}, issued[0]}, {{OCTETS("alice")}, issued[0]}};
    OK(es_issued_key_validate_many(delivered, 2, kpak, NULL, keys, outcomes));
    CHECK(keys[0] != keys[1]);
    es_signing_key_free(keys[1]);
    OK(es_signing_key_sign(keys[0], OCTETS("message"), NULL, signature, 129));

    /* A handle that is written over itself is lost, and not used. */
    es_kpak *again = kpak;
    OK(es_kpak_prepared(again, &again));
    CHECK(again != kpak);
    OK(es_kpak_verify(again, OCTETS("alice"), OCTETS("message"), signature, 129));
    es_kpak_free(again);
    /* The place of a handle is not aligned, or that of an outcome. */
    char *odd = (char *)space + 1;
    EXPECT(ES_BAD_POINTER, es_kpak_prepared(kpak, (es_kpak **)(void *)odd));
    const es_signed list[1] = {{{OCTETS("alice")}, {OCTETS("message")}, {signature, 129}}};
    EXPECT(ES_BAD_POINTER, es_kpak_verify_many(kpak, list, 1, (es_error *)(void *)odd));
    EXPECT(ES_BAD_POINTER, es_kpak_verify_many(kpak, (const es_signed *)(const void *)odd, 1, outcomes));
    /* Counts whose octets do not fit into a number, though they do as a count. */
    EXPECT(ES_LENGTH, es_kpak_verify_many(kpak, list, SIZE_MAX / sizeof list[0] + 2, outcomes));
    EXPECT(ES_LENGTH, es_ksak_issue_many(ksak, &list[0].id, SIZE_MAX / 16 + 2, NULL, issued));
    /* A list that says it has none may stand anywhere; and octets, too. */
    OK(es_kpak_verify_many(kpak, (const es_signed *)(const void *)odd, 0, NULL));
    OK(es_signing_key_sign(keys[0], (const uint8_t *)odd, 0, NULL, signature, 129));
    OK(es_kpak_verify(kpak, OCTETS("alice"), NULL, 0, signature, 129));

    /* All room of the memory, as one says who does not count. */
    OK(es_identifier_canonical(ES_FQDN, TEXT("mef.example.com"), text, SIZE_MAX, &length));
    CHECK(strcmp(text, "mef.example.com") == 0);
    /* A NUL in a text is a character, which no name has. */
    EXPECT(ES_FQDN_LABEL, es_identifier_canonical(ES_FQDN, "mef\0.example.com", 16, text, sizeof text, &length));
    OK(es_trusted_new(&trusted));
    EXPECT(ES_FQDN_LABEL, es_trusted_pin(trusted, "mef.example.com\0", 16, TEXT("sp.example.com"), kpak));
    es_trusted_free(trusted);

    OK(es_kpak_to_bytes(kpak, octets, 65));
    es_signing_key_free(keys[0]);
    es_issued_key_free(issued[0]);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
}

void test_promises(void) {
    overlaps();
    callbacks();
    forked();
    hostile();
}
