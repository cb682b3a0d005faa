/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STANDIN_PRINTK_H
#define STANDIN_PRINTK_H

void printk(const char *format, ...);

#endif
