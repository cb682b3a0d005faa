/* SPDX-License-Identifier: Apache-2.0 */
/* main.c as CubeMX writes it, its calls of the HAL taken from the stand-in, and CubeMX's syscalls.c
 * in the part that printf needs. */
#include "main.h"

#include <stdio.h>

#include "app_x-cube-ai.h"

#define HEAP_BYTES 2048

UART_HandleTypeDef huart2;
TIM_HandleTypeDef htim6;

void HAL_Init(void);
void SystemClock_Config(void);
void MX_USART_UART_Init(UART_HandleTypeDef *huart);
int __io_putchar(int character);
int _write(int file, char *text, int length);
void *_sbrk(ptrdiff_t more);
int _close(int file);
int _fstat(int file, void *status);
int _isatty(int file);
int _lseek(int file, int offset, int from);
int _read(int file, char *text, int length);

int main(void)
{
    HAL_Init();
    SystemClock_Config();
    MX_USART_UART_Init(&huart2);
    htim6.PeriodMs = STANDIN_PERIOD_MS;
    MX_X_CUBE_AI_Init();
    while (1) {
        MX_X_CUBE_AI_Process();
    }
}

int _write(int file, char *text, int length)
{
    (void)file;
    for (int i = 0; i < length; i++) {
        (void)__io_putchar(text[i]);
    }
    return length;
}

void *_sbrk(ptrdiff_t more)
{
    static char heap[HEAP_BYTES];
    static ptrdiff_t used;
    char *start = &heap[used];

    if (used + more > HEAP_BYTES) {
        return (void *)-1;
    }
    used += more;
    return start;
}

int _close(int file)
{
    (void)file;
    return -1;
}

int _fstat(int file, void *status)
{
    (void)file;
    (void)status;
    return -1;
}

int _isatty(int file)
{
    (void)file;
    return 1;
}

int _lseek(int file, int offset, int from)
{
    (void)file;
    (void)offset;
    (void)from;
    return 0;
}

int _read(int file, char *text, int length)
{
    (void)file;
    (void)text;
    (void)length;
    return 0;
}
