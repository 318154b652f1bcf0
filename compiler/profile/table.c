/* A profile as text: a table of functions, and folded stacks. */
#include "profile/profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* ---- the table ---- */

typedef struct row {
    const char *name;
    uint64_t self, total;
} row;

static bool is_called_by_itself(const tc_profile *profile, uint32_t path) {
    uint32_t function = profile->calls.paths[path].frame.function;
    for (uint32_t at = profile->calls.paths[path].caller; at; at = profile->calls.paths[at].caller)
        if (profile->calls.paths[at].frame.function == function)
            return true;
    return false;
}

static int by_use(const void *left, const void *right) {
    const row *a = left, *b = right;
    if (a->self != b->self)
        return a->self > b->self ? -1 : 1;
    if (a->total != b->total)
        return a->total > b->total ? -1 : 1;
    return strcmp(a->name, b->name);
}

static row *make_rows(const tc_profile *profile) {
    row *rows = tc_allocate(profile->name_count * sizeof *rows);
    for (uint32_t i = 0; i < profile->name_count; i++)
        rows[i].name = profile->names[i];
    for (uint32_t i = 1; i < profile->calls.count; i++) {
        const tc_profile_path *path = &profile->calls.paths[i];
        rows[path->frame.function].self += path->self;
        /* Time in a recursion is in the outermost call already. */
        if (!is_called_by_itself(profile, i))
            rows[path->frame.function].total += path->total;
    }
    qsort(rows, profile->name_count, sizeof *rows, by_use);
    return rows;
}

static uint64_t samples_of(const tc_profile *profile) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < profile->calls.count; i++)
        count += profile->calls.paths[i].samples;
    return count;
}

int tc_profile_write_table(const tc_profile *profile, FILE *out, size_t most) {
    uint64_t all = profile->calls.paths[0].total;
    row *rows = make_rows(profile);
    uint32_t shown = 0, used = 0;
    fprintf(out, "%s: %.3f s of CPU time in %.3f s, %" PRIu64 " samples\n",
            tc_path_name(profile->program), (double)all / 1e9, (double)profile->elapsed / 1e9,
            samples_of(profile));
    if (all)
        fprintf(out, "        self                total          function\n");
    for (uint32_t i = 0; i < profile->name_count; i++) {
        const row *row = &rows[i];
        if (row->total == 0)
            continue;
        used++;
        if (shown == most)
            continue;
        shown++;
        fprintf(out, "%8.3f s %5.1f %%  %8.3f s %5.1f %%  %s\n", (double)row->self / 1e9,
                100.0 * (double)row->self / (double)all, (double)row->total / 1e9,
                100.0 * (double)row->total / (double)all, row->name);
    }
    if (used > shown)
        fprintf(out, "and %u more functions\n", used - shown);
    free(rows);
    return ferror(out) ? -1 : 0;
}

/* ---- folded stacks ---- */

/* `paths` has room for all. */
static void write_names(const tc_profile *profile, uint32_t path, uint32_t *paths, FILE *out) {
    size_t count = 0;
    for (uint32_t at = path; at; at = profile->calls.paths[at].caller)
        paths[count++] = at;
    while (count-- > 0) {
        for (const char *at = profile->names[profile->calls.paths[paths[count]].frame.function];
             *at; at++)
            putc(*at == ';' ? ',' : *at, out);
        putc(count ? ';' : ' ', out);
    }
}

int tc_profile_write_folded(const tc_profile *profile, FILE *out) {
    uint32_t *paths = tc_allocate(profile->calls.count * sizeof *paths);
    for (uint32_t i = 1; i < profile->calls.count; i++) {
        if (!profile->calls.paths[i].samples)
            continue;
        write_names(profile, i, paths, out);
        fprintf(out, "%" PRIu64 "\n", (profile->calls.paths[i].self + 500) / 1000);
    }
    free(paths);
    return ferror(out) ? -1 : 0;
}
