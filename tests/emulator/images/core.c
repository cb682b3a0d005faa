/* SPDX-License-Identifier: Apache-2.0 */
/* A test image: one line "name=HASH" for each instruction that the kernels and the chain use, over
 * results and flags of VECTORS pseudo-random operands. Equal lines on two cores mean equal cores.
 */
#include <string.h>

#include "safe/port.h"

#define VECTORS 400u

typedef uint32_t (*operation_t)(const uint32_t *v, uint32_t *flags);

/* Integer: r0 to r3 from v and back, flags clear before. */
#define INTEGER(name, text)                                                                        \
    static uint32_t op_##name(const uint32_t *v, uint32_t *flags)                                  \
    {                                                                                              \
        register uint32_t r0 __asm__("r0") = v[0];                                                 \
        register uint32_t r1 __asm__("r1") = v[1];                                                 \
        register uint32_t r2 __asm__("r2") = v[2];                                                 \
        register uint32_t r3 __asm__("r3") = 0u;                                                   \
        __asm__ volatile("msr APSR_nzcvqg, r3\n\t" text "\n\tmrs r3, APSR"                         \
                         : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)                                  \
                         :                                                                         \
                         : "cc");                                                                  \
        *flags = r3 ^ r1;                                                                          \
        return r0;                                                                                 \
    }

/* Single precision: s0 to s2 from v, result in s0, cumulative flags clear before. */
#define FLOATING(name, text)                                                                       \
    static uint32_t op_##name(const uint32_t *v, uint32_t *flags)                                  \
    {                                                                                              \
        uint32_t result, status;                                                                   \
        __asm__ volatile("vmsr fpscr, %5\n\tvmov s0, %2\n\tvmov s1, %3\n\tvmov s2, %4\n\t" text    \
                         "\n\tvmov %0, s0\n\tvmrs %1, fpscr"                                       \
                         : "=&r"(result), "=&r"(status)                                            \
                         : "r"(v[0]), "r"(v[1]), "r"(v[2]), "r"(0u)                                \
                         : "s0", "s1", "s2", "cc");                                                \
        *flags = status;                                                                           \
        return result;                                                                             \
    }

INTEGER(smlad, "smlad r0, r0, r1, r2")
INTEGER(smladx, "smladx r0, r0, r1, r2")
INTEGER(smuad, "smuad r0, r0, r1")
INTEGER(smlabb, "smlabb r0, r0, r1, r2")
INTEGER(smlabt, "smlabt r0, r0, r1, r2")
INTEGER(smlatb, "smlatb r0, r0, r1, r2")
INTEGER(smlatt, "smlatt r0, r0, r1, r2")
INTEGER(smmulr, "smmulr r0, r0, r1")
INTEGER(smmlar, "smmlar r0, r0, r1, r2")
INTEGER(smmla, "smmla r0, r0, r1, r2")
INTEGER(sxtb16, "sxtb16 r0, r1")
INTEGER(sxtb16_odd, "sxtb16 r0, r1, ror #8")
INTEGER(sxtab16, "sxtab16 r0, r0, r1")
INTEGER(sxtab16_odd, "sxtab16 r0, r0, r1, ror #8")
INTEGER(uxtah, "uxtah r0, r0, r1, ror #16")
INTEGER(sadd16, "sadd16 r0, r0, r1\n\tsel r2, r1, r2\n\teor r0, r0, r2")
INTEGER(qadd, "qadd r0, r0, r1")
INTEGER(pkhbt, "pkhbt r0, r0, r1, lsl #16")
INTEGER(pkhtb, "pkhtb r0, r0, r1, asr #16")
INTEGER(ssat8, "ssat r0, #8, r0")
INTEGER(ssat16, "ssat r0, #16, r0, asr #7")
INTEGER(ssat18, "ssat r0, #18, r0, lsl #1")
INTEGER(usat8, "usat r0, #8, r0, asr #3")
INTEGER(umull, "umull r0, r1, r1, r2")
INTEGER(smull, "smull r0, r1, r1, r2")
INTEGER(smlal, "smlal r0, r1, r1, r2")
INTEGER(mla, "mla r0, r0, r1, r2")
INTEGER(mls, "mls r0, r0, r1, r2")
INTEGER(udiv, "udiv r0, r0, r1")
INTEGER(sdiv, "sdiv r0, r0, r1")
INTEGER(clz, "clz r0, r1")
INTEGER(rbit, "rbit r0, r1")
INTEGER(ubfx, "ubfx r0, r1, #5, #13")
INTEGER(sbfx, "sbfx r0, r1, #5, #13")
INTEGER(bfi, "bfi r0, r1, #7, #9")
INTEGER(adds, "adds r0, r0, r1\n\tadcs r1, r1, r2")
INTEGER(subs, "subs r0, r0, r1\n\tsbcs r1, r1, r2")
INTEGER(asrs, "and r1, r1, #63\n\tasrs r0, r0, r1")
INTEGER(lsls, "and r1, r1, #63\n\tlsls r0, r0, r1")
INTEGER(rors, "rors r0, r0, r1")
INTEGER(itte, "cmp r0, r1\n\titte lt\n\taddlt r0, r0, r2\n\teorlt r1, r1, r0\n\tsubge r0, r2, r0")
FLOATING(vadd, "vadd.f32 s0, s0, s1")
FLOATING(vsub, "vsub.f32 s0, s0, s1")
FLOATING(vmul, "vmul.f32 s0, s0, s1")
FLOATING(vnmul, "vnmul.f32 s0, s0, s1")
FLOATING(vmla, "vmla.f32 s0, s1, s2")
FLOATING(vdiv, "vdiv.f32 s0, s0, s1")
FLOATING(vsqrt, "vsqrt.f32 s0, s0")
FLOATING(vneg, "vneg.f32 s0, s0")
FLOATING(vabs, "vabs.f32 s0, s0")
FLOATING(vcmpe, "vcmpe.f32 s0, s1")
FLOATING(vcmp, "vcmp.f32 s0, s1\n\tvmrs APSR_nzcv, fpscr\n\tit gt\n\tvmovgt.f32 s0, s2")
FLOATING(vcvt_s32, "vcvt.s32.f32 s0, s0")
FLOATING(vcvtr_s32, "vcvtr.s32.f32 s0, s0")
FLOATING(vcvt_u32, "vcvt.u32.f32 s0, s0")
FLOATING(vcvt_f32, "vcvt.f32.s32 s0, s0")
FLOATING(vcvt_f32_u32, "vcvt.f32.u32 s0, s0")
FLOATING(vcvt_fixed, "vcvt.f32.s32 s0, s0, #7")

#define ROW(name)                                                                                  \
    {                                                                                              \
#name, op_##name                                                                           \
    }
static const struct {
    const char *name;
    operation_t run;
} s_operations[] = {
    ROW(smlad),    ROW(smladx),       ROW(smuad),      ROW(smlabb),      ROW(smlabt),
    ROW(smlatb),   ROW(smlatt),       ROW(smmulr),     ROW(smmlar),      ROW(smmla),
    ROW(sxtb16),   ROW(sxtb16_odd),   ROW(sxtab16),    ROW(sxtab16_odd), ROW(uxtah),
    ROW(sadd16),   ROW(qadd),         ROW(pkhbt),      ROW(pkhtb),       ROW(ssat8),
    ROW(ssat16),   ROW(ssat18),       ROW(usat8),      ROW(umull),       ROW(smull),
    ROW(smlal),    ROW(mla),          ROW(mls),        ROW(udiv),        ROW(sdiv),
    ROW(clz),      ROW(rbit),         ROW(ubfx),       ROW(sbfx),        ROW(bfi),
    ROW(adds),     ROW(subs),         ROW(asrs),       ROW(lsls),        ROW(rors),
    ROW(itte),     ROW(vadd),         ROW(vsub),       ROW(vmul),        ROW(vnmul),
    ROW(vmla),     ROW(vdiv),         ROW(vsqrt),      ROW(vneg),        ROW(vabs),
    ROW(vcmpe),    ROW(vcmp),         ROW(vcvt_s32),   ROW(vcvtr_s32),   ROW(vcvt_u32),
    ROW(vcvt_f32), ROW(vcvt_f32_u32), ROW(vcvt_fixed),
};

static uint32_t s_state = 1u;

/** Mostly any bits; one in four is an edge of integers or of floating point. */
static uint32_t draw(void)
{
    static const uint32_t edges[] = {0u,          1u,          0xFFFFFFFFu, 0x80000000u,
                                     0x7FFFFFFFu, 0x7F800000u, 0xFF800000u, 0x7FC00000u,
                                     0x7F800001u, 0x00800000u, 0x00000001u, 0x3F800000u,
                                     0xBF800000u, 0x4F000000u, 0x00FF00FFu, 0x80008000u};
    s_state = s_state * 1664525u + 1013904223u;
    uint32_t high = s_state & 0xFFFF0000u;
    s_state = s_state * 1664525u + 1013904223u;
    uint32_t value = high | s_state >> 16;
    return (value & 3u) == 0u ? edges[value >> 8 & 15u] : value;
}

static void put(const char *name, uint32_t value)
{
    char line[32];
    size_t length = strlen(name);
    memcpy(line, name, length);
    line[length] = '=';
    for (size_t i = 0; i < 8u; i++) {
        line[length + 1u + i] = "0123456789abcdef"[(value >> (28u - 4u * i)) & 15u];
    }
    line[length + 9u] = '\n';
    (void)!safe_port_write((const uint8_t *)line, length + 10u);
}

static void run(uint32_t change)
{
    s_state = 1u;
    for (size_t i = 0; i < sizeof(s_operations) / sizeof(s_operations[0]); i++) {
        uint32_t hash = 2166136261u; /* FNV-1a, a word at a time */
        for (uint32_t n = 0; n < VECTORS; n++) {
            const uint32_t v[3] = {draw(), draw() ^ (n == 0u ? change : 0u), draw()};
            uint32_t flags = 0;
            hash = (hash ^ s_operations[i].run(v, &flags)) * 16777619u;
            hash = (hash ^ flags) * 16777619u;
        }
        put(s_operations[i].name, hash);
    }
    put("end", 0);
}

/* 'a' runs all; 'b' with one bit of one operand changed, which must change the lines. */
int main(void)
{
    uint8_t byte;
    safe_port_init();
    put("boot", 0);
    for (;;) {
        if (safe_port_read(&byte, 1) == 1u) {
            run(byte == 'b' ? 1u : 0u);
        } else {
            safe_port_idle();
        }
    }
}
