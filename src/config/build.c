/*
 * build.c - files and memory of a load; see build.h.
 */
#include "config/build.h"

#include "base/assert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
build_take(struct build *build, struct arena *arena, size_t size)
{
    void *taken = arena_take(arena, size);

    if (taken == NULL)
        build->short_of_memory = true;
    return taken;
}

void
build_file_problem(struct build *build, const char *file, const char *key, const char *found, const char *expected)
{
    struct config_problem problem = { .line = 0 };

    (void)text_copy(problem.file, sizeof problem.file, file);
    (void)text_copy(problem.key, sizeof problem.key, key);
    (void)text_copy(problem.found, sizeof problem.found, found);
    (void)text_copy(problem.expected, sizeof problem.expected, expected);
    config_errors_add(build->bind.errors, &problem);
    build->bind.problems++;
}

static const struct yaml_node *
read_text(struct build *build, const char *name, const char *text, size_t length)
{
    struct yaml_tree *tree = NULL;
    enum status status = yaml_tree_read(name, text, length, &tree, build->bind.errors);

    if (status == STATUS_LIMIT)
        build->short_of_memory = true;
    if (status != OK)
        return NULL;
    ASSERT(build->trees_count < (int)COUNT_OF(build->trees));
    build->trees[build->trees_count++] = tree;
    return yaml_tree_root(tree);
}

/* One byte more than may be there, so that too large a file is told by the reader. */
static const struct yaml_node *
read_file(struct build *build, const char *path, FILE *file)
{
    char *bytes = calloc(1, YAML_SIZE_MAX + 1);
    const struct yaml_node *root = NULL;
    size_t length;

    if (bytes == NULL) {
        build->short_of_memory = true;
        return NULL;
    }
    length = fread(bytes, 1, YAML_SIZE_MAX + 1, file);
    if (ferror(file))
        build_file_problem(build, path, "", "a file that cannot be read to its end", "a configuration file");
    else
        root = read_text(build, path, bytes, length);
    secret_wipe(bytes, YAML_SIZE_MAX + 1);
    free(bytes);
    return root;
}

const struct yaml_node *
build_read_source(struct build *build, const struct config_source *source, bool *ret_exists)
{
    const char *name = source->path != NULL ? source->path : "configuration";
    const struct yaml_node *root;
    FILE *file;

    *ret_exists = source->text != NULL;
    if (source->text != NULL)
        return read_text(build, name, source->text, source->length);
    if (source->path == NULL)
        return NULL;
    file = fopen(source->path, "rb");
    if (file == NULL) {
        *ret_exists = errno != ENOENT;
        if (*ret_exists)
            build_file_problem(build, source->path, "", strerror(errno), "a file the service may read");
        return NULL;
    }
    *ret_exists = true;
    (void)setvbuf(file, NULL, _IONBF, 0); /* No copy of a key in a buffer nobody wipes. */
    root = read_file(build, source->path, file);
    (void)fclose(file);
    return root;
}

bool
build_read_secret(struct build *build, const struct yaml_node *at, const char *key_path, const char *path, char *out, size_t out_size)
{
    FILE *file = fopen(path, "rb");
    size_t length;
    char found[CONFIG_FOUND_MAX];

    secret_wipe(out, out_size);
    if (file == NULL) {
        (void)snprintf(found, sizeof found, "\"%.80s\": %.30s", path, strerror(errno));
        bind_problem(&build->bind, at, key_path, found, "a file the service may read");
        return false;
    }
    (void)setvbuf(file, NULL, _IONBF, 0);
    length = fread(out, 1, out_size - 1, file);
    (void)fclose(file);
    out[length] = 0;
    out[strcspn(out, "\r\n")] = 0;
    return true;
}

void
build_check_private(struct build *build, const struct yaml_node *at, const char *key_path, const char *file)
{
    struct error err = { .status = OK };

    if (!build->loaded->daemon.credentials.strict_permissions)
        return;
    if (build->sources->is_private == NULL)
        (void)error_set(&err, STATUS_CONFIG, "a secret in a file that cannot be checked");
    else if (build->sources->is_private(file, &err) == OK)
        return;
    bind_problem(&build->bind, at, key_path, err.text, "a file only the service's user can read (chmod 600)");
}
