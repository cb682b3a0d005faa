/* SPDX-License-Identifier: Apache-2.0 */
/* What the soft board does at every instruction, so that Python need not: counts it, stops before
 * the one at which the count reaches a limit, and stops before one that the core would refuse but
 * Unicorn does not: a load or store of several words whose base register is not a multiple of four,
 * a floating-point instruction while the unit is off, a switch to the process stack.
 *
 * Called by Unicorn as a hook on code; nothing of Unicorn is included, its two functions arrive as
 * pointers. The layout of safe_watch_t is repeated in watch.py. */
#include <stdint.h>

#define UNALIGNED_MASK 3u

/** A mark of a halfword of code: 0 where nothing is to be looked at. */
#define MARK_BASE 0x0Fu /* 1 + the number of the base register to check, or 0 */
#define MARK_PROCESS_STACK 0x40u
#define MARK_FLOAT 0x80u

typedef struct safe_watch {
    volatile uint64_t instructions; /* executed so far */
    volatile uint64_t limit;        /* stop before the instruction when there are so many */
    volatile uint64_t address;      /* of the instruction that runs */
    uint64_t refused;               /* address of the instruction that was stopped at, or 1 */
    uint64_t pardoned;              /* address that may run once all the same, or 1 */
    uint64_t code_start;
    uint64_t code_bytes;
    uint64_t float_off; /* 1: the floating-point unit is off */
    const uint8_t *marks;
    int (*read_register)(void *core, int number, void *value);
    int (*stop)(void *core);
    const int32_t *register_numbers; /* of r0 to r14, in Unicorn's own numbering */
} safe_watch_t;

__attribute__((visibility("default"))) void safe_watch(void *core, uint64_t address, uint32_t size,
                                                       void *user);

static int is_refused(const safe_watch_t *watch, void *core, uint8_t mark)
{
    if ((mark & MARK_PROCESS_STACK) != 0u ||
        ((mark & MARK_FLOAT) != 0u && watch->float_off != 0u)) {
        return 1;
    }
    uint32_t base = 0;
    if ((mark & MARK_BASE) != 0u) {
        (void)watch->read_register(core, watch->register_numbers[(mark & MARK_BASE) - 1u], &base);
    }
    return (base & UNALIGNED_MASK) != 0u;
}

void safe_watch(void *core, uint64_t address, uint32_t size, void *user)
{
    safe_watch_t *watch = user;
    (void)size;
    if (watch->instructions >= watch->limit) {
        (void)watch->stop(core);
        return;
    }
    uint64_t at = address - watch->code_start;
    if (at < watch->code_bytes && watch->marks[at >> 1] != 0u && watch->pardoned != address &&
        is_refused(watch, core, watch->marks[at >> 1])) {
        watch->refused = address;
        (void)watch->stop(core);
        return;
    }
    watch->pardoned = 1u;
    watch->address = address;
    watch->instructions++;
}
