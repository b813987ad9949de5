/* All that holds in a program that uses the library as it should, and that makes mistakes which are found. */
#include "check.h"

int main(void) {
    test_eccsi();
    test_sakke();
    test_association();
    test_misuse();
    test_threads();
    puts("all as it should be");
    return 0;
}
