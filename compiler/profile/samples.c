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

static uint32_t add_path(tc_profile_tree *tree, uint32_t caller, const tc_profile_frame *frame) {
    uint32_t count = tree->count;
    if (count == 0 || (count >= 64 && (count & (count - 1)) == 0))
        tree->paths =
            tc_reallocate(tree->paths, (count ? 2 * (size_t)count : 64) * sizeof *tree->paths);
    tree->paths[count] = (tc_profile_path){.frame = *frame, .caller = caller};
    tree->count++;
    return count;
}

static bool is_same(const tc_profile_frame *one, const tc_profile_frame *other) {
    return one->function == other->function && one->file == other->file &&
           one->line == other->line && one->inlined == other->inlined;
}

static uint32_t callee(tc_profile_tree *tree, uint32_t caller, const tc_profile_frame *frame) {
    uint32_t at = tree->paths[caller].first_callee;
    while (at && !is_same(&tree->paths[at].frame, frame))
        at = tree->paths[at].next;
    if (at)
        return at;
    at = add_path(tree, caller, frame);
    tree->paths[at].next = tree->paths[caller].first_callee;
    tree->paths[caller].first_callee = at;
    return at;
}

tc_profile *tc_profile_new(const char *program, const tc_symbols_image *image) {
    tc_profile *profile = tc_allocate(sizeof *profile);
    profile->program = program;
    profile->table = tc_profile_table_new(image);
    tc_profile_frame root = {.function = tc_profile_add_name(profile, "")};
    add_path(&profile->calls, 0, &root);
    add_path(&profile->lines, 0, &root);
    return profile;
}

void tc_profile_free(tc_profile *profile) {
    for (uint32_t i = 0; i < profile->name_count; i++)
        free(profile->names[i]);
    tc_profile_table_free(profile->table);
    free(profile->names);
    free(profile->calls.paths);
    free(profile->lines.paths);
    free(profile);
}

/* What is shown of a sample, from the innermost outwards. Functions that are inlined may be more
 * than there is room for: then the outermost are left out. */
typedef struct stack {
    tc_profile_frame frames[8 * TC_PROFILE_FRAMES];
    size_t count;
    bool cut;
} stack;

static void push(stack *to, const tc_profile_frame *frame) {
    if (to->count + 1 < sizeof to->frames / sizeof *to->frames)
        to->frames[to->count++] = *frame;
    else
        to->cut = true;
}

static void push_function(stack *to, uint32_t function) {
    push(to, &(tc_profile_frame){.function = function});
}

/* The frame, and those that it is inlined in. */
static void push_lines(tc_profile *profile, tc_lines_frame *position, tc_profile_frame frame,
                       stack *to) {
    while (frame.inlined && !to->cut) {
        push(to, &frame);
        tc_profile_next_line(profile, position, &frame);
    }
    push(to, &frame);
}

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
        tc_lines_frame position;
        tc_profile_frame frame;
        bool lines = tc_profile_find_line(profile, addresses[i], &position, &frame);
        int kind = lines ? TC_NAME_GUEST : tc_profile_find_name(profile, addresses[i], &name);
        if (kind == TC_NAME_GUEST) {
            if (in_host)
                push_function(out, host_name(profile, host));
            if (lines)
                push_lines(profile, &position, frame, out);
            else
                push_function(out, name);
            in_host = false;
            host = UINT32_MAX;
        } else {
            in_host = true;
            if (name != UINT32_MAX)
                host = name;
        }
    }
    if (out->count == 0)
        push_function(out, tc_profile_add_name(profile, outside));
}

static void count_sample(tc_profile_tree *tree, uint32_t path, uint64_t nanoseconds) {
    tree->paths[path].self += nanoseconds;
    tree->paths[path].samples++;
}

static void add_sample(tc_profile *profile, const tc_profile_sample *head,
                       const uint64_t *addresses) {
    static stack stack;
    uint32_t by_call = 0, by_line = 0;
    stack.count = 0;
    stack.cut = head->flags & TC_PROFILE_CUT;
    collect(profile, addresses, head->frames, &stack);
    if (stack.cut)
        stack.frames[stack.count++] =
            (tc_profile_frame){.function = tc_profile_add_name(profile, deeper)};
    while (stack.count > 0) {
        const tc_profile_frame *frame = &stack.frames[--stack.count];
        by_line = callee(&profile->lines, by_line, frame);
        by_call =
            callee(&profile->calls, by_call, &(tc_profile_frame){.function = frame->function});
    }
    count_sample(&profile->calls, by_call, head->nanoseconds);
    count_sample(&profile->lines, by_line, head->nanoseconds);
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

static void count_totals(tc_profile_tree *tree) {
    for (uint32_t i = tree->count; i-- > 0;) {
        tc_profile_path *path = &tree->paths[i];
        path->total += path->self;
        if (i > 0)
            tree->paths[path->caller].total += path->total;
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
    count_totals(&profile->calls);
    count_totals(&profile->lines);
    return true;
}
