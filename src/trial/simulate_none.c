/*
 * simulate_none.c - `riskctl simulate` where the simulated exchange is not built (WITH_SIM=OFF).
 */
#include "trial/simulate.h"

#include <stdio.h>

int
simulate_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    fputs("riskctl: this build has no simulation\n", stderr);
    return 2;
}
