/*
 * notes.c - see notes.h.
 */
#include "app/notes.h"

#include "os/os.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 256

static void
read_line(char *line, struct ui *ui)
{
    struct ui_note note = { 0 };
    char *word = strchr(line, ' '), *text;

    line[strcspn(line, "\r\n")] = '\0';
    if (word == NULL || !instant_parse(line, (size_t)(word - line), &note.at))
        return;
    word++;
    text = strchr(word, ' ');
    note.in = strncmp(word, "in", 2) == 0;
    if (!note.in && strncmp(word, "out", 3) != 0)
        return;
    (void)text_copy(note.text, sizeof note.text, text == NULL ? "" : text + 1);
    ui_add_note(ui, &note);
}

void
notes_read(const char *path, struct ui *ui)
{
    char line[LINE_MAX_BYTES];
    FILE *file = path == NULL ? NULL : fopen(path, "r");

    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL)
        read_line(line, ui);
    (void)fclose(file);
}

void
notes_append(const char *path, const struct ui_note *note)
{
    char at[INSTANT_TEXT_MAX];
    FILE *file;

    if (path == NULL || os_make_private_file(path, NULL) != OK)
        return;
    file = fopen(path, "a");
    if (file == NULL)
        return;
    (void)instant_format(note->at, at, sizeof at);
    (void)fprintf(file, "%s %s %s\n", at, note->in ? "in" : "out", note->text);
    (void)fclose(file);
}
