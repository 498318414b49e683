/*
 * model_history.c - what happened, in rings: enforcements joined by their incident, lockouts that ended, alarms.
 *
 * A snapshot brings the daemon's own last steps; after a reconnect some of them are here already, so each is taken once by its time and words.
 */
#include "tui/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct model_incident *
find(struct model *model, int64_t id, int64_t account_id)
{
    uint64_t kept = model->incidents_count < MODEL_INCIDENTS ? model->incidents_count : MODEL_INCIDENTS;

    for (uint64_t i = 0; i < kept; i++) {
        struct model_incident *incident = &model->incidents[(model->incidents_count - 1 - i) % MODEL_INCIDENTS];
        if (incident->id == id && incident->account_id == account_id)
            return incident;
    }
    return NULL;
}

/* "CON.F.US.MNQ.U26" is MNQ.U26 to a trader. */
static const char *
short_contract(const char *contract)
{
    return text_starts(contract, "CON.F.US.") ? contract + 9 : contract;
}

static bool
has_step(const struct model_incident *incident, const struct model_step *step)
{
    for (int i = 0; i < incident->steps_count && i < MODEL_STEPS; i++)
        if (instant_equal(incident->steps[i].at, step->at) && incident->steps[i].order_id == step->order_id &&
            strcmp(incident->steps[i].what, step->what) == 0)
            return true;
    return false;
}

static void
take_breach(struct model *model, struct model_incident *incident, const struct json *json, int data, struct instant at)
{
    if (incident->why[0] == '\0') { /* The headline breach comes first (R-ALL-2). */
        incident->rule = (int)model_int(json, data, "rule");
        incident->at = at;
        model_string(json, data, "text", incident->why, sizeof incident->why);
        model_string(json, data, "action", incident->action, sizeof incident->action);
    }
    model->flash = instant_max(model->flash, at);
}

static struct model_step
step_of(const struct json *json, int data, const char *word, struct instant at)
{
    struct model_step step = { .at = at, .order_id = model_int(json, data, "order_id") };
    char command[20], contract[MODEL_NAME], outcome[20];

    model_string(json, data, "command", command, sizeof command);
    model_string(json, data, "contract", contract, sizeof contract);
    model_string(json, data, "outcome", outcome, sizeof outcome);
    if (strcmp(word, "answered") == 0)
        (void)snprintf(step.what, sizeof step.what, "%s %.14s", outcome, command);
    else if (strcmp(word, "proven") == 0)
        (void)snprintf(step.what, sizeof step.what, "proven");
    else
        (void)snprintf(step.what, sizeof step.what, "%.8s %.10s %.16s", word, command, short_contract(contract));
    return step;
}

void
model_take_enforcement(struct model *model, const struct json *json, int data, int64_t account_id, struct instant at)
{
    int64_t id = model_int(json, data, "incident");
    struct model_incident *incident = find(model, id, account_id);
    char word[16];

    model_string(json, data, "step", word, sizeof word);
    if (incident == NULL) {
        incident = &model->incidents[model->incidents_count++ % MODEL_INCIDENTS];
        *incident = (struct model_incident){ .id = id, .account_id = account_id, .rule = (int)model_int(json, data, "rule"),
            .at = at, .proven_us = -1 };
    }
    if (strcmp(word, "breach") == 0) {
        take_breach(model, incident, json, data, at);
        return;
    }
    struct model_step step = step_of(json, data, word, at);
    if (has_step(incident, &step))
        return;
    if (strcmp(word, "proven") == 0) {
        int64_t took = model_int(json, data, "took_us");
        incident->proven_us = took > incident->proven_us ? took : incident->proven_us;
    }
    if (incident->steps_count < MODEL_STEPS)
        incident->steps[incident->steps_count] = step;
    incident->steps_count++;
}

void
model_take_ended(struct model *model, const struct json *json, int data, int64_t account_id, struct instant at)
{
    uint64_t kept = model->ended_count < MODEL_ENDED ? model->ended_count : MODEL_ENDED;
    struct model_lockout lockout;

    model_read_lockout(json, data, &lockout);
    lockout.account_id = account_id;
    lockout.ended_at = at;
    for (uint64_t i = 0; i < kept; i++)
        if (model->ended[i].account_id == account_id && instant_equal(model->ended[i].ended_at, at) &&
            model->ended[i].rule == lockout.rule && strcmp(model->ended[i].root, lockout.root) == 0)
            return;
    model->ended[model->ended_count++ % MODEL_ENDED] = lockout;
}

void
model_take_alarm(struct model *model, const struct json *json, int data, int64_t account_id, struct instant at)
{
    uint64_t kept = model->alarms_count < MODEL_ALARMS ? model->alarms_count : MODEL_ALARMS;
    struct model_alarm alarm = { .account_id = account_id, .at = at };

    if (!json_string_is(json, json_get(json, data, "kind"), "alarm"))
        return;
    alarm.level = json_string_is(json, json_get(json, data, "level"), "yellow") ? 1 : 2;
    model_string(json, data, "text", alarm.text, sizeof alarm.text);
    for (uint64_t i = 0; i < kept; i++)
        if (instant_equal(model->alarms[i].at, at) && strcmp(model->alarms[i].text, alarm.text) == 0)
            return;
    model->alarms[model->alarms_count++ % MODEL_ALARMS] = alarm;
}
