/* SPDX-License-Identifier: Apache-2.0 */
/* Two detectors on two threads, for the thread sanitizer; the results are those of one thread.
 * With an argument both threads use one detector, which the sanitizer must find. */
#include <pthread.h>
#include <stdio.h>

#include "safe/crc32.h"
#include "safe_small_detector.h"

#define SAMPLES 400u
#define THREADS 2u

typedef struct job {
    safe_small_instance_t *instance;
    uint32_t seed;
    uint32_t crc; /**< Of all scores. */
    safe_status_t status;
} job_t;

static safe_small_instance_t instances[THREADS];

static void *run(void *argument)
{
    job_t *job = argument;
    uint32_t state = job->seed;

    for (uint32_t i = 0; i < SAMPLES && job->status == SAFE_STATUS_OK; i++) {
        float sample[SAFE_SMALL_CHANNELS];
        safe_detector_result_t result;

        for (uint32_t c = 0; c < SAFE_SMALL_CHANNELS; c++) {
            state = state * 1664525u + 1013904223u;
            sample[c] = (float)(state >> 8) / 16777216.0f;
        }
        job->status =
            safe_detector_step(&job->instance->detector, sample, SAFE_SMALL_CHANNELS, &result);
        job->crc = safe_crc32(job->crc, &result.score, sizeof result.score);
    }
    return NULL;
}

int main(int count, char **arguments)
{
    job_t jobs[THREADS];
    job_t again[THREADS];
    pthread_t threads[THREADS];

    (void)arguments;
    for (uint32_t t = 0; t < THREADS; t++) {
        jobs[t] = (job_t){.instance = &instances[count > 1 ? 0u : t], .seed = t + 1u};
        again[t] = jobs[t];
        if (safe_small_instance_init(jobs[t].instance) != SAFE_STATUS_OK) {
            return 1;
        }
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        if (pthread_create(&threads[t], NULL, run, &jobs[t]) != 0) {
            return 2;
        }
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        if (pthread_join(threads[t], NULL) != 0 || jobs[t].status != SAFE_STATUS_OK) {
            return 3;
        }
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        if (safe_small_instance_init(again[t].instance) != SAFE_STATUS_OK) {
            return 4;
        }
        (void)run(&again[t]);
        if (again[t].crc != jobs[t].crc) {
            return 5;
        }
    }
    puts(jobs[0].crc == jobs[1].crc ? "alike" : "as alone");
    return 0;
}
