/* SPDX-License-Identifier: Apache-2.0 */
/* I2C1 on PB6 (SCL) and PB7 (SDA), alternate function 4 (DS8626, table of alternate functions);
 * RM0090 section 27.3.3, "I2C master mode". Nothing here is used in an interrupt handler. */
#include "i2c.h"

#include <stdbool.h>

#include "safe/compiler.h"
#include "safe_target.h"
#include "stm32f4.h"

#define SCL_HZ 100000u
#define APB1_HZ (SAFE_TARGET_CLOCK_HZ / SAFE_TARGET_APB1_DIVIDER)
#define APB1_MHZ (APB1_HZ / 1000000u)
typedef char apb1_is_2_to_50_mhz[APB1_MHZ >= 2u && APB1_MHZ <= 50u ? 1 : -1];
/** A poll takes at least 5 cycles: more than 20 periods of SCL, two bytes. */
#define POLLS (4u * (SAFE_TARGET_CLOCK_HZ / SCL_HZ))
/** Turns of at least two cycles: half a period of SCL. */
#define HALF_PERIOD (SAFE_TARGET_CLOCK_HZ / SCL_HZ / 4u)
/** A byte and its acknowledgement: then any device has released SDA. */
#define MOST_CLOCKS 9u

#define SCL 6u
#define SDA 7u
#define BOTH(two_bits) ((two_bits) << (2u * SCL) | (two_bits) << (2u * SDA))
#define ERRORS (I2C_SR1_AF | I2C_SR1_ARLO | I2C_SR1_BERR)
#define ENABLED (I2C_CR1_PE | I2C_CR1_ACK)

static void wait_half(void)
{
    for (uint32_t i = 0; i < HALF_PERIOD; i++) {
        (void)GPIOB_IDR;
    }
}

/** Drives a line low, or lets its pull-up raise it. */
static void put(uint32_t pin, bool high)
{
    GPIOB_BSRR = high ? 1u << pin : 1u << (pin + 16u);
    wait_half();
}

static bool is_high(uint32_t pin)
{
    return (GPIOB_IDR >> pin & 1u) != 0u;
}

/** Clocks a device on until it releases SDA, then makes a stop condition.
 * @return whether both lines are high. */
SAFE_COLD static bool free_bus(void)
{
    GPIOB_BSRR = 1u << SCL | 1u << SDA;
    GPIOB_MODER = (GPIOB_MODER & ~BOTH(3u)) | BOTH(1u);
    wait_half();
    for (uint32_t i = 0; i < MOST_CLOCKS && !is_high(SDA); i++) {
        put(SCL, false);
        put(SCL, true);
    }
    put(SCL, false);
    put(SDA, false);
    put(SCL, true);
    put(SDA, true);
    return is_high(SCL) && is_high(SDA);
}

/** Resets the controller: it may believe the bus busy for ever (section 27.6.1, SWRST). */
SAFE_COLD static void set_up_controller(void)
{
    GPIOB_MODER = (GPIOB_MODER & ~BOTH(3u)) | BOTH(2u);
    I2C1_CR1 = I2C_CR1_SWRST;
    I2C1_CR1 = 0u;
    I2C1_CR2 = APB1_MHZ;
    I2C1_CCR = APB1_HZ / (2u * SCL_HZ); /* section 27.6.8: low and high of one half period each */
    I2C1_TRISE = APB1_MHZ + 1u;         /* section 27.6.9: 1000 ns */
    I2C1_CR1 = ENABLED;
}

SAFE_COLD static safe_status_t recover(void)
{
    bool is_free = free_bus();

    set_up_controller();
    return is_free ? SAFE_STATUS_OK : SAFE_STATUS_TIMEOUT;
}

SAFE_COLD safe_status_t safe_i2c_init(void)
{
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOB;
    RCC_APB1ENR |= RCC_APB1ENR_I2C1;
    (void)RCC_APB1ENR; /* two bus cycles before the peripherals answer */
    GPIOB_OTYPER |= 1u << SCL | 1u << SDA;
    GPIOB_PUPDR = (GPIOB_PUPDR & ~BOTH(3u)) | BOTH(1u);
    GPIOB_AFRL =
        (GPIOB_AFRL & ~(15u << 4u * SCL | 15u << 4u * SDA)) | 4u << 4u * SCL | 4u << 4u * SDA;
    return recover();
}

static safe_status_t wait_for(uint32_t flag)
{
    for (uint32_t i = 0; i < POLLS; i++) {
        uint32_t flags = I2C1_SR1;

        if ((flags & ERRORS) != 0u) {
            I2C1_SR1 = ~ERRORS & 0xDF00u; /* written 0 they are cleared */
            return (flags & I2C_SR1_AF) != 0u ? SAFE_STATUS_NO_ANSWER : SAFE_STATUS_TIMEOUT;
        }
        if ((flags & flag) != 0u) {
            return SAFE_STATUS_OK;
        }
    }
    return SAFE_STATUS_TIMEOUT;
}

/** Makes a start condition, and calls a device; ADDR is set then and holds the clock. */
static safe_status_t call(uint8_t device, uint32_t reads, uint32_t control)
{
    safe_status_t status;

    I2C1_CR1 = ENABLED | control | I2C_CR1_START;
    status = wait_for(I2C_SR1_SB);
    if (status == SAFE_STATUS_OK) {
        I2C1_DR = (uint32_t)device << 1 | reads;
        status = wait_for(I2C_SR1_ADDR);
    }
    return status;
}

/** Reading SR1, then SR2 clears ADDR. */
static void go_on(void)
{
    (void)I2C1_SR1;
    (void)I2C1_SR2;
}

static safe_status_t send(uint8_t byte)
{
    I2C1_DR = byte;
    return wait_for(I2C_SR1_BTF);
}

/** Returns whether the bus becomes free: a stop condition that was asked for takes its time. */
static bool becomes_free(void)
{
    for (uint32_t i = 0; i < POLLS; i++) {
        if ((I2C1_SR2 & I2C_SR2_BUSY) == 0u) {
            return true;
        }
    }
    return false;
}

/** Ends a transfer that went wrong: after a missing acknowledgement by a stop condition, else by
 * freeing the bus. */
SAFE_COLD static safe_status_t give_up(safe_status_t status)
{
    if (status == SAFE_STATUS_NO_ANSWER) {
        I2C1_CR1 = ENABLED | I2C_CR1_STOP;
        if (becomes_free()) {
            return status;
        }
    }
    return recover() == SAFE_STATUS_OK ? status : SAFE_STATUS_TIMEOUT;
}

/** Sets the pointer of a device, on a bus that is free. */
static safe_status_t point(uint8_t device, uint8_t reg)
{
    safe_status_t status = SAFE_STATUS_OK;

    if (!becomes_free()) {
        status = recover();
    }
    if (status == SAFE_STATUS_OK) {
        status = call(device, 0u, 0u);
    }
    if (status == SAFE_STATUS_OK) {
        go_on();
        status = send(reg);
    }
    return status;
}

/** The last bytes of a read: the acknowledgement is withheld, and the stop condition asked for,
 * before the last byte has come. "Master receiver" of section 27.3.3 has a way for each number. */
static safe_status_t take_one(uint8_t *bytes)
{
    safe_status_t status;

    I2C1_CR1 = I2C_CR1_PE;
    go_on();
    I2C1_CR1 = I2C_CR1_PE | I2C_CR1_STOP;
    status = wait_for(I2C_SR1_RXNE);
    bytes[0] = (uint8_t)I2C1_DR;
    return status;
}

static safe_status_t take_two(uint8_t *bytes)
{
    safe_status_t status = wait_for(I2C_SR1_BTF);

    I2C1_CR1 = I2C_CR1_PE | I2C_CR1_STOP;
    bytes[0] = (uint8_t)I2C1_DR;
    bytes[1] = (uint8_t)I2C1_DR;
    return status;
}

static safe_status_t take(uint8_t *bytes, size_t length)
{
    safe_status_t status = SAFE_STATUS_OK;

    if (length == 1u) {
        return take_one(bytes);
    }
    go_on();
    if (length == 2u) {
        I2C1_CR1 = I2C_CR1_PE | I2C_CR1_POS; /* the second byte is not acknowledged */
        return take_two(bytes);
    }
    for (; length > 3u && status == SAFE_STATUS_OK; length--) {
        status = wait_for(I2C_SR1_BTF);
        *bytes++ = (uint8_t)I2C1_DR;
    }
    if (status == SAFE_STATUS_OK) {
        status = wait_for(I2C_SR1_BTF);
        I2C1_CR1 = I2C_CR1_PE;
        bytes[0] = (uint8_t)I2C1_DR;
    }
    return status == SAFE_STATUS_OK ? take_two(&bytes[1]) : status;
}

safe_status_t safe_i2c_read(uint8_t device, uint8_t reg, uint8_t *bytes, size_t length)
{
    safe_status_t status;

    if (bytes == NULL || length == 0u) {
        return SAFE_STATUS_ARGUMENT;
    }
    status = point(device, reg);
    if (status == SAFE_STATUS_OK) {
        status = call(device, 1u, length == 2u ? I2C_CR1_POS : 0u);
    }
    if (status == SAFE_STATUS_OK) {
        status = take(bytes, length);
    }
    return status == SAFE_STATUS_OK ? status : give_up(status);
}

safe_status_t safe_i2c_write(uint8_t device, uint8_t reg, const uint8_t *bytes, size_t length)
{
    safe_status_t status;

    if (bytes == NULL && length != 0u) {
        return SAFE_STATUS_ARGUMENT;
    }
    status = point(device, reg);
    for (size_t i = 0; i < length && status == SAFE_STATUS_OK; i++) {
        status = send(bytes[i]);
    }
    if (status != SAFE_STATUS_OK) {
        return give_up(status);
    }
    I2C1_CR1 = ENABLED | I2C_CR1_STOP;
    return SAFE_STATUS_OK;
}
