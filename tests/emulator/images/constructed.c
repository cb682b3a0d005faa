/* SPDX-License-Identifier: Apache-2.0 */
/* An image of C alone with a constructor, which start-up would not run. */
static volatile int s_ready;

__attribute__((constructor)) static void start_early(void)
{
    s_ready = 1;
}

int main(void)
{
    return s_ready;
}
