/* SPDX-License-Identifier: Apache-2.0 */
/* What the soft board does at every instruction, so that Python need not: counts it, stops before
 * the one at which the count reaches a limit, and stops before a load or store of several words
 * whose base register is not a multiple of four, which faults on the core but not in Unicorn.
 *
 * Called by Unicorn as a hook on code; nothing of Unicorn is included, its two functions arrive as
 * pointers. The layout of safe_watch_t is repeated in watch.py. */
#include <stdint.h>

#define UNALIGNED_MASK 3u

/** `mark` of a halfword of code: 0, or 1 + the number of the base register to check. */
typedef struct safe_watch {
    volatile uint64_t instructions; /* executed so far */
    volatile uint64_t limit;        /* stop before the instruction when there are so many */
    volatile uint64_t address;      /* of the instruction that runs */
    uint64_t misaligned;            /* address of the instruction that was stopped for that, or 1 */
    uint64_t pardoned;              /* address that may run once all the same, or 1 */
    uint64_t code_start;
    uint64_t code_bytes;
    const uint8_t *marks;
    int (*read_register)(void *core, int number, void *value);
    int (*stop)(void *core);
    const int32_t *register_numbers; /* of r0 to r14, in Unicorn's own numbering */
} safe_watch_t;

__attribute__((visibility("default"))) void safe_watch(void *core, uint64_t address, uint32_t size,
                                                       void *user);

void safe_watch(void *core, uint64_t address, uint32_t size, void *user)
{
    safe_watch_t *watch = user;
    (void)size;
    if (watch->instructions >= watch->limit) {
        (void)watch->stop(core);
        return;
    }
    uint64_t at = address - watch->code_start;
    if (at < watch->code_bytes && watch->marks[at >> 1] != 0u && watch->pardoned != address) {
        uint32_t base = 0;
        (void)watch->read_register(core, watch->register_numbers[watch->marks[at >> 1] - 1], &base);
        if ((base & UNALIGNED_MASK) != 0u) {
            watch->misaligned = address;
            (void)watch->stop(core);
            return;
        }
    }
    watch->pardoned = 1u;
    watch->address = address;
    watch->instructions++;
}
