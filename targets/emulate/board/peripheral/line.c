/* SPDX-License-Identifier: Apache-2.0 */
/* The command USART's three busiest registers and the return from its handler, so that a byte does
 * not cost ten calls of Python: reading the status, taking a byte, giving one. Everything else, and
 * these too while something about them is unusual (`armed` is 0), is answered by the model in
 * Python, which lends its state before a slice and takes it back after (line.py).
 *
 * Called by Unicorn; nothing of Unicorn is included, its functions arrive as pointers. The layout
 * of safe_line_t is repeated in line.py. */
#include <stdint.h>

#define WORD 4u
#define BYTE_MAX 0xFFu
#define RXNE (1u << 5)    /* the same bit in SR of an STM32F4 and in ISR of an STM32U5 */
#define EXCEPTION_EXIT 8u /* of Unicorn's hook on interrupts */
#define XPSR_FLAGS 0xF80F0000u
#define XPSR_THUMB (1u << 24)
#define PRIORITY_REGISTERS 3 /* PRIMASK, FAULTMASK, BASEPRI */

typedef struct safe_line {
    uint64_t status_at; /* offsets of the registers in the mapped range */
    uint64_t receive_at;
    uint64_t transmit_at;
    uint64_t armed;
    uint64_t status;
    uint64_t held; /* the byte in the receiver */
    uint64_t rose; /* RXNE became 1 since the handler was entered */
    uint64_t input_next;
    uint64_t input_count;
    uint64_t output_count;
    uint64_t output_most;
    uint8_t *input;
    uint8_t *output;
    uint64_t (*read)(uint64_t offset, uint32_t size);
    void (*write)(uint64_t offset, uint32_t size, uint64_t value);
    uint64_t chain;                  /* 1: nothing but this line may be served after its handler */
    uint64_t vector;                 /* of the handler, bit 0 set */
    uint64_t exception;              /* its number */
    uint64_t chained;                /* 1: it was entered again */
    uint64_t lr_bits;                /* added to EXC_RETURN as the program counter has it */
    volatile uint64_t *instructions; /* of safe_watch_t */
    volatile uint64_t *limit;
    int (*read_register)(void *core, int number, void *value);
    int (*write_register)(void *core, int number, const void *value);
    int (*stop)(void *core);
    int32_t lr, pc, xpsr; /* in Unicorn's own numbering */
    int32_t priority[PRIORITY_REGISTERS];
    uint64_t raised; /* 1 + number of the interrupt that ended the slice, or 0 */
} safe_line_t;

#define SAFE_EXPORT __attribute__((visibility("default")))

SAFE_EXPORT uint64_t safe_line_read(void *core, uint64_t offset, uint32_t size, void *user);
SAFE_EXPORT void safe_line_write(void *core, uint64_t offset, uint32_t size, uint64_t value,
                                 void *user);
SAFE_EXPORT void safe_line_interrupt(void *core, uint32_t number, void *user);

/* The next byte of the wire arrives when the receiver is free for it. */
static void deliver(safe_line_t *line)
{
    if ((line->status & RXNE) == 0u && line->input_next < line->input_count) {
        line->held = line->input[line->input_next++];
        line->status |= RXNE;
        line->rose = 1u;
    }
}

uint64_t safe_line_read(void *core, uint64_t offset, uint32_t size, void *user)
{
    safe_line_t *line = user;
    (void)core;
    if (line->armed != 0u && size == WORD) {
        if (offset == line->status_at && line->output_count < line->output_most) {
            deliver(line);
            return line->status;
        }
        if (offset == line->receive_at) {
            line->status &= ~(uint64_t)RXNE;
            return line->held;
        }
    }
    return line->read(offset, size);
}

void safe_line_write(void *core, uint64_t offset, uint32_t size, uint64_t value, void *user)
{
    safe_line_t *line = user;
    (void)core;
    if (line->armed != 0u && size == WORD && offset == line->transmit_at && value <= BYTE_MAX &&
        line->output_count < line->output_most) {
        line->output[line->output_count++] = (uint8_t)value;
        return;
    }
    line->write(offset, size, value);
}

static uint32_t get(const safe_line_t *line, void *core, int32_t number)
{
    uint32_t value = 0;
    (void)line->read_register(core, number, &value);
    return value;
}

/* Enters the handler again without leaving it when its line is up: tail-chaining. */
static int chained(safe_line_t *line, void *core)
{
    if (line->armed == 0u || line->chain == 0u || *line->instructions >= *line->limit) {
        return 0;
    }
    deliver(line);
    if ((line->status & RXNE) == 0u) {
        return 0;
    }
    for (int i = 0; i < PRIORITY_REGISTERS; i++) {
        if (get(line, core, line->priority[i]) != 0u) {
            return 0;
        }
    }
    uint32_t lr = get(line, core, line->pc) | (uint32_t)line->lr_bits;
    uint32_t xpsr = get(line, core, line->xpsr);
    xpsr = (xpsr & XPSR_FLAGS) | XPSR_THUMB | (uint32_t)line->exception;
    uint32_t pc = (uint32_t)line->vector;
    (void)line->write_register(core, line->lr, &lr);
    (void)line->write_register(core, line->xpsr, &xpsr);
    (void)line->write_register(core, line->pc, &pc);
    line->rose = 0u;
    line->chained = 1u;
    return 1;
}

void safe_line_interrupt(void *core, uint32_t number, void *user)
{
    safe_line_t *line = user;
    if (number == EXCEPTION_EXIT && chained(line, core)) {
        return;
    }
    line->raised = 1u + (uint64_t)number;
    (void)line->stop(core);
}
