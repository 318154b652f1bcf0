/* Which functions are cold, for whom the quickest compilation will do. With -O0 all are. By a
 * profile of the program (--profile) those are not that were on the stack when samples were taken,
 * nor small ones that they call, which the compiler may have put into them.
 *
 * Cold ones are tcc's if it is there. Its objects and those of other compilers can call each other,
 * but not where a call passes more than numbers and pointers: of structures they have different
 * opinions (results i32 and f64 are in two registers that are not the same two), and tcc's vectors
 * are structures. Functions that pass such are never cold where there are two compilers: with a
 * profile, and where the binding, which is never tcc's, may call one with several results.
 */
#include "stages/split/split.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "guest/symbols.h"
#include "profile/profile.h"

/* In wasm2c's C. GCC's -O2 puts into others what has about 15 instructions, which is less. */
#define LONGEST_SMALL 2048

/* How names of the module's functions begin in wasm2c's C. */
#define GUEST_PREFIX "w2c_guest_"

/* ---- what the profile says ---- */

static const tc_profile_use *find_function(const tc_profile_uses *uses, tc_name name) {
    const tc_profile_use *use = tc_profile_find(uses, name.text, name.length);
    size_t length = tc_symbols_length_without_number(name.text, name.length);
    return use || length == name.length ? use : tc_profile_find(uses, name.text, length);
}

static tc_name name_of(const tc_splitter *all, size_t index) {
    const tc_declared *name = &all->declarations.names[index];
    return (tc_name){name->text, name->length};
}

/* Tells how well the profile fits the module, whose functions all parts declare. */
static void compare(tc_splitter *all) {
    tc_build *build = all->build;
    const tc_profile_uses *uses = build->options->uses;
    bool *found = tc_allocate(uses->count);
    uint64_t samples = 0, found_samples = 0;
    size_t found_count = 0;
    for (size_t i = 0; i < all->declarations.name_count; i++) {
        const tc_profile_use *use = find_function(uses, name_of(all, i));
        if (use)
            found[use - uses->items] = true;
    }
    for (size_t i = 0; i < uses->count; i++) {
        samples += uses->items[i].samples;
        found_samples += found[i] ? uses->items[i].samples : 0;
        found_count += found[i];
    }
    free(found);
    build->has_cold_units = found_count > 0;
    if (found_count == 0)
        tc_error("%s is of another program: no function of %s is in it, so that all are compiled "
                 "with -O%d; take another profile with `timecraft profile`",
                 uses->path, build->wasm->path, build->options->level);
    else if (found_samples < samples / 2)
        tc_error("%s is of another program, or an old one: %zu of its %zu functions, with %" PRIu64
                 " of %" PRIu64 " samples, are in %s; take another profile with `timecraft "
                 "profile`",
                 uses->path, found_count, uses->count, found_samples, samples, build->wasm->path);
    else
        tc_progress_step("%s has %zu functions, %zu of them are in the module", uses->path,
                         uses->count, found_count);
}

/* ---- what it does not say ---- */

static bool contains(tc_name text, const char *what) {
    return memmem(text.text, text.length, what, strlen(what)) != NULL;
}

bool tc_must_not_be_cold(const tc_splitter *all, tc_name text) {
    bool has_two_compilers = all->build->options->level > 0 || all->has_several_results;
    return has_two_compilers && (contains(text, "wasm_multi_") || contains(text, "v128") ||
                                 contains(text, "funcref_t ") || contains(text, "externref_t ") ||
                                 contains(text, "exnref"));
}

static bool is_cold(const tc_splitter *all, const tc_piece *function) {
    tc_name name = name_of(all, function->name);
    tc_name text = {function->text, function->length};
    if (tc_must_not_be_cold(all, text))
        return false;
    return all->build->options->level == 0 ||
           (tc_text_starts(name.text, name.length, GUEST_PREFIX) &&
            !find_function(all->build->options->uses, name));
}

/* Functions whose calls are to be looked at. */
typedef struct worklist {
    tc_piece **items;
    size_t count;
    tc_piece **by_name; /* for each name its function, or NULL */
} worklist;

/* Warms the small functions that this one names. */
static void warm_callees(const tc_splitter *all, const tc_piece *function, worklist *work) {
    const char *at = function->text, *end = function->text + function->length;
    while ((at = memmem(at, (size_t)(end - at), GUEST_PREFIX, strlen(GUEST_PREFIX)))) {
        size_t length = 0;
        while (at + length < end && (isalnum((unsigned char)at[length]) || at[length] == '_'))
            length++;
        size_t name = tc_declarations_find(&all->declarations, at, length);
        tc_piece *callee = name == TC_NO_NAME ? NULL : work->by_name[name];
        if (callee && callee->is_cold && callee->length <= LONGEST_SMALL) {
            callee->is_cold = false;
            work->items[work->count++] = callee;
        }
        at += length;
    }
}

static void warm_all_callees(tc_splitter *all) {
    worklist work = {.items = tc_allocate((all->functions.count + 1) * sizeof *work.items),
                     .by_name =
                         tc_allocate((all->declarations.name_count + 1) * sizeof *work.by_name)};
    for (size_t i = 0; i < all->functions.count; i++) {
        tc_piece *function = &all->functions.items[i];
        work.by_name[function->name] = function;
        if (!function->is_cold)
            work.items[work.count++] = function;
    }
    while (work.count)
        warm_callees(all, work.items[--work.count], &work);
    free(work.items);
    free(work.by_name);
}

void tc_choose_cold(tc_splitter *all) {
    tc_build *build = all->build;
    if (build->options->uses && build->part.first == 0)
        compare(all);
    if (!build->has_cold_units)
        return;
    for (size_t i = 0; i < all->functions.count; i++)
        all->functions.items[i].is_cold = is_cold(all, &all->functions.items[i]);
    if (build->options->uses)
        warm_all_callees(all);
    for (size_t i = 0; i < all->functions.count; i++)
        build->cold_functions += all->functions.items[i].is_cold;
    build->functions += all->functions.count;
}
