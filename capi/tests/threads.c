/* Handles that many threads use at once. */
#include "check.h"
#include <pthread.h>

enum { THREADS = 4, ROUNDS = 5 };

static struct {
    es_ksak *ksak;
    es_kpak *kpak;
    es_signing_key *key;
    es_verifying_key *verifying;
    es_sakke_public *public_key;
    es_sakke_id *id;
    es_sakke_key *receiver;
} shared;

static void *work(void *unused) {
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t signature[129], data[273], ssv[16], opened[16];
        es_issued_key *issued;
        OK(es_signing_key_sign(shared.key, OCTETS("message"), NULL, signature, 129));
        OK(es_verifying_key_verify(shared.verifying, OCTETS("message"), signature, 129));
        OK(es_kpak_verify(shared.kpak, OCTETS("alice"), OCTETS("message"), signature, 129));
        OK(es_ksak_issue(shared.ksak, OCTETS("bob"), NULL, &issued));
        es_issued_key_free(issued);
        if (i == 0) {
            OK(es_sakke_public_encapsulate(shared.public_key, shared.id, NULL, data, 273, ssv, 16));
            OK(es_sakke_key_decapsulate(shared.receiver, data, 273, opened, 16));
            CHECK(memcmp(ssv, opened, 16) == 0);
        }
    }
    return NULL;
}

void test_threads(void) {
    es_issued_key *issued;
    es_sakke_secret *secret;
    es_sakke_issued *delivered;
    pthread_t threads[THREADS];

    OK(es_ksak_generate(NULL, &shared.ksak));
    OK(es_ksak_public_key(shared.ksak, &shared.kpak));
    OK(es_ksak_issue(shared.ksak, OCTETS("alice"), NULL, &issued));
    OK(es_issued_key_validate(issued, shared.kpak, OCTETS("alice"), &shared.key));
    OK(es_signing_key_verifying_key(shared.key, &shared.verifying));
    OK(es_sakke_secret_generate(NULL, &secret));
    OK(es_sakke_secret_public_key(secret, &shared.public_key));
    OK(es_sakke_id_from_raw(OCTETS("alice"), &shared.id));
    OK(es_sakke_secret_issue(secret, shared.id, &delivered));
    OK(es_sakke_issued_validate(delivered, shared.public_key, shared.id, &shared.receiver));
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);

    es_sakke_key_free(shared.receiver);
    es_sakke_issued_free(delivered);
    es_sakke_id_free(shared.id);
    es_sakke_public_free(shared.public_key);
    es_sakke_secret_free(secret);
    es_verifying_key_free(shared.verifying);
    es_signing_key_free(shared.key);
    es_issued_key_free(issued);
    es_kpak_free(shared.kpak);
    es_ksak_free(shared.ksak);
}
