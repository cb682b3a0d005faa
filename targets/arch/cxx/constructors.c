/* SPDX-License-Identifier: Apache-2.0 */
/* What runs before `main` of an image with C++ in it: the constructors of static objects. The
 * linker turns start-up's call of main into __wrap_main (--wrap=main), so that start-up and every
 * image of C alone stay as they are. */
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
