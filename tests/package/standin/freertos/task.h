/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STANDIN_TASK_H
#define STANDIN_TASK_H

void vTaskDelay(TickType_t ticks);

#endif
