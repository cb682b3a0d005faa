/* SPDX-License-Identifier: Apache-2.0 */
/* A test image: start-up code and drivers of the target under commands of one byte, with a
 * "model" whose number of instructions is known. Never part of a product. */
#include <string.h>

#include "safe/compiler.h"
#include "safe/model.h"
#include "safe/port.h"

void safe_probe_op0_loop(uint8_t *arena);
void safe_probe_op3_short(uint8_t *arena);
void invoke_arena(uint8_t *arena);

/* The loop: 1 + 2 * 20000000 + 1 instructions (RISC-V: 4883 << 12 times), long enough for several
 * timer interrupts; the short one: 2; invoke_arena: 4. */
#ifdef __riscv
#define LOOP "lui t0, 4883\n1:\n\taddi t0, t0, -1\n\tbnez t0, 1b\n\tret\n"
#define SHORT "nop\n\tret\n"
#define INVOKE                                                                                     \
    ".option push\n\t.option norvc\n\tmv t1, ra\n\tjal safe_probe_op0_loop\n\t"                    \
    "jal safe_probe_op3_short\n\tjr t1\n\t.option pop\n"
#define UNDEFINED "unimp\n"
#define BAD_ADDRESS 0x0A000000u
#define LOAD_PAIR(pointer) __asm__ volatile("lw t0, 0(%0)" ::"r"(pointer) : "t0")
#define FLOAT_WITHOUT_UNIT() (void)0
#define PROTECT() (void)0
#define PROCESS_STACK() (void)0
#else
#define LOOP                                                                                       \
    ".syntax unified\n\tldr r3, =20000000\n1:\n\tsubs r3, r3, #1\n\tbne 1b\n\tbx lr\n\t"           \
    ".ltorg\n"
#define SHORT "nop\n\tbx lr\n"
#define INVOKE                                                                                     \
    "push {r3, lr}\n\tbl safe_probe_op0_loop\n\tbl safe_probe_op3_short\n\tpop {r3, pc}\n"
#define UNDEFINED "udf #0\n"
#define BAD_ADDRESS 0xF4000000u
#define PROTECT() *(volatile uint32_t *)0xE000ED94u = 0u /* MPU_CTRL */
#define PROCESS_STACK() __asm__ volatile("msr psp, %0" ::"r"(0x20001000u))
#if __ARM_ARCH_ISA_THUMB == 1 /* Armv6-M: every load must be aligned, and there is no such unit */
#define LOAD_PAIR(pointer) __asm__ volatile("ldr r2, [%0]" ::"l"(pointer) : "r2")
#define FLOAT_WITHOUT_UNIT() (void)0
#else
#define LOAD_PAIR(pointer) __asm__ volatile("ldrd r2, r3, [%0]" ::"r"(pointer) : "r2", "r3")
/* CPACR off, then an instruction of the unit: DDI 0403E section B3.2.20. */
#define FLOAT_WITHOUT_UNIT()                                                                       \
    do {                                                                                           \
        *(volatile uint32_t *)0xE000ED88u = 0u;                                                    \
        __asm__ volatile("dsb\n\tisb\n\tvmov.f32 s0, #1.0" ::: "s0");                              \
    } while (0)
#endif
#endif

/** No peripheral of an STM32 lies here. */
#define NO_REGISTER 0x4000FFF0u

__attribute__((naked)) void safe_probe_op0_loop(uint8_t *arena)
{
    (void)arena;
    __asm__ volatile(LOOP);
}

__attribute__((naked)) void safe_probe_op3_short(uint8_t *arena)
{
    (void)arena;
    __asm__ volatile(SHORT);
}

__attribute__((naked)) void invoke_arena(uint8_t *arena)
{
    (void)arena;
    __asm__ volatile(INVOKE);
}

static void (*volatile invoke)(uint8_t *arena) = invoke_arena;

SAFE_NOINLINE safe_status_t safe_context_invoke(const safe_context_t *context)
{
    invoke(context->arena);
    return SAFE_STATUS_OK;
}

static void put(const char *name, uint32_t value)
{
    char line[24];
    size_t length = strlen(name);
    memcpy(line, name, length);
    line[length] = '=';
    for (size_t i = 0; i < 8u; i++) {
        line[length + 1u + i] = "0123456789abcdef"[(value >> (28u - 4u * i)) & 15u];
    }
    line[length + 9u] = '\n';
    (void)!safe_port_write((const uint8_t *)line, length + 10u);
}

static volatile uint32_t depth_sum;

static SAFE_NOINLINE uint32_t dive(uint32_t depth)
{
    volatile uint32_t frame[64];
    frame[0] = depth;
    if (depth != 0u) {
        frame[1] = dive(depth - 1u);
    }
    return frame[0] + depth_sum;
}

static volatile uintptr_t bad_address = BAD_ADDRESS;

static void obey(uint8_t command)
{
    uint32_t cycles = 0;
    const safe_context_t context = {NULL, NULL};
    switch (command) {
    case 'S':
        put("status", safe_port_status());
        break;
    case 's':
        put("stack", safe_port_stack_used_bytes());
        break;
    case 't':
        put("time", safe_port_time_ms());
        break;
    case 'c':
        put("cycles", safe_port_cycles(&cycles) ? 1u : 0u);
        break;
    case 'd':
        depth_sum = dive(2); /* a small stack has 1,120 bytes */
        put("dive", 0);
        break;
    case 'i':
        put("invoke", (uint32_t)safe_context_invoke(&context));
        break;
    case 'w':
        *(volatile uint32_t *)bad_address = 1u;
        break;
    case 'u':
        __asm__ volatile(UNDEFINED);
        break;
    case 'l':
        LOAD_PAIR((uintptr_t)&context + 2u);
        put("pair", 0);
        break;
    case 'p':
        *(volatile uint32_t *)(uintptr_t)NO_REGISTER = 1u;
        put("register", 0);
        break;
    case 'f':
        FLOAT_WITHOUT_UNIT();
        put("float", 0);
        break;
    case 'm':
        PROTECT();
        put("mpu", 0);
        break;
    case 'k':
        PROCESS_STACK();
        put("psp", 0);
        break;
    case 'o':
        depth_sum = dive(100000);
        break;
    case 'r':
        safe_port_reset();
        break;
    default:
        (void)!safe_port_write(&command, 1);
        break;
    }
}

int main(void)
{
    uint8_t bytes[64];
    safe_port_init();
    put("boot", safe_port_status());
    for (;;) {
        size_t count = safe_port_read(bytes, sizeof(bytes));
        for (size_t i = 0; i < count; i++) {
            obey(bytes[i]);
        }
        if (count == 0u) {
            safe_port_idle();
        }
    }
}
