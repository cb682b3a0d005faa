/* SPDX-License-Identifier: Apache-2.0 */
/* The bench: every message of the protocol, so that a host can compare windows and the chain. */
#include "app.h"

int main(void)
{
    safe_app_start("bench", &safe_server_windows, NULL);
    safe_app_serve();
    return 0;
}
