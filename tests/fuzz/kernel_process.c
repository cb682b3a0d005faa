/* SPDX-License-Identifier: Apache-2.0 */
/** @file kernel_process.c Calls kernels of a shared library, as standard input says, under MSan.
 * An interpreter that was not compiled for MSan cannot load such a library, so the calls come to a
 * process of their own. All numbers are uint32_t. A call: the bytes of the name, the name, the
 * number of arguments, then each of them: its kind, its bytes, and what it holds. Outputs and
 * scratch are new memory that holds nothing. The answer: the bytes of every value and output in
 * order. Ends with 0 when the input does, else MSan has found something, or the caller erred. */
#include <dlfcn.h>
#include <sanitizer/msan_interface.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ARGUMENTS 16u
#define MOST_VALUES 128u
#define MOST_NAME 128u

/* What an argument is. Constants and lists do not come back; a list holds that many arguments. */
enum { CONSTANT, VALUE, OUTPUT, SCRATCH, LIST };

typedef struct {
    uint32_t kind;
    uint32_t bytes;
    void *memory;
} safe_argument_t;

/* Every kernel takes pointers only. What is passed beyond a kernel's own arguments it does not see:
 * they lie in registers, or are removed by the caller. */
typedef void (*safe_kernel_t)(void *, void *, void *, void *, void *, void *, void *, void *,
                              void *, void *, void *, void *, void *, void *, void *, void *);

static safe_argument_t s_arguments[MOST_VALUES];
static uint32_t s_count;

static void demand(int truth, const char *what)
{
    if (!truth) {
        (void)fprintf(stderr, "kernel_process: %s\n", what);
        exit(2);
    }
}

static void read_bytes(void *bytes, size_t length)
{
    demand(fread(bytes, 1, length, stdin) == length, "the call is cut off");
}

static uint32_t read_word(void)
{
    uint32_t word = 0;
    read_bytes(&word, sizeof word);
    return word;
}

/** Reads an argument and those inside of it; memory is of exactly its size. */
static void *read_argument(void)
{
    safe_argument_t *const argument = &s_arguments[s_count];
    demand(s_count < MOST_VALUES, "too many arguments");
    s_count++;
    argument->kind = read_word();
    argument->bytes = read_word();
    const size_t size = argument->kind == LIST ? argument->bytes * sizeof(void *) : argument->bytes;
    argument->memory = malloc(size);
    demand(argument->memory != NULL, "no memory");
    if (argument->kind == CONSTANT || argument->kind == VALUE) {
        read_bytes(argument->memory, size);
    }
    for (uint32_t i = 0; argument->kind == LIST && i < argument->bytes; i++) {
        ((void **)argument->memory)[i] = read_argument();
    }
    return argument->memory;
}

static void answer(void)
{
    for (uint32_t i = 0; i < s_count; i++) {
        const safe_argument_t *const argument = &s_arguments[i];
        if (argument->kind == VALUE || argument->kind == OUTPUT) {
            __msan_check_mem_is_initialized(argument->memory, argument->bytes);
            demand(fwrite(argument->memory, 1, argument->bytes, stdout) == argument->bytes,
                   "nobody reads");
        }
        free(argument->memory);
    }
    demand(fflush(stdout) == 0, "nobody reads");
}

int main(int count, char **arguments)
{
    uint32_t length = 0;
    void *library = NULL;

    demand(count == 2, "expected the path of a library");
    library = dlopen(arguments[1], RTLD_NOW);
    demand(library != NULL, "the library cannot be loaded");
    while (fread(&length, 1, sizeof length, stdin) == sizeof length) {
        char name[MOST_NAME] = {0};
        void *p[MOST_ARGUMENTS] = {NULL};
        safe_kernel_t kernel = NULL;
        void *symbol = NULL;

        demand(length < sizeof name, "the name is too long");
        read_bytes(name, length);
        symbol = dlsym(library, name);
        demand(symbol != NULL, name);
        memcpy(&kernel, &symbol, sizeof kernel);
        const uint32_t number = read_word();
        demand(number <= MOST_ARGUMENTS, "too many arguments");
        s_count = 0;
        for (uint32_t i = 0; i < number; i++) {
            p[i] = read_argument();
        }
        kernel(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11], p[12],
               p[13], p[14], p[15]);
        answer();
    }
    return 0;
}
