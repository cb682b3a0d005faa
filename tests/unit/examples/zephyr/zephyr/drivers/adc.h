/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STANDIN_ADC_H
#define STANDIN_ADC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct adc_dt_spec {
    uint8_t channel_id;
};
struct adc_sequence {
    uint32_t channels;
    void *buffer;
    size_t buffer_size;
};
#define DT_PATH(name) 0
#define ADC_DT_SPEC_GET_BY_IDX(node, index)                                                        \
    {                                                                                              \
        .channel_id = (node) + (index)                                                             \
    }
#define DT_FOREACH_PROP_ELEM(n, p, f)                                                              \
    f(n, p, 0) f(n, p, 1) f(n, p, 2) f(n, p, 3) f(n, p, 4) f(n, p, 5) f(n, p, 6) f(n, p, 7)        \
        f(n, p, 8) f(n, p, 9) f(n, p, 10) f(n, p, 11) f(n, p, 12) f(n, p, 13) f(n, p, 14)          \
            f(n, p, 15)

bool adc_is_ready_dt(const struct adc_dt_spec *spec);
int adc_channel_setup_dt(const struct adc_dt_spec *spec);
int adc_sequence_init_dt(const struct adc_dt_spec *spec, struct adc_sequence *sequence);
int adc_read_dt(const struct adc_dt_spec *spec, const struct adc_sequence *sequence);
int adc_raw_to_millivolts_dt(const struct adc_dt_spec *spec, int32_t *value);

#endif
