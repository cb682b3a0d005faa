/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen 4-20 mA transmitters on the converter ADC1 of an STM32F405, read by registers. In a
 * project of yours the vendor's driver stands here; the two functions stay. */
#include <math.h>
#include <stdint.h>

#include "safe/sensor.h"
#include "safe_forecaster_detector.h"

/* RM0090: RCC 7.3, GPIO 8.4, ADC 13.13. */
#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_AHB1ENR REGISTER(0x40023830u)
#define RCC_APB2ENR REGISTER(0x40023844u)
#define GPIOA_MODER REGISTER(0x40020000u)
#define GPIOB_MODER REGISTER(0x40020400u)
#define GPIOC_MODER REGISTER(0x40020800u)
#define ADC1_SR REGISTER(0x40012000u)
#define ADC1_CR2 REGISTER(0x40012008u)
#define ADC1_SMPR1 REGISTER(0x4001200Cu)
#define ADC1_SMPR2 REGISTER(0x40012010u)
#define ADC1_SQR3 REGISTER(0x40012034u)
#define ADC1_DR REGISTER(0x4001204Cu)
#define ADC_CCR REGISTER(0x40012304u)
#define SR_EOC (1u << 1)
#define CR2_ADON (1u << 0)
#define CR2_SWSTART (1u << 30)

/** 96 cycles at 21 MHz are 4.6 us, 770 of the core's cycles; a poll takes several of them. */
#define MOST_POLLS 2000u
/** tSTAB is 3 us, 504 cycles; a turn of the loop takes at least two. */
#define STABLE_TURNS 504u

/* 165 ohms make 0.66 V of 4 mA, and 3.3 V of 20 mA, which is the converter's reference. Below
 * 3.6 mA the wire is broken (NAMUR NE 43). */
#define CODE_4_MA 819.2f
#define CODE_20_MA 4096.0f
#define CODE_BROKEN 737u

/** What a transmitter measures at 4 and at 20 mA, in the units of the training data. */
typedef struct range {
    float low;
    float high;
} range_t;

/* In the order of SAFE_FORECASTER_CHANNEL_...; channel number and converter input are the same. */
static const range_t ranges[SAFE_FORECASTER_CHANNELS] = {
    {0.0f, 6000.0f},  /* pump_speed, rpm */
    {0.0f, 40.0f},    /* pump_current, A */
    {0.0f, 8.0f},     /* pump_vibration, mm/s */
    {0.0f, 120.0f},   /* motor_temperature, degC */
    {360.0f, 440.0f}, /* supply_voltage, V */
    {0.0f, 2.0f},     /* suction_pressure, bar */
    {0.0f, 16.0f},    /* discharge_pressure, bar */
    {0.0f, 120.0f},   /* flow, m3/h */
    {0.0f, 100.0f},   /* tank_level, % */
    {0.0f, 100.0f},   /* tank_temperature, degC */
    {0.0f, 100.0f},   /* valve_position, % */
    {0.0f, 120.0f},   /* hot_inlet_temperature, degC */
    {0.0f, 120.0f},   /* hot_outlet_temperature, degC */
    {0.0f, 120.0f},   /* cold_outlet_temperature, degC */
    {0.0f, 60.0f},    /* burner_power, kW */
    {-20.0f, 60.0f},  /* ambient_temperature, degC */
};

safe_status_t safe_sensor_start(void)
{
    RCC_AHB1ENR |= 7u; /* ports A, B and C */
    RCC_APB2ENR |= 1u << 8;
    (void)RCC_APB2ENR;          /* two bus cycles before they answer */
    GPIOA_MODER |= 0x0000FFFFu; /* PA0 to PA7 are IN0 to IN7: analog */
    GPIOB_MODER |= 0x0000000Fu; /* PB0, PB1: IN8, IN9 */
    GPIOC_MODER |= 0x00000FFFu; /* PC0 to PC5: IN10 to IN15 */
    ADC_CCR = 1u << 16;         /* ADCCLK = 84 MHz / 4 */
    ADC1_SMPR1 = 04444444u;     /* sample IN10 to IN16 for 84 cycles */
    ADC1_SMPR2 = 04444444444u;  /* and IN0 to IN9 */
    ADC1_CR2 = CR2_ADON;
    for (uint32_t i = 0; i < STABLE_TURNS; i++) {
        (void)ADC1_SR;
    }
    return SAFE_STATUS_OK;
}

/** Converts one input. @return TIMEOUT: the converter does not answer. */
static safe_status_t convert(uint32_t input, uint32_t *code)
{
    ADC1_SQR3 = input;
    ADC1_SR = 0u;
    ADC1_CR2 = CR2_ADON | CR2_SWSTART;
    for (uint32_t i = 0; i < MOST_POLLS; i++) {
        if ((ADC1_SR & SR_EOC) != 0u) {
            *code = ADC1_DR;
            return SAFE_STATUS_OK;
        }
    }
    return SAFE_STATUS_TIMEOUT;
}

safe_status_t safe_sensor_read(float *sample)
{
    safe_status_t status = SAFE_STATUS_OK;

    for (uint32_t c = 0; c < SAFE_FORECASTER_CHANNELS && status == SAFE_STATUS_OK; c++) {
        uint32_t code = 0;

        status = convert(c, &code);
        sample[c] = code < CODE_BROKEN ? NAN
                                       : ranges[c].low + ((float)code - CODE_4_MA) *
                                                             (ranges[c].high - ranges[c].low) /
                                                             (CODE_20_MA - CODE_4_MA);
    }
    return status;
}
