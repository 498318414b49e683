/*
 * riskctl_rules.h - riskctl rules: the rules in force (S-18, 3).
 */
#ifndef CTL_RISKCTL_RULES_H
#define CTL_RISKCTL_RULES_H

/** The command line after "rules".  Exit status of tool.h. */
int riskctl_rules(int argc, char **argv);

#endif /* CTL_RISKCTL_RULES_H */
