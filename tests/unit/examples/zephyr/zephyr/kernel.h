/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in of the Zephyr calls that the example makes; not Zephyr. */
#ifndef STANDIN_KERNEL_H
#define STANDIN_KERNEL_H

#include <stddef.h>
#include <stdint.h>

struct k_timer {
    uint32_t ticks;
};
typedef struct {
    uint32_t us;
} k_timeout_t;
#define K_USEC(t) ((k_timeout_t){t})
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define BUILD_ASSERT(condition, text) _Static_assert(condition, text)

void k_timer_init(struct k_timer *timer, void (*expired)(struct k_timer *),
                  void (*stopped)(struct k_timer *));
void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period);
uint32_t k_timer_status_sync(struct k_timer *timer);

#endif
