/* Signals that are ignored by default change nothing, job control is not the guest's, others do not
 * exist. */
#include "wasi_raw.h"

int main(void) {
    OK(proc_raise(16));
    OK(proc_raise(17));
    OK(proc_raise(22));
    OK(proc_raise(27));
    for (u32 stop = 18; stop <= 21; stop++)
        EXPECT(ENOSYS, proc_raise(stop));
    EXPECT(EINVAL, proc_raise(0));
    EXPECT(EINVAL, proc_raise(31));
    EXPECT(EINVAL, proc_raise(UINT32_MAX));
    OK(sched_yield());
    return finish();
}
