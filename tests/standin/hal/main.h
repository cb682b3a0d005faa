/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in of the part of ST's HAL that a generated CubeMX style calls, over SAFE's own drivers,
 * written from its description. */
#ifndef STANDIN_MAIN_H
#define STANDIN_MAIN_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    HAL_OK = 0,
    HAL_ERROR = 1,
    HAL_BUSY = 2,
    HAL_TIMEOUT = 3,
} HAL_StatusTypeDef;

#define HAL_UART_STATE_READY 0x20u
#define HAL_UART_STATE_BUSY_RX 0x22u
#define HAL_UART_ERROR_NONE 0x00u
#define HAL_UART_ERROR_ORE 0x08u

typedef struct {
    struct {
        uint32_t BaudRate;
    } Init;
    volatile uint32_t RxState;
    volatile uint32_t ErrorCode;
    uint8_t *pRxBuffPtr;
    uint16_t RxXferSize;
    uint16_t RxCount; /* bytes of the buffer that are filled */
    uint8_t IsDma;    /* the buffer is filled round and round */
    uint8_t IsQuiet;  /* no byte since the last look */
} UART_HandleTypeDef;

typedef struct {
    uint32_t PeriodMs;
    volatile uint32_t ElapsedMs;
    volatile uint8_t IsRunning;
} TIM_HandleTypeDef;

uint32_t HAL_GetTick(void);
HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef *huart, const uint8_t *data, uint16_t size,
                                    uint32_t timeout);
HAL_StatusTypeDef HAL_UARTEx_ReceiveToIdle_IT(UART_HandleTypeDef *huart, uint8_t *data,
                                              uint16_t size);
HAL_StatusTypeDef HAL_UARTEx_ReceiveToIdle_DMA(UART_HandleTypeDef *huart, uint8_t *data,
                                               uint16_t size);
uint32_t HAL_UART_GetError(const UART_HandleTypeDef *huart);
HAL_StatusTypeDef HAL_TIM_Base_Start_IT(TIM_HandleTypeDef *htim);
void HAL_TIM_PeriodElapsedCallback(TIM_HandleTypeDef *htim);
void HAL_UARTEx_RxEventCallback(UART_HandleTypeDef *huart, uint16_t size);
void HAL_UART_ErrorCallback(UART_HandleTypeDef *huart);
void NVIC_SystemReset(void);

#endif
