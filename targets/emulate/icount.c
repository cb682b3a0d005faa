/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU TCG plugin: the running count of executed instructions at chosen addresses.
 *
 * The plugin interface, version 1 (QEMU 4.2 to 8.1; qemu-plugin.h), is declared here by hand
 * because distributions do not ship the header. Arguments: config=FILE,out=FILE. FILE has lines
 *   exclude START END    instructions in [START, END) are not counted (interrupt handlers)
 *   marker ID ADDRESS    writes "ID COUNT" before ADDRESS executes
 *   between ID START END writes "ID COUNT" before the first instruction in [START, END) that
 *                        follows a marker: what the marker stands for has returned to its caller
 *   back ID START END    the same, and the call that the markers lie in has returned, too
 *   profile              after each of these lines "= ADDRESS EXECUTED TAKEN" for every instruction
 *                        that ran since the one before; TAKEN: it was not the next in memory that
 *                        ran after it
 *   cache START END LINE INSTRUCTIONS DATA WAYS
 *                        a flash at [START, END) behind two caches of lines of LINE bytes (decimal,
 * a power of two), so many for instructions and for data (0: the first
 * holds data, too), in sets of so many WAYS (0: one set): after each of these lines "~ FETCHES
 * LOADS", what missed them since the first. Lines are replaced that were not used for longest;
 * nothing is fetched ahead. After a `back` line also "! LINE FETCHES LOADS" for each line that was
 * missed since the one before.
 *   ram START END        what lies there in the flash is taken as if it lay in RAM
 * with addresses in hexadecimal. COUNT is the number of counted instructions before that one.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flash_cache.h"

#define PLUGIN_VERSION 1
#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu, void *data);
typedef void (*qemu_plugin_udata_cb_t)(qemu_plugin_id_t id, void *data);
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS = 0 };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };
typedef uint32_t qemu_plugin_meminfo_t;
typedef void (*qemu_plugin_vcpu_mem_cb_t)(unsigned int vcpu, qemu_plugin_meminfo_t info,
                                          uint64_t address, void *data);
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_udata_cb_t cb, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            qemu_plugin_vcpu_udata_cb_t cb,
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op op, void *counter,
                                                uint64_t step);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, qemu_plugin_vcpu_udata_cb_t cb,
                                          enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_vcpu_mem_cb_t cb,
                                      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw,
                                      void *data);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

enum { MAX_ENTRIES = 4096, MAX_INSTRUCTIONS = 1 << 17, MAX_BLOCKS = 1 << 17 };

typedef enum kind { KIND_EXCLUDE, KIND_MARKER, KIND_BETWEEN, KIND_BACK, KIND_RAM } kind_t;

/** One line of the configuration; `end` is exclusive. */
typedef struct entry {
    kind_t kind;
    int id;
    uint64_t start;
    uint64_t end;
} entry_t;

/** What ran at one address; `…_told` is what the last report held. */
typedef struct instruction {
    uint64_t address;
    uint64_t executed;
    uint64_t executed_told;
    uint64_t taken;
    uint64_t taken_told;
} instruction_t;

/** A translation block: where it starts, and what lies behind its last instruction. */
typedef struct block {
    uint64_t start;
    uint64_t end;
    instruction_t *last;
} block_t;

static instruction_t s_instructions[MAX_INSTRUCTIONS]; /* a hash table; UINT64_MAX is free */
static size_t s_instruction_count;
static block_t s_blocks[MAX_BLOCKS];
static size_t s_block_count;
static const block_t *s_block; /* the one that runs */
static bool s_profile;

static entry_t s_entries[MAX_ENTRIES];
static size_t s_entry_count;
static uint64_t s_count;
static bool s_inside; /* a marker came, its end has not */
static bool s_marked; /* the last line written was a marker's */
static FILE *s_out;

static bool parse_line(const char *line, entry_t *entry)
{
    uint64_t start = 0;
    uint64_t end = 0;
    int id = 0;
    if (sscanf(line, "exclude %" SCNx64 " %" SCNx64, &start, &end) == 2) {
        *entry = (entry_t){KIND_EXCLUDE, 0, start, end};
    } else if (sscanf(line, "ram %" SCNx64 " %" SCNx64, &start, &end) == 2) {
        *entry = (entry_t){KIND_RAM, 0, start, end};
    } else if (sscanf(line, "marker %d %" SCNx64, &id, &start) == 2) {
        *entry = (entry_t){KIND_MARKER, id, start, start + 1u};
    } else if (sscanf(line, "between %d %" SCNx64 " %" SCNx64, &id, &start, &end) == 3) {
        *entry = (entry_t){KIND_BETWEEN, id, start, end};
    } else if (sscanf(line, "back %d %" SCNx64 " %" SCNx64, &id, &start, &end) == 3) {
        *entry = (entry_t){KIND_BACK, id, start, end};
    } else {
        return false;
    }
    return true;
}

static const entry_t *find(kind_t kind, uint64_t address);

/* A line that is only in part taken as RAM is asked for by the address that is used. */

static bool in_flash(uint64_t address)
{
    return address >= s_flash_start && address < s_flash_end && find(KIND_RAM, address) == NULL;
}

static void on_fetch(unsigned int vcpu, void *data)
{
    const uint64_t address = (uint64_t)(uintptr_t)data;
    (void)vcpu;
    if (touch(&s_fetched, address)) {
        missed_at(address)->fetches++;
    }
}

static void on_load(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)vcpu;
    (void)data;
    if (!qemu_plugin_mem_is_store(info) && in_flash(address) && touch(&s_loaded, address)) {
        missed_at(address)->loads++;
    }
}

/* A fetch is looked up where a block begins and where it comes to another line. */
static void watch_flash(struct qemu_plugin_tb *tb)
{
    uint64_t last = UINT64_MAX;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        const uint64_t first = address & ~(s_line_bytes - 1u);
        const uint64_t end = address + qemu_plugin_insn_size(insn) - 1u;
        const uint64_t line = end & ~(s_line_bytes - 1u);
        if (first != last && in_flash(address)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_fetch, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)(uintptr_t)first);
        }
        if (line != first && in_flash(end)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_fetch, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)(uintptr_t)line);
        }
        last = line;
        qemu_plugin_register_vcpu_mem_cb(insn, on_load, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
                                         NULL); /* for loads alone QEMU 7.2 tells stores */
    }
}

static bool read_config(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[128];
    bool good = file != NULL;
    while (good && fgets(line, sizeof(line), file) != NULL) {
        if (strcmp(line, "profile\n") == 0) {
            s_profile = true;
            continue;
        }
        if (strncmp(line, "cache ", 6) == 0) {
            good = read_cache(line);
            continue;
        }
        good = s_entry_count < MAX_ENTRIES && parse_line(line, &s_entries[s_entry_count]);
        s_entry_count++;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return good;
}

static const entry_t *find(kind_t kind, uint64_t address)
{
    for (size_t i = 0; i < s_entry_count; i++) {
        const entry_t *entry = &s_entries[i];
        if (entry->kind == kind && address >= entry->start && address < entry->end) {
            return entry;
        }
    }
    return NULL;
}

/* The table never gets full enough for long searches: see on_translate. */
static instruction_t *instruction_at(uint64_t address)
{
    size_t i = (size_t)(address >> 1) % MAX_INSTRUCTIONS;
    while (s_instructions[i].address != address && s_instructions[i].address != UINT64_MAX) {
        i = (i + 1u) % MAX_INSTRUCTIONS;
    }
    if (s_instructions[i].address == UINT64_MAX) {
        s_instructions[i].address = address;
        s_instruction_count++;
    }
    return &s_instructions[i];
}

static void report(const entry_t *entry)
{
    (void)fprintf(s_out, "%d %" PRIu64 "\n", entry->id, s_count);
    if (s_flash_end != 0u) {
        (void)fprintf(s_out, "~ %" PRIu64 " %" PRIu64 "\n", s_fetched.misses, s_loaded.misses);
    }
    for (size_t i = 0; s_profile && i < MAX_INSTRUCTIONS; i++) {
        instruction_t *at = &s_instructions[i];
        if (at->executed != at->executed_told) {
            (void)fprintf(s_out, "= %" PRIx64 " %" PRIu64 " %" PRIu64 "\n", at->address,
                          at->executed - at->executed_told, at->taken - at->taken_told);
            at->executed_told = at->executed;
            at->taken_told = at->taken;
        }
    }
}

/* A marked instruction counts itself after it has been reported. */
static void on_marker(unsigned int vcpu, void *data)
{
    const entry_t *entry = data;
    (void)vcpu;
    if (entry->kind == KIND_MARKER) {
        s_inside = true;
        s_marked = true;
        report(entry);
    } else if (entry->kind == KIND_BETWEEN && s_inside && s_marked) {
        s_marked = false;
        report(entry);
    } else if (entry->kind == KIND_BACK && s_inside) {
        s_inside = false;
        report(entry);
        report_lines(s_out);
        (void)fflush(s_out); /* whole calls reach the reader while the machine runs */
    }
    s_count++;
}

/* A branch ends its block: it was taken when another place than the next in memory follows. */
static void on_block(unsigned int vcpu, void *data)
{
    const block_t *block = data;
    (void)vcpu;
    if (s_block != NULL && s_block->end != block->start) {
        s_block->last->taken++;
    }
    s_block = block;
}

static void profile_block(struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);
    if (s_block_count == MAX_BLOCKS || s_instruction_count + count > MAX_INSTRUCTIONS / 2) {
        (void)fprintf(stderr, "icount: the image is too large for a profile\n");
        exit(1);
    }
    block_t *block = &s_blocks[s_block_count++];
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        instruction_t *at = instruction_at(address);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &at->executed,
                                                   1);
        block->start = i == 0u ? address : block->start;
        block->end = address + qemu_plugin_insn_size(insn);
        block->last = at;
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
}

static const entry_t *find_reported(uint64_t address)
{
    static const kind_t order[] = {KIND_MARKER, KIND_BACK, KIND_BETWEEN};
    const entry_t *entry = NULL;
    for (size_t i = 0; entry == NULL && i < sizeof(order) / sizeof(order[0]); i++) {
        entry = find(order[i], address);
    }
    return entry;
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (find(KIND_EXCLUDE, address) != NULL) {
            continue;
        }
        const entry_t *entry = find_reported(address);
        if (entry != NULL) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)entry);
        } else {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &s_count,
                                                       1);
        }
    }
    if (s_profile) {
        profile_block(tb);
    }
    if (s_flash_end != 0u) {
        watch_flash(tb);
    }
}

static void on_end(qemu_plugin_id_t id, void *data)
{
    (void)id;
    (void)data;
    (void)fclose(s_out);
}

static const char *option(int argc, char **argv, const char *name)
{
    size_t length = strlen(name);
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=') {
            return argv[i] + length + 1;
        }
    }
    return NULL;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    const char *config = option(argc, argv, "config");
    const char *out = option(argc, argv, "out");
    (void)info;
    if (config == NULL || out == NULL || !read_config(config)) {
        (void)fprintf(stderr, "icount: config=FILE,out=FILE is missing, or FILE is malformed\n");
        return 1;
    }
    for (size_t i = 0; i < MAX_INSTRUCTIONS; i++) {
        s_instructions[i].address = UINT64_MAX;
    }
    s_out = fopen(out, "w");
    if (s_out == NULL) {
        (void)fprintf(stderr, "icount: cannot write %s\n", out);
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
