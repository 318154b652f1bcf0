/* Files kept under the user's cache directory and found again by the hash of all they depend on.
 *
 * A kept file is its content followed by a seal, the SHA-256 of key and content: what a full disk
 * or a crash cut short is noticed and made again. Files appear by rename, so that builds at the
 * same time do not disturb each other, and a cache that cannot be used never fails a build.
 */
#include "base/base.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEAL_SIZE      32
#define STALE_SECONDS  3600 /* a temporary file this old was left by a build that died */
#define TEMPORARY_NAME ".new-"

struct tc_hash {
    EVP_MD_CTX *context;
};

static void check(bool fine) {
    if (fine)
        return;
    tc_error("OpenSSL cannot compute SHA-256");
    exit(TC_EXIT_FAILURE);
}

tc_hash *tc_hash_new(void) {
    tc_hash *hash = tc_allocate(sizeof *hash);
    hash->context = EVP_MD_CTX_new();
    check(hash->context && EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) == 1);
    return hash;
}

void tc_hash_add(tc_hash *hash, const void *data, size_t length) {
    uint64_t prefix = length;
    check(EVP_DigestUpdate(hash->context, &prefix, sizeof prefix) == 1);
    check(EVP_DigestUpdate(hash->context, data, length) == 1);
}

void tc_hash_add_text(tc_hash *hash, const char *text) {
    tc_hash_add(hash, text, strlen(text));
}

static void hash_end(tc_hash *hash, unsigned char digest[SEAL_SIZE]) {
    check(EVP_DigestFinal_ex(hash->context, digest, NULL) == 1);
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

void tc_digest(const void *data, size_t length, char text[TC_KEY_SIZE]) {
    unsigned char digest[SEAL_SIZE];
    check(EVP_Digest(data, length, digest, NULL, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < SEAL_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

void tc_hash_end(tc_hash *hash, char key[TC_KEY_SIZE]) {
    unsigned char digest[SEAL_SIZE];
    hash_end(hash, digest);
    for (size_t i = 0; i < SEAL_SIZE; i++)
        snprintf(key + 2 * i, 3, "%02x", digest[i]);
}

char *tc_cache_directory(const char *kind) {
    const char *setting = getenv("TIMECRAFT_CACHE");
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    if (setting && strcmp(setting, "off") == 0)
        return NULL;
    /* "All paths must be absolute; a relative one is to be ignored" (XDG Base Directory). */
    if (cache && *cache == '/')
        path = tc_format("%s/timecraft/%s", cache, kind);
    else if (home && *home == '/')
        path = tc_format("%s/.cache/timecraft/%s", home, kind);
    if (path && tc_directory_make(path, 0700) < 0) {
        free(path);
        path = NULL;
    }
    return path;
}

static void seal(const char *key, const void *data, size_t length, unsigned char out[SEAL_SIZE]) {
    tc_hash *hash = tc_hash_new();
    tc_hash_add_text(hash, key);
    tc_hash_add(hash, data, length);
    hash_end(hash, out);
}

static bool has_good_seal(const char *key, const tc_buffer *content) {
    if (content->length < SEAL_SIZE)
        return false;
    unsigned char expected[SEAL_SIZE];
    size_t length = content->length - SEAL_SIZE;
    seal(key, content->data, length, expected);
    return memcmp(expected, content->data + length, SEAL_SIZE) == 0;
}

bool tc_cache_get(const char *directory, const char *key, tc_buffer *content) {
    if (!directory)
        return false;
    bool found = false;
    char *kept = tc_format("%s/%s", directory, key);
    if (tc_file_read(kept, SIZE_MAX / 2, content) == 0) {
        found = has_good_seal(key, content);
        if (found) {
            content->length -= SEAL_SIZE;
            content->data[content->length] = 0;
            utimensat(AT_FDCWD, kept, NULL, 0); /* used now, for tc_cache_trim */
        } else {
            unlink(kept);
        }
    }
    if (!found)
        tc_buffer_reset(content);
    free(kept);
    return found;
}

bool tc_cache_get_file(const char *directory, const char *key, const char *path) {
    tc_buffer content = {0};
    bool found = tc_cache_get(directory, key, &content) &&
                 tc_file_write(path, content.data, content.length) == 0;
    tc_buffer_reset(&content);
    return found;
}

static bool write_new(char *path, const void *data, size_t length, const unsigned char *sealed) {
    int file = mkostemp(path, O_CLOEXEC);
    if (file < 0)
        return false;
    bool whole = tc_file_write_descriptor(file, data, length) == 0 &&
                 tc_file_write_descriptor(file, sealed, SEAL_SIZE) == 0;
    return close(file) == 0 && whole;
}

void tc_cache_put(const char *directory, const char *key, const void *data, size_t length) {
    if (!directory)
        return;
    unsigned char sealed[SEAL_SIZE];
    seal(key, data, length, sealed);
    char *temporary = tc_format("%s/" TEMPORARY_NAME "XXXXXX", directory);
    char *kept = tc_format("%s/%s", directory, key);
    if (!write_new(temporary, data, length, sealed) || rename(temporary, kept) < 0)
        unlink(temporary);
    free(temporary);
    free(kept);
}

void tc_cache_put_file(const char *directory, const char *key, const char *path) {
    tc_buffer content = {0};
    if (directory && tc_file_read(path, SIZE_MAX / 2, &content) == 0)
        tc_cache_put(directory, key, content.data, content.length);
    tc_buffer_reset(&content);
}

typedef struct kept_file {
    char *name;
    uint64_t size;
    struct timespec used;
} kept_file;

static int by_use(const void *left, const void *right) {
    const kept_file *a = left, *b = right;
    if (a->used.tv_sec != b->used.tv_sec)
        return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
    return (a->used.tv_nsec > b->used.tv_nsec) - (a->used.tv_nsec < b->used.tv_nsec);
}

/* Lists the files of a cache directory; forgotten temporary ones are deleted on the way. */
static kept_file *list(DIR *stream, size_t *count, uint64_t *total) {
    kept_file *files = NULL;
    size_t capacity = 0;
    struct dirent *entry;
    time_t now = time(NULL);
    while ((entry = readdir(stream))) {
        struct stat status;
        if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(status.st_mode))
            continue;
        if (strncmp(entry->d_name, TEMPORARY_NAME, strlen(TEMPORARY_NAME)) == 0) {
            if (now - status.st_mtime > STALE_SECONDS)
                unlinkat(dirfd(stream), entry->d_name, 0);
            continue;
        }
        if (*count == capacity) {
            capacity = capacity ? 2 * capacity : 256;
            files = tc_reallocate(files, capacity * sizeof *files);
        }
        files[(*count)++] =
            (kept_file){tc_copy_text(entry->d_name), (uint64_t)status.st_size, status.st_mtim};
        *total += (uint64_t)status.st_size;
    }
    return files;
}

void tc_cache_trim(const char *directory, uint64_t limit) {
    DIR *stream = directory ? opendir(directory) : NULL;
    if (!stream)
        return;
    size_t count = 0;
    uint64_t total = 0;
    kept_file *files = list(stream, &count, &total);
    if (total > limit) {
        qsort(files, count, sizeof *files, by_use);
        /* A tenth below the limit, so that not every build has to delete. */
        for (size_t i = 0; i < count && total > limit / 10 * 9; i++) {
            if (unlinkat(dirfd(stream), files[i].name, 0) == 0)
                total -= files[i].size;
        }
    }
    for (size_t i = 0; i < count; i++)
        free(files[i].name);
    free(files);
    closedir(stream);
}
