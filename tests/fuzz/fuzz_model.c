/*
 * fuzz_model.c - whatever the feed may say, the dashboard draws something and stays within its memory (S-15).
 *
 * The input is lines, each a message.  They are taken one after the other and all tabs are drawn, small and large.
 */
#include "tui/frame.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int sizes[][2] = { { 24, 80 }, { 60, 200 }, { 3, 7 } };
    struct model *model = model_new();
    struct ui ui = { .now = { INT64_C(1795188600000000000) }, .link = LINK_LIVE };
    struct screen screen = { 0 };
    struct error err;

    for (const uint8_t *line = data, *end = data + size; model != NULL && line < end;) {
        const uint8_t *stop = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((stop == NULL ? end : stop) - line);
        (void)!model_message(model, (const char *)line, length, &err);
        line += length + 1;
    }
    for (size_t i = 0; model != NULL && i < sizeof sizes / sizeof sizes[0]; i++) {
        if (screen_resize(&screen, sizes[i][0], sizes[i][1], &err) != OK)
            break;
        for (ui.tab = TAB_OVERVIEW; ui.tab < TABS; ui.tab = (enum tab)(ui.tab + 1))
            frame_draw(&screen, model, &ui);
    }
    screen_fini(&screen);
    model_free(model);
    return 0;
}
