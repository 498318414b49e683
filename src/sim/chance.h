/*
 * chance.h - seeded chance: the same seed gives the same simulated world (splitmix64).
 */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include <stdint.h>

struct chance {
    uint64_t state;
};

uint64_t chance_next(struct chance *chance);
/** 0 to @below - 1; @below > 0. */
int64_t chance_below(struct chance *chance, int64_t below);

#endif /* SIM_CHANCE_H */
