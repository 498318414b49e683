/*
 * products.h - which exchange root a trader means by a product code (gateway.md 7), and which are micros.
 *
 * Ticks and values are not here: they come from the gateway at run time.
 */
#ifndef CORE_PRODUCTS_H
#define CORE_PRODUCTS_H

#include "core/limits.h"

#include <stdbool.h>

/**
 * Split "CON.F.US.EP.U25" into its code "EP".  False if the text is not of that form: such a contract has no code and no
 * root and matches no symbol.
 */
bool product_code_of_contract(const char *contract_id, char ret_code[ROOT_MAX]);

/** Root of a contract's name at the gateway: "ESU5" -> "ES".  False if it does not end in a month letter and digits. */
bool product_root_of_name(const char *name, char ret_root[ROOT_MAX]);

/** Root for a code or root in any case by the built-in table ("EP", "ep", "ES" -> "ES"); unknown: itself in capitals. */
void product_root_of_symbol(const char *symbol, char ret_root[ROOT_MAX]);

bool product_is_micro(const char *root);

#endif /* CORE_PRODUCTS_H */
