/* Handles that were freed: recognised while their memory was given to nobody else. A program of its own, since address
 * sanitizer and valgrind stop where it begins. */
#include "check.h"

int main(void) {
    es_ksak *ksak;
    es_kpak *kpak, *out;
    uint8_t octets[65];
    OK(es_ksak_generate(NULL, &ksak));
    OK(es_ksak_public_key(ksak, &kpak));
    es_kpak_free(kpak);
    EXPECT(ES_BAD_HANDLE, es_kpak_to_bytes(kpak, octets, sizeof octets));
    EXPECT(ES_BAD_HANDLE, es_kpak_prepared(kpak, &out));
    CHECK(out == NULL);
    es_kpak_free(kpak);
    es_ksak_free(ksak);
    EXPECT(ES_BAD_HANDLE, es_ksak_expose(ksak, octets, 32));
    es_ksak_free(ksak);
    /* Freed as another type: it stays, and is still good. */
    OK(es_ksak_generate(NULL, &ksak));
    es_kpak_free((es_kpak *)ksak);
    OK(es_ksak_expose(ksak, octets, 32));
    es_ksak_free(ksak);
    puts("freed handles are refused");
    return 0;
}
