/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for the header of an Arduino core: its macros, which have names that others use too,
 * and a serial port that is the standard output. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define HIGH 0x1
#define LOW 0x0
#define INPUT 0x0
#define OUTPUT 0x1
#define INPUT_PULLUP 0x2
#define PI 3.1415926535897932384626433832795
#define EULER 2.718281828459045235360287471352
#define SERIAL 0x0
#define DISPLAY 0x1
#define CHANGE 2
#define FALLING 3
#define RISING 4
#define DEFAULT 1
#define DEC 10
#define HEX 16
#define OCT 8
#define BIN 2
#define B0 0
#define B1 1
#define A0 14
#define F(text) (text)
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define abs(x) ((x) > 0 ? (x) : -(x))
#define constrain(amt, low, high) ((amt) < (low) ? (low) : ((amt) > (high) ? (high) : (amt)))
#define round(x) ((x) >= 0 ? (long)((x) + 0.5) : (long)((x)-0.5))
#define radians(deg) ((deg)*0.017453292519943295)
#define degrees(rad) ((rad)*57.29577951308232)
#define sq(x) ((x) * (x))
#define interrupts() ((void)0)
#define noInterrupts() ((void)0)
#define lowByte(w) ((uint8_t)((w)&0xff))
#define highByte(w) ((uint8_t)((w) >> 8))
#define bit(b) (1UL << (b))
#define bitRead(value, bit) (((value) >> (bit)) & 0x01)
#define bitSet(value, bit) ((value) |= (1UL << (bit)))
#define bitClear(value, bit) ((value) &= ~(1UL << (bit)))
#define word(h, l) ((uint16_t)(((h) << 8) | (l)))
#define _BV(b) (1 << (b))

#ifdef __cplusplus
#include <stdio.h>

struct SerialPort {
    void begin(unsigned long)
    {
    }
    operator bool() const
    {
        return true;
    }
    void print(const char *text)
    {
        printf("%s", text);
    }
    void print(unsigned long value)
    {
        printf("%lu", value);
    }
    void print(unsigned int value)
    {
        printf("%u", value);
    }
    void println(const char *text)
    {
        printf("%s\n", text);
    }
};

static SerialPort Serial;

static inline unsigned long micros()
{
    return 0;
}

void setup();
void loop();
#endif

#endif
