/* SPDX-License-Identifier: Apache-2.0 */
/* What an image with C++ in it has beyond one of C alone.
 *
 * The constructors of static objects run before `main`: the linker turns start-up's call of main
 * into
 * __wrap_main (--wrap=main), so that start-up stays as it is. A library that gives up ends in the
 * fault report, over the same line, and in a reset. */
#include <stdlib.h>

typedef void (*constructor_t)(void);

/* Set by the linker script; a constructor of a lower number runs first. */
extern const constructor_t __init_array_start[];
extern const constructor_t __init_array_end[];

int __real_main(void);
int __wrap_main(void);

int __wrap_main(void)
{
    for (const constructor_t *next = __init_array_start; next != __init_array_end; next++) {
        (*next)();
    }
    return __real_main();
}

void abort(void)
{
    for (;;) {
        __builtin_trap();
    }
}
