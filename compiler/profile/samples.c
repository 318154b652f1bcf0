/* From samples to call paths: the host's frames below an import become one, named after it. */
#include "profile/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "guest/profile.h"

static const char outside[] = "[host] start and end";
static const char unknown_host[] = "[host] C library";
static const char deeper[] = "[further callers]";

static uint32_t add_path(tc_profile *profile, uint32_t caller, uint32_t function) {
    uint32_t count = profile->path_count;
    if (count == 0 || (count >= 64 && (count & (count - 1)) == 0))
        profile->paths = tc_reallocate(profile->paths,
                                       (count ? 2 * (size_t)count : 64) * sizeof *profile->paths);
    profile->paths[count] = (tc_profile_path){.function = function, .caller = caller};
    profile->path_count++;
    return count;
}

static uint32_t callee(tc_profile *profile, uint32_t caller, uint32_t function) {
    uint32_t at = profile->paths[caller].first_callee;
    while (at && profile->paths[at].function != function)
        at = profile->paths[at].next;
    if (at)
        return at;
    at = add_path(profile, caller, function);
    profile->paths[at].next = profile->paths[caller].first_callee;
    profile->paths[caller].first_callee = at;
    return at;
}

tc_profile *tc_profile_new(const char *program, const tc_symbols_image *image) {
    tc_profile *profile = tc_allocate(sizeof *profile);
    profile->program = program;
    profile->table = tc_profile_table_new(image);
    add_path(profile, 0, tc_profile_add_name(profile, ""));
    return profile;
}

void tc_profile_free(tc_profile *profile) {
    for (uint32_t i = 0; i < profile->name_count; i++)
        free(profile->names[i]);
    tc_profile_table_free(profile->table);
    free(profile->names);
    free(profile->paths);
    free(profile);
}

/* What is shown of a sample, from the innermost outwards. */
typedef struct stack {
    uint32_t functions[2 * TC_PROFILE_FRAMES + 2];
    size_t count;
} stack;

static uint32_t host_name(tc_profile *profile, uint32_t function) {
    if (function == UINT32_MAX)
        return tc_profile_add_name(profile, unknown_host);
    char *text = tc_format("[host] %s", profile->names[function]);
    uint32_t name = tc_profile_add_name(profile, text);
    free(text);
    return name;
}

static void collect(tc_profile *profile, const uint64_t *addresses, size_t count, stack *out) {
    bool in_host = false;
    uint32_t host = UINT32_MAX; /* the outermost of the host's functions that has a name */
    for (size_t i = 0; i < count; i++) {
        uint32_t name;
        int kind = tc_profile_find_name(profile, addresses[i], &name);
        if (kind == TC_NAME_GUEST) {
            if (in_host)
                out->functions[out->count++] = host_name(profile, host);
            out->functions[out->count++] = name;
            in_host = false;
            host = UINT32_MAX;
        } else if (kind != TC_NAME_NONE) {
            in_host = true;
            if (name != UINT32_MAX)
                host = name;
        }
    }
    if (out->count == 0)
        out->functions[out->count++] = tc_profile_add_name(profile, outside);
}

static void add_sample(tc_profile *profile, const tc_profile_sample *head,
                       const uint64_t *addresses) {
    static stack stack;
    uint32_t at = 0;
    stack.count = 0;
    collect(profile, addresses, head->frames, &stack);
    if (head->flags & TC_PROFILE_CUT)
        stack.functions[stack.count++] = tc_profile_add_name(profile, deeper);
    while (stack.count > 0)
        at = callee(profile, at, stack.functions[--stack.count]);
    profile->paths[at].self += head->nanoseconds;
    profile->paths[at].samples++;
}

static bool read_whole(int pipe, void *to, size_t length) {
    char *at = to;
    while (length > 0) {
        ssize_t count = read(pipe, at, length);
        if (count == 0 || (count < 0 && errno != EINTR))
            return false;
        if (count > 0) {
            at += count;
            length -= (size_t)count;
        }
    }
    return true;
}

static void count_totals(tc_profile *profile) {
    for (uint32_t i = profile->path_count; i-- > 0;) {
        tc_profile_path *path = &profile->paths[i];
        path->total += path->self;
        if (i > 0)
            profile->paths[path->caller].total += path->total;
    }
}

bool tc_profile_read(tc_profile *profile, int pipe) {
    static uint64_t addresses[TC_PROFILE_FRAMES];
    tc_profile_header header;
    tc_profile_sample head;
    if (!read_whole(pipe, &header, sizeof header) ||
        memcmp(header.magic, TC_PROFILE_MAGIC, sizeof header.magic) != 0)
        return false;
    tc_profile_table_set_load_address(profile->table, header.load_address);
    /* A day is more than passes between two samples. */
    while (read_whole(pipe, &head, sizeof head) && head.frames <= TC_PROFILE_FRAMES &&
           head.nanoseconds < UINT64_C(86400000000000) &&
           read_whole(pipe, addresses, head.frames * sizeof *addresses))
        add_sample(profile, &head, addresses);
    count_totals(profile);
    return true;
}
