/* What the test programs share. */
#ifndef CHECK_H
#define CHECK_H

#include <eccsi_sakke.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                             \
    do {                                                                                             \
        if (!(condition)) {                                                                          \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                   \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

#ifdef SUITE
/* The codes that calls have given, by their numbers. Threads make calls that succeed alone. */
extern unsigned char produced[128];
#define GIVEN(code) ((code) == 0 ? 0 : (produced[(code) & 127] = 1))
#else
#define GIVEN(code) 0
#endif

/* The call gives this code. */
#define EXPECT(code, call)                                                                           \
    do {                                                                                             \
        int got_ = (int)(call);                                                                      \
        (void)GIVEN(got_);                                                                           \
        if (got_ != (int)(code)) {                                                                   \
            fprintf(stderr, "%s:%d: %s: %d (%s), not %s\n", __FILE__, __LINE__, #call, got_,            \
                    es_error_text(got_), #code);                                                      \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

#define OK(call) EXPECT(ES_OK, call)
#define ID "2011-02\0tel:+447700900123\0"
#define ID_LENGTH 26
#define OCTETS(text) (const uint8_t *)(text), sizeof(text) - 1

/* A generator that repeats itself, counts, and fails when its context says so. */
struct stuck {
    int fails;
    unsigned calls;
};

static inline int32_t stuck_fill(void *context, uint8_t *octets, size_t length) {
    struct stuck *stuck = (struct stuck *)context;
    stuck->calls += 1;
    memset(octets, 7, length);
    return stuck->fails;
}

void test_eccsi(void);
void test_sakke(void);
void test_association(void);
void test_mikey(void);
void test_mikey_content(void);
void test_misuse(void);
void test_codes(void);
void test_threads(void);
void test_promises(void);

#endif
