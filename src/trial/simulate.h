/*
 * simulate.h - `riskctl simulate`: days of trading, trouble and kills from a seed, judged after every step (docs/simulation.md).
 */
#ifndef TRIAL_SIMULATE_H
#define TRIAL_SIMULATE_H

/** What follows "simulate" on the command line.  Exit status: 0 all held, 1 something did not, 2 the command line is wrong. */
int simulate_main(int argc, char **argv);

#endif /* TRIAL_SIMULATE_H */
