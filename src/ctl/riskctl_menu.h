/*
 * riskctl_menu.h - riskctl for a person at a terminal (S-18).
 */
#ifndef CTL_RISKCTL_MENU_H
#define CTL_RISKCTL_MENU_H

/** Until the person has had enough.  @directory of the configuration, NULL: the usual one.  Exit status of tool.h. */
int riskctl_menu(const char *directory);

#endif /* CTL_RISKCTL_MENU_H */
