/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU TCG plugin: the running count of executed instructions at chosen addresses.
 *
 * The plugin interface, version 1 (QEMU 4.2 to 8.1; qemu-plugin.h), is declared here by hand
 * because distributions do not ship the header. Arguments: config=FILE,out=FILE. FILE has lines
 *   exclude START END    instructions in [START, END) are not counted (interrupt handlers)
 *   marker ID ADDRESS    writes "ID COUNT" before ADDRESS executes
 *   back ID START END    writes "ID COUNT" before the first instruction in [START, END) that
 *                        follows a marker: the call that the markers lie in has returned
 * with addresses in hexadecimal. COUNT is the number of counted instructions before that one.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLUGIN_VERSION 1
#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu, void *data);
typedef void (*qemu_plugin_udata_cb_t)(qemu_plugin_id_t id, void *data);
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS = 0 };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_udata_cb_t cb, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            qemu_plugin_vcpu_udata_cb_t cb,
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op op, void *counter,
                                                uint64_t step);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

enum { MAX_ENTRIES = 4096 };

typedef enum kind { KIND_EXCLUDE, KIND_MARKER, KIND_BACK } kind_t;

/** One line of the configuration; `end` is exclusive. */
typedef struct entry {
    kind_t kind;
    int id;
    uint64_t start;
    uint64_t end;
} entry_t;

static entry_t s_entries[MAX_ENTRIES];
static size_t s_entry_count;
static uint64_t s_count;
static bool s_inside; /* a marker came, its end has not */
static FILE *s_out;

static bool parse_line(const char *line, entry_t *entry)
{
    uint64_t start = 0;
    uint64_t end = 0;
    int id = 0;
    if (sscanf(line, "exclude %" SCNx64 " %" SCNx64, &start, &end) == 2) {
        *entry = (entry_t){KIND_EXCLUDE, 0, start, end};
    } else if (sscanf(line, "marker %d %" SCNx64, &id, &start) == 2) {
        *entry = (entry_t){KIND_MARKER, id, start, start + 1u};
    } else if (sscanf(line, "back %d %" SCNx64 " %" SCNx64, &id, &start, &end) == 3) {
        *entry = (entry_t){KIND_BACK, id, start, end};
    } else {
        return false;
    }
    return true;
}

static bool read_config(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[128];
    bool good = file != NULL;
    while (good && fgets(line, sizeof(line), file) != NULL) {
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

/* A marked instruction counts itself after it has been reported. */
static void on_marker(unsigned int vcpu, void *data)
{
    const entry_t *entry = data;
    (void)vcpu;
    if (entry->kind == KIND_MARKER) {
        s_inside = true;
        (void)fprintf(s_out, "%d %" PRIu64 "\n", entry->id, s_count);
    } else if (s_inside) {
        s_inside = false;
        (void)fprintf(s_out, "%d %" PRIu64 "\n", entry->id, s_count);
        (void)fflush(s_out); /* whole calls reach the reader while the machine runs */
    }
    s_count++;
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
        const entry_t *entry = find(KIND_MARKER, address);
        entry = entry != NULL ? entry : find(KIND_BACK, address);
        if (entry != NULL) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)entry);
        } else {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &s_count,
                                                       1);
        }
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
    s_out = fopen(out, "w");
    if (s_out == NULL) {
        (void)fprintf(stderr, "icount: cannot write %s\n", out);
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
