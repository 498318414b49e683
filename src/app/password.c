/*
 * password.c - the admin password by libxcrypt.
 */
#include "app/password.h"

#include "base/text.h"
#include "os/os.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define SALT_BYTES 16
#define PREFIX "$2b$"
#define HASH_LENGTH 60

enum status
password_check(const char *password, struct error *err)
{
    size_t length = strlen(password);

    if (length < PASSWORD_LENGTH_MIN)
        return error_set(err, STATUS_CONFIG, "a password has at least %d bytes", PASSWORD_LENGTH_MIN);
    if (length > PASSWORD_LENGTH_MAX)
        return error_set(err, STATUS_CONFIG, "a password has at most %d bytes", PASSWORD_LENGTH_MAX);
    for (size_t i = 0, step; i < length; i += step) { /* On its way to riskd it is JSON. */
        step = text_utf8_length(password + i, length - i);
        if (step == 0)
            return error_set(err, STATUS_CONFIG, "a password is text in UTF-8");
    }
    return OK;
}

/* struct crypt_data is 32 KB and holds traces of the password: on the heap, and wiped. */
static bool
crypt_into(const char *password, const char *setting, char *out, size_t out_size)
{
    struct crypt_data *data = calloc(1, sizeof *data);

    if (data == NULL)
        return false;
    const char *hash = crypt_rn(password, setting, data, (int)sizeof *data);
    bool hashed = hash != NULL && text_copy(out, out_size, hash);
    secret_wipe(data, sizeof *data);
    free(data);
    return hashed;
}

enum status
password_hash(const char *password, int cost, char *ret_hash, struct error *err)
{
    char salt[SALT_BYTES], setting[CRYPT_GENSALT_OUTPUT_SIZE];

    if (uv_random(NULL, NULL, salt, sizeof salt, 0, NULL) != 0)
        return error_set(err, STATUS_INTERNAL, "password: no random numbers");
    if (crypt_gensalt_rn(PREFIX, (unsigned long)cost, salt, sizeof salt, setting, sizeof setting) == NULL ||
        !crypt_into(password, setting, ret_hash, PASSWORD_HASH_MAX))
        return error_set(err, STATUS_INTERNAL, "password: bcrypt failed");
    return OK;
}

static bool
is_hash(const char *text)
{
    return strlen(text) == HASH_LENGTH && text_starts(text, PREFIX);
}

bool
password_matches(const char *password, const char *hash)
{
    char found[PASSWORD_HASH_MAX];
    unsigned difference = 0;

    if (strlen(password) > PASSWORD_LENGTH_MAX || !is_hash(hash) || !crypt_into(password, hash, found, sizeof found) ||
        strlen(found) != HASH_LENGTH)
        return false;
    for (size_t i = 0; i < HASH_LENGTH; i++) /* In the same time whatever differs. */
        difference |= (unsigned char)found[i] ^ (unsigned char)hash[i];
    return difference == 0;
}

enum status
password_load(const char *path, char *ret_hash, struct error *err)
{
    char line[PASSWORD_HASH_MAX + 2] = "";
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return error_set(err, STATUS_REFUSED, "%s: there is no admin password yet; set one by: riskctl password", path);
    size_t length = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    line[length] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (os_file_is_private(path, err) != OK)
        return err != NULL ? err->status : STATUS_CONFIG;
    if (!is_hash(line))
        return error_set(err, STATUS_CONFIG, "%s: holds no bcrypt hash", path);
    (void)text_copy(ret_hash, PASSWORD_HASH_MAX, line);
    return OK;
}

enum status
password_save(const char *path, const char *hash, struct error *err)
{
    char line[PASSWORD_HASH_MAX + 1];
    int length = snprintf(line, sizeof line, "%s\n", hash);

    return os_write_private_file(path, line, (size_t)length, err);
}
