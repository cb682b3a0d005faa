/* SPDX-License-Identifier: Apache-2.0 */
/* What the soft board does at every instruction, so that Python need not: counts it, stops before
 * the one at which the count reaches a limit, and stops before one that the core would refuse but
 * Unicorn does not: a load or store of several words whose base register is not a multiple of four,
 * on Armv6-M any one that is not aligned to what it moves,
 * a floating-point instruction while the unit is off, a switch to the process stack.
 *
 * Called by Unicorn as a hook on code; nothing of Unicorn is included, its two functions arrive as
 * pointers. The layout of safe_watch_t is repeated in watch.py. */
#include <stdint.h>

#define UNALIGNED_MASK 3u

/** A mark of a halfword of code: 0 where nothing is to be looked at. */
#define MARK_BASE 0x0Fu   /* 1 + the number of the base register to check, or 0 */
#define MARK_NARROW 0x20u /* Armv6-M: a load or store of 16 bits that must be aligned */
#define MARK_PROCESS_STACK 0x40u
#define MARK_FLOAT 0x80u

/** Marks of a halfword of a RISC-V program. */
#define MARK_SYSTEM 0x01u /* the model does this instruction */
#define MARK_ACCESS 0x02u /* moves a word or halfword, must be aligned */

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
    const int32_t *register_numbers; /* of r0 to r14, or x0 to x31, in Unicorn's own numbering */
    const uint16_t *code;            /* what the marks belong to */
} safe_watch_t;

__attribute__((visibility("default"))) void safe_watch(void *core, uint64_t address, uint32_t size,
                                                       void *user);
__attribute__((visibility("default"))) void safe_watch_riscv(void *core, uint64_t address,
                                                             uint32_t size, void *user);

static uint32_t register_of(const safe_watch_t *watch, void *core, uint32_t number)
{
    uint32_t value = 0;
    (void)watch->read_register(core, watch->register_numbers[number], &value);
    return value;
}

/* DDI 0419E section A5.2.4: register offset (0101, bit 9 tells halfwords), words and halfwords at
 * an immediate offset (0110, 1000). The last two offsets are multiples of what is moved. */
static int is_unaligned(const safe_watch_t *watch, void *core, uint32_t code)
{
    uint32_t address = register_of(watch, core, code >> 3 & 7u);
    uint32_t mask = UNALIGNED_MASK;
    if (code >> 12 == 5u) {
        address += register_of(watch, core, code >> 6 & 7u);
        mask = (code & 0x0200u) != 0u ? 1u : UNALIGNED_MASK;
    } else if (code >> 12 == 8u) {
        mask = 1u;
    }
    return (address & mask) != 0u;
}

static int is_refused(const safe_watch_t *watch, void *core, uint64_t half)
{
    uint8_t mark = watch->marks[half];
    if ((mark & MARK_PROCESS_STACK) != 0u ||
        ((mark & MARK_FLOAT) != 0u && watch->float_off != 0u)) {
        return 1;
    }
    if ((mark & MARK_NARROW) != 0u) {
        return is_unaligned(watch, core, watch->code[half]);
    }
    return (mark & MARK_BASE) != 0u &&
           (register_of(watch, core, (mark & MARK_BASE) - 1u) & UNALIGNED_MASK) != 0u;
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
        is_refused(watch, core, at >> 1)) {
        watch->refused = address;
        (void)watch->stop(core);
        return;
    }
    watch->pardoned = 1u;
    watch->address = address;
    watch->instructions++;
}

/* RISC-V unprivileged ISA, formats I and S: the offset of a load, of a store; C.LW and C.SW have
 * multiples of four at an upper register. */
static int is_unaligned_riscv(const safe_watch_t *watch, void *core, uint64_t half)
{
    uint32_t code = watch->code[half];
    if ((code & 3u) != 3u) {
        return (register_of(watch, core, 8u + (code >> 7 & 7u)) & UNALIGNED_MASK) != 0u;
    }
    code |= (uint32_t)watch->code[half + 1u] << 16;
    uint32_t sign = code >> 31 != 0u ? 0xFFFFF000u : 0u;
    uint32_t offset =
        sign | ((code & 0x20u) != 0u ? (code >> 20 & 0xFE0u) | (code >> 7 & 0x1Fu) : code >> 20);
    uint32_t mask = (code >> 12 & 3u) == 1u ? 1u : UNALIGNED_MASK;
    return ((register_of(watch, core, code >> 15 & 31u) + offset) & mask) != 0u;
}

void safe_watch_riscv(void *core, uint64_t address, uint32_t size, void *user)
{
    safe_watch_t *watch = user;
    (void)size;
    uint64_t at = address - watch->code_start;
    if (watch->instructions >= watch->limit) {
        (void)watch->stop(core);
        return;
    }
    if (at < watch->code_bytes && watch->marks[at >> 1] != 0u &&
        (watch->marks[at >> 1] == MARK_SYSTEM || is_unaligned_riscv(watch, core, at >> 1))) {
        watch->refused = address;
        (void)watch->stop(core);
        return;
    }
    watch->address = address;
    watch->instructions++;
}
