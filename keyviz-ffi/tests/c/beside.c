/* Two Rust archives in one program: neither is in the other's way. */
#include "check.h"

extern void other_begin(void);
extern uint32_t other_fault(void);

int main(void) {
    keyviz_sampler kv;
    other_begin();
    kv = small_sampler(0);
    OK(keyviz_register(kv, 1, "a", 1, NULL, 0, 0, NULL));
    OK(keyviz_flusher_start(kv));
    CHECK(other_fault() == 1);
    OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "b", 1, 0));
    CHECK(other_fault() == 2);
    OK(keyviz_flusher_stop(kv));
    CHECK(counters_of(kv).recorded.writes == 1 && counters_of(kv).faults == 0);
    OK(keyviz_close(kv));
    return 0;
}
