/* How long calls take: the best of many short rounds each, since a machine has other work, too. */
#include "check.h"
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

#define MEASURE(name, calls, code, call)                                                             \
    do {                                                                                             \
        double best = 1e18;                                                                          \
        for (int round = 0; round < 500; round++) {                                                   \
            double begin = now();                                                                    \
            for (int i = 0; i < (calls); i++) EXPECT(code, call);                                    \
            double took = (now() - begin) / (calls);                                                 \
            if (took < best) best = took;                                                            \
        }                                                                                            \
        printf("%9.0f ns  %s\n", best, name);                                                        \
    } while (0)

int main(void) {
    es_ksak *ksak;
    es_kpak *kpak, *prepared;
    es_issued_key *issued;
    es_signing_key *key;
    es_verifying_key *verifying, *table;
    uint8_t signature[129];

    OK(es_ksak_generate(NULL, &ksak));
    OK(es_ksak_public_key(ksak, &kpak));
    OK(es_kpak_prepared(kpak, &prepared));
    OK(es_ksak_issue(ksak, OCTETS("alice"), NULL, &issued));
    OK(es_issued_key_validate(issued, kpak, OCTETS("alice"), &key));
    OK(es_signing_key_verifying_key(key, &verifying));
    OK(es_verifying_key_prepared(verifying, &table));
    OK(es_signing_key_sign(key, OCTETS("message"), NULL, signature, 129));

    /* Up to where the work would begin: pointers, handles, lengths, and the guard against panics. */
    MEASURE("verify, refused for its length", 1000, ES_INVALID_SIGNATURE,
            es_verifying_key_verify(table, OCTETS("message"), signature, 128));
    MEASURE("sign, refused for its length", 1000, ES_LENGTH,
            es_signing_key_sign(key, OCTETS("message"), NULL, signature, 128));
    MEASURE("verify with a prepared es_verifying_key", 20, ES_OK,
            es_verifying_key_verify(table, OCTETS("message"), signature, 129));
    MEASURE("verify with a prepared es_kpak", 20, ES_OK,
            es_kpak_verify(prepared, OCTETS("alice"), OCTETS("message"), signature, 129));
    MEASURE("sign", 20, ES_OK, es_signing_key_sign(key, OCTETS("message"), NULL, signature, 129));

    es_verifying_key_free(table);
    es_verifying_key_free(verifying);
    es_signing_key_free(key);
    es_issued_key_free(issued);
    es_kpak_free(prepared);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
    return 0;
}
