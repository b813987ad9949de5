/* Runs the operations on stacks that were painted before, and prints how much of them they wrote. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t footprint_key_size(void);
bool footprint_validate(const uint8_t *kpak, const uint8_t *ssk, const uint8_t *pvt, void *key);
bool footprint_sign(const void *key, const uint8_t *fresh, uint8_t *out);
bool footprint_verify(const uint8_t *kpak, const uint8_t *signature);

#ifdef WITH_HEAP_CHECK
void heap_was_used(void) {
    fputs("the heap was used\n", stderr);
    abort();
}
#endif

/* RFC 6507, Appendix A. */
static const char KPAK[] = "0450d4670bde75244f28d2838a0d25558a7a72686d4522d4c8273fb6442aebfa93"
                           "dbdd37551afd263b5dfd617f3960c65a8c298850ff99f20366dce7d4367217f4";
static const char SSK[] = "23f374ae1f4033f3e9dbddaaef20f4cf0b86bbd5a138a5ae9e7e006b34489a0d";
static const char PVT[] = "04758a142779be89e829e71984cb40ef758cc4ad775fc5b9a3e1c8ed52f6fa36d9"
                          "a79d247692f4eda3a6bdab77d6aa6474a464ae4934663c5265ba7018ba091f79";

static uint8_t kpak[65], ssk[32], pvt[65], fresh[32], signature[129];
static void *key;

enum { ROOM = 1 << 20, PAINT = 0xa5 };
static uint8_t stack[ROOM] __attribute__((aligned(4096)));

static void decode(const char *text, uint8_t *out) {
    for (; *text; text += 2) {
        char octet[3] = {text[0], text[1], 0};
        *out++ = (uint8_t)strtoul(octet, NULL, 16);
    }
}

static void *nothing(void *unused) { return unused == NULL ? kpak : NULL; }
static void *validate(void *unused) { return footprint_validate(kpak, ssk, pvt, key) ? unused == NULL ? key : NULL : NULL; }
static void *sign(void *unused) { return footprint_sign(key, fresh, signature) ? unused == NULL ? key : NULL : NULL; }
static void *verify(void *unused) { return footprint_verify(kpak, signature) ? unused == NULL ? key : NULL : NULL; }

/* Octets of stack that the function wrote, with those of the thread itself. */
static size_t used(void *(*function)(void *)) {
    pthread_attr_t attributes;
    pthread_t thread;
    void *result = NULL;
    memset(stack, PAINT, ROOM);
    if (pthread_attr_init(&attributes) || pthread_attr_setstack(&attributes, stack, ROOM) ||
        pthread_create(&thread, &attributes, function, NULL) || pthread_join(thread, &result) || result == NULL) {
        fputs("the operation failed\n", stderr);
        exit(1);
    }
    size_t untouched = 0;
    while (untouched < ROOM && stack[untouched] == PAINT)
        untouched++;
    return ROOM - untouched;
}

int main(void) {
    decode(KPAK, kpak);
    decode(SSK, ssk);
    decode(PVT, pvt);
    memset(fresh, 7, sizeof fresh);
    key = aligned_alloc(64, (footprint_key_size() + 63) / 64 * 64);
    size_t base = used(nothing);
    printf("stack of validate: %zu octets\n", used(validate) - base);
    printf("stack of sign: %zu octets\n", used(sign) - base);
    printf("stack of verify: %zu octets\n", used(verify) - base);
    printf("a signing key: %zu octets\n", footprint_key_size());
    free(key);
    return 0;
}
