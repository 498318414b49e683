/*
 * products.c - see products.h.  Source: spec/gateway.md 7 (captured product list of August 2026).  Only products whose code differs
 * from the root need a row; whole codes are compared, never prefixes (NQM is crude oil, USA is ZB).
 */
#include "core/products.h"

#include "base/assert.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *code, *root;
} differing[] = {
    { "EP", "ES" },   { "ENQ", "NQ" },  { "CLE", "CL" },   { "MCLE", "MCL" }, { "NQM", "QM" },  { "NGE", "NG" },
    { "NQG", "QG" },  { "HOE", "HO" },  { "RBE", "RB" },   { "GCE", "GC" },   { "SIE", "SI" },  { "CPE", "HG" },
    { "PLE", "PL" },  { "GLE", "LE" },  { "DA6", "6A" },   { "BP6", "6B" },   { "CA6", "6C" },  { "EU6", "6E" },
    { "JY6", "6J" },  { "MX6", "6M" },  { "NE6", "6N" },   { "SF6", "6S" },   { "EEU", "E7" },  { "GMCD", "MCD" },
    { "GMET", "MET" }, { "TYA", "ZN" }, { "TNA", "TN" },   { "FVA", "ZF" },   { "TUA", "ZT" },  { "USA", "ZB" },
    { "ULA", "UB" },  { "ZCE", "ZC" },  { "ZWA", "ZW" },   { "ZSE", "ZS" },   { "ZME", "ZM" },  { "ZLE", "ZL" },
};

static const char *const micros[] = { "MES", "MNQ", "M2K", "MYM", "MCL", "MNG", "MGC", "SIL", "MHG", "M6A", "M6B", "M6E",
    "MCD", "MBT", "MET" };

bool
product_code_of_contract(const char *contract_id, char ret_code[ROOT_MAX])
{
    const char *at = contract_id;
    const char *start = NULL;
    int dots = 0;
    size_t length = 0;

    if (!text_starts(contract_id, "CON."))
        return false;
    for (; *at != 0; at++) {
        if (*at != '.')
            continue;
        dots++;
        if (dots == 3)
            start = at + 1;
        if (dots == 4)
            length = (size_t)(at - start);
    }
    if (dots != 4 || length == 0 || length >= ROOT_MAX)
        return false;
    return text_copy_bytes(ret_code, ROOT_MAX, start, length);
}

bool
product_root_of_name(const char *name, char ret_root[ROOT_MAX])
{
    size_t length = strlen(name);

    while (length > 0 && isdigit((unsigned char)name[length - 1]))
        length--;
    if (name[length] == 0 || length < 2 || strchr("FGHJKMNQUVXZ", name[length - 1]) == NULL)
        return false;
    return text_copy_bytes(ret_root, ROOT_MAX, name, length - 1);
}

void
product_root_of_symbol(const char *symbol, char ret_root[ROOT_MAX])
{
    size_t i = 0;
    char first = (char)toupper((unsigned char)symbol[0]);

    for (size_t k = 0; k < COUNT_OF(differing); k++) {
        if (differing[k].code[0] == first && text_same(symbol, differing[k].code)) {
            (void)text_copy(ret_root, ROOT_MAX, differing[k].root);
            return;
        }
    }
    for (; symbol[i] != 0 && i + 1 < ROOT_MAX; i++)
        ret_root[i] = (char)toupper((unsigned char)symbol[i]);
    ret_root[i] = 0;
}

bool
product_is_micro(const char *root)
{
    for (size_t k = 0; k < COUNT_OF(micros); k++) {
        if (strcmp(root, micros[k]) == 0)
            return true;
    }
    return false;
}
