/* Two copies of the library in one program, an archive and a shared one: a handle of one is foreign to the other. The path
 * of the shared one is the first argument. */
#include <dlfcn.h>

#include "check.h"

typedef keyviz_status (*open_function)(const keyviz_config *, uint64_t, keyviz_sampler *);
typedef keyviz_status (*flush_function)(keyviz_sampler, uint64_t);

int main(int count, char **arguments) {
    void *other, *found;
    open_function other_open;
    flush_function other_flush;
    keyviz_sampler here = small_sampler(0), there;
    uint64_t before = counters_of(here).foreign_handles;
    CHECK(count == 2);
    other = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(other != NULL);
    found = dlsym(other, "keyviz_open");
    CHECK(found != NULL);
    memcpy(&other_open, &found, sizeof found);
    found = dlsym(other, "keyviz_flush");
    CHECK(found != NULL);
    memcpy(&other_flush, &found, sizeof found);
    CHECK(other_open(NULL, 0, &there) == KEYVIZ_STATUS_OK && other_flush(there, 1000) == KEYVIZ_STATUS_OK);
    CHECK_STATUS(keyviz_flush(there, 1000), KEYVIZ_STATUS_FOREIGN_HANDLE);
    CHECK_STATUS(keyviz_observe(there, 1, 0, "k", 1, 0), KEYVIZ_STATUS_FOREIGN_HANDLE);
    CHECK(other_flush(here, 1000) == KEYVIZ_STATUS_FOREIGN_HANDLE);
    CHECK(counters_of(here).foreign_handles == before + 2);
    OK(keyviz_flush(here, 1000));
    OK(keyviz_close(here));
    return 0;
}
