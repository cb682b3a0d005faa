/* SPDX-License-Identifier: Apache-2.0 */
/** @file stack.h The pattern that start-up paints the stack with. */
#ifndef SAFE_STACK_H
#define SAFE_STACK_H

/** Unlikely as data, and an address where nothing is mapped. */
#define SAFE_STACK_PAINT 0xA5A5C3C3u

#endif
