/* SPDX-License-Identifier: Apache-2.0 */
/* The stand-in's HAL: what the drivers of SAFE receive is given on in the way of ST's HAL, with its
 * events (full, half, idle) and its errors. One byte of many is lost as by an overrun. */
#include "main.h"

#include "core.h"
#include "cortex_m.h"
#include "driver.h"
#include "isr.h"
#include "safe_target.h"

uint32_t SystemCoreClock = SAFE_TARGET_CLOCK_HZ;
extern TIM_HandleTypeDef htim6;

static volatile uint32_t tick_ms;
static UART_HandleTypeDef *line;
static uint32_t received; /* bytes of all */

void HAL_Init(void);
void SystemClock_Config(void);
void MX_USART_UART_Init(UART_HandleTypeDef *huart);
void driver_isr_uart(void); /* the driver's, which takes a byte into the driver's ring */

static void end_reception(void)
{
    line->RxState = HAL_UART_STATE_READY;
}

/** Tells that `count` bytes of the buffer are filled. Without DMA that is the end of it. */
static void tell(uint16_t count)
{
    if (!line->IsDma) {
        end_reception();
    }
    HAL_UARTEx_RxEventCallback(line, count);
}

static void take(uint8_t byte)
{
    received++;
    if (STANDIN_LOSE_BYTE != 0 && received == STANDIN_LOSE_BYTE) {
        end_reception();
        line->ErrorCode = HAL_UART_ERROR_ORE;
        HAL_UART_ErrorCallback(line);
        return;
    }
    line->pRxBuffPtr[line->RxCount++] = byte;
    line->IsQuiet = 0;
    if (line->RxCount == line->RxXferSize) {
        if (line->IsDma) {
            line->RxCount = 0;
        }
        tell(line->RxXferSize);
    } else if (line->IsDma && line->RxCount == line->RxXferSize / 2u) {
        tell(line->RxCount);
    }
}

/** Gives on what the driver has, while somebody receives. */
static void give_on(void)
{
    uint8_t byte;

    while (line != NULL && line->RxState == HAL_UART_STATE_BUSY_RX &&
           safe_uart_read(&byte, 1u) == 1u) {
        take(byte);
    }
}

void safe_isr_uart(void)
{
    driver_isr_uart();
    give_on();
}

void safe_isr_systick(void)
{
    tick_ms = tick_ms + 1u;
    give_on();
    if (line != NULL && line->RxState == HAL_UART_STATE_BUSY_RX) {
        if (line->IsQuiet == 1u && (line->IsDma || line->RxCount != 0u)) {
            line->IsQuiet = 2u; /* idle is told once; right after a whole round, the whole again */
            tell(line->RxCount == 0u ? line->RxXferSize : line->RxCount);
        } else if (line->IsQuiet == 0u) {
            line->IsQuiet = 1u;
        }
    }
    if (htim6.IsRunning && ++htim6.ElapsedMs >= htim6.PeriodMs) {
        htim6.ElapsedMs = 0;
        HAL_TIM_PeriodElapsedCallback(&htim6);
    }
}

void HAL_Init(void)
{
}

void SystemClock_Config(void)
{
    (void)safe_reset_cause();
    (void)safe_clock_init();
    SYST_RVR = SAFE_TARGET_CLOCK_HZ / 1000u - 1u;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE_IRQ_CORE_CLOCK;
}

void MX_USART_UART_Init(UART_HandleTypeDef *huart)
{
    huart->Init.BaudRate = SAFE_TARGET_UART_BAUD;
    huart->RxState = HAL_UART_STATE_READY;
    line = huart;
    safe_uart_init();
}

uint32_t HAL_GetTick(void)
{
    return tick_ms;
}

HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef *huart, const uint8_t *data, uint16_t size,
                                    uint32_t timeout)
{
    (void)huart;
    (void)timeout;
    return safe_uart_write(data, size) == SAFE_STATUS_OK ? HAL_OK : HAL_TIMEOUT;
}

static HAL_StatusTypeDef receive(UART_HandleTypeDef *huart, uint8_t *data, uint16_t size,
                                 uint8_t dma)
{
    if (huart->RxState != HAL_UART_STATE_READY) {
        return HAL_BUSY;
    }
    huart->pRxBuffPtr = data;
    huart->RxXferSize = size;
    huart->RxCount = 0;
    huart->IsDma = dma;
    huart->IsQuiet = 2u; /* no idle before the first byte */
    huart->ErrorCode = HAL_UART_ERROR_NONE;
    huart->RxState = HAL_UART_STATE_BUSY_RX;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_UARTEx_ReceiveToIdle_IT(UART_HandleTypeDef *huart, uint8_t *data,
                                              uint16_t size)
{
    return receive(huart, data, size, 0);
}

HAL_StatusTypeDef HAL_UARTEx_ReceiveToIdle_DMA(UART_HandleTypeDef *huart, uint8_t *data,
                                               uint16_t size)
{
    return receive(huart, data, size, 1);
}

uint32_t HAL_UART_GetError(const UART_HandleTypeDef *huart)
{
    return huart->ErrorCode;
}

HAL_StatusTypeDef HAL_TIM_Base_Start_IT(TIM_HandleTypeDef *htim)
{
    htim->ElapsedMs = 0;
    htim->IsRunning = 1;
    return HAL_OK;
}

void NVIC_SystemReset(void)
{
    safe_cpu_reset();
}
