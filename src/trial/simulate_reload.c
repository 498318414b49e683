/*
 * simulate_reload.c - see simulate_reload.h.
 */
#include "trial/simulate_reload.h"

#include "base/assert.h"
#include "rules/rules.h"
#include "trial/simulate_world.h"

#include <inttypes.h>
#include <string.h>

enum status
simulate_reload_init(struct simulate_world *world, struct error *err)
{
    struct simulate_reload *reload = &world->reload;
    char database[SETTING_TEXT_MAX];

    reload->files = world->rules;
    if (scratch_new(&reload->scratch, database, sizeof database, err) != OK)
        return err->status;
    pending_init(&reload->pending, database);
    return OK;
}

void
simulate_reload_fini(struct simulate_world *world)
{
    pending_fini(&world->reload.pending);
    scratch_free(world->reload.scratch);
}

static enum status
parse(const struct simulate_world *world, struct loaded_config **ret_config, struct error *err)
{
    int64_t ids[SIMULATE_ACCOUNTS_MAX];
    struct config_errors errors = { 0 };
    char bytes[ERROR_TEXT_MAX];
    struct text all = text_on(bytes, sizeof bytes);
    const char *json = world->reload.files.json;
    int32_t count = 0;

    for (int32_t i = 0; i < world->options.accounts; i++)
        if (i + 1 != world->reload.paused)
            ids[count++] = i + 1;
    enum status status = config_from_scenario(json, strlen(json), ids, count, rules_table, ret_config, &errors);
    if (status != OK) {
        config_errors_print(&errors, &all);
        status = error_set(err, status, "rules of this seed: %s", bytes);
    }
    config_errors_fini(&errors);
    return status;
}

/* What pending.c says is said to nobody else here. */
static void
tell_pending(struct simulate_world *world)
{
    struct pending *pending = &world->reload.pending;

    for (char *line = pending->said, *end; line != NULL && (end = strchr(line, '\n')) != NULL; line = end + 1)
        simulate_story_tell(&world->story, 0, "rules", "%.*s", (int)(end - line), line);
    if (pending->said != NULL)
        pending->said[0] = '\0';
    pending->said_length = 0;
}

/* Which limits are in force, by the judges: tighter ones at once, looser ones when their time has come (issue 8). */
static void
reckon(struct simulate_world *world)
{
    struct simulate_reload *reload = &world->reload;
    const struct simulate_rules *files = &reload->files;

    if (reload->waiting.tilt != 0 && !instant_before(world->now, reload->until)) {
        simulate_check_rules(world, &reload->waiting);
        reload->waiting.tilt = 0;
    }
    if (files->tilt <= world->rules.tilt || files->loosen_s == 0) {
        reload->waiting.tilt = 0;
        if (files->tilt != world->rules.tilt)
            simulate_check_rules(world, files);
    } else if (files->tilt != reload->waiting.tilt) { /* Asking again for the same begins no new time. */
        reload->waiting = *files;
        reload->until = files->loosen_s == SIMULATE_NEXT_DAY ? simulate_check_day_ends(world) :
            instant_add(world->now, SPAN_SECONDS(files->loosen_s));
    }
}

enum status
simulate_reload_read(struct simulate_world *world, struct error *err)
{
    struct loaded_config *old = world->config, *loaded = NULL;
    enum status status = parse(world, &loaded, err);

    if (status != OK)
        return status;
    pending_apply(&world->reload.pending, loaded, world->process.alive ? old : NULL, world->now);
    tell_pending(world);
    reckon(world);
    world->config = loaded;
    if (world->process.alive) {
        struct event event = { .kind = EVENT_CONFIG, .at = world->now, .u.config = &loaded->config };
        shell_event(world->process.shell, &event);
    }
    loaded_config_free(old);
    return OK;
}

static void
read_again(struct simulate_world *world)
{
    struct error err;

    if (world->process.alive && simulate_reload_read(world, &err) != OK)
        simulate_world_fail(world, 0, "reload: %s", err.text);
}

void
simulate_reload_edit(struct simulate_world *world, int32_t percent)
{
    simulate_story_tell(&world->story, 0, "rules", "limits are edited to %d %% of the first ones", (int)percent);
    simulate_rules_tilt(&world->reload.files, percent);
    read_again(world);
}

void
simulate_reload_minute(struct simulate_world *world)
{
    if (world->reload.waiting.tilt != 0 && !instant_before(world->now, world->reload.until))
        read_again(world);
}
