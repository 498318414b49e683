/* fuzz_json.c - any bytes into the reader; then every accessor on every node of what it accepted. */
#include "base/assert.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_token tokens[2048];
    struct json json;
    struct error err;
    char out[64];
    int64_t number;
    bool flag;
    size_t length;

    if (json_read((const char *)data, size, tokens, COUNT_OF(tokens), &json, &err) != OK)
        return 0;
    for (int node = -1; node <= json.count; node++) {
        int child = json_first(&json, node);
        for (size_t left = json_size(&json, node); left > 0; left--, child = json_next(&json, child))
            ASSERT(child > node && child < json.count);
        (void)json_get_any_case(&json, node, "id");
        (void)json_string(&json, node, out, sizeof out);
        (void)json_int64(&json, node, &number);
        (void)json_money(&json, node, &number);
        (void)json_price(&json, node, &number);
        (void)json_bool(&json, node, &flag);
        (void)json_raw(&json, node, &length);
    }
    return 0;
}
