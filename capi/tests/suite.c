/* All that holds in a program that uses the library as it should, and that makes mistakes which are found. */
#include "check.h"

/* That a call succeeds needs no record. */
unsigned char produced[128] = {1};

int main(void) {
    test_eccsi();
    test_sakke();
    test_association();
    test_mikey();
    test_mikey_content();
    test_misuse();
    test_threads();
    test_promises();
    test_codes();
    puts("all as it should be");
    return 0;
}
