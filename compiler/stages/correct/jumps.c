/* Jumps by way of a table. WebAssembly has no jump to an arbitrary place, so Go's compiler, and
 * LLVM where a loop has several entries, set a number and begin a loop again that starts with a
 * table:
 *
 *     var_L1:
 *       var_i0 = var_p0;
 *       switch (var_i0) {
 *         case 0: goto var_B77;
 *         case 1: goto var_B76;
 *         default: goto var_B2;
 *       }
 *       …
 *         var_i0 = 1u;
 *         var_p0 = var_i0;
 *         goto var_L1;
 *
 * C has such jumps: the last line is made to go where the table leads to, `goto var_B76;`.
 * Compilers leave most of them as they are, an indirect jump for each turn of a loop, and see
 * nothing of the loops that there are. The variables are set as before, but for the table's own
 * (var_i0): it is a place on the stack of operands that the table has taken its number from, and
 * who comes by there next puts something there before it is read.
 *
 * Go's functions begin with such a table, by a parameter: where to go on, which for a call that is
 * not the continuation of another is 0. That is asked for before the table, as what is likely:
 *
 *       if (__builtin_expect(var_p0 == 0, 1)) goto var_B77; switch (var_i0) { */
#include "stages/correct/correct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char loop_label[] = "var_L";

/* Loops of higher numbers, in a function with more than so many, stay as they are. */
#define LOOPS_MOST ((size_t)1 << 20)

typedef struct table {
    const char *start; /* its "switch" */
    tc_name variable;  /* that has the number */
    tc_name
        *targets; /* the labels by number, then that of all others; NULL: a loop without a table */
    size_t count;
} table;

typedef struct tables {
    table *by_loop; /* by the number in the loop's label */
    size_t count;
} tables;

static bool take(const char **at, const char *text) {
    size_t length = strlen(text);
    bool is_there = strncmp(*at, text, length) == 0;
    *at += is_there ? length : 0;
    return is_there;
}

static void skip_spaces(const char **at) {
    *at += strspn(*at, " ");
}

static bool take_number(const char **at, size_t *number) {
    size_t length = strspn(*at, "0123456789");
    if (length == 0 || length > 10) /* of 32 bits */
        return false;
    *number = strtoull(*at, NULL, 10);
    *at += length;
    return true;
}

static bool take_name(const char **at, tc_name *name) {
    *name = (tc_name){*at, strspn(*at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_")};
    *at += name->length;
    return name->length > 0;
}

static bool are_same(tc_name left, tc_name right) {
    return left.length == right.length && memcmp(left.text, right.text, left.length) == 0;
}

/* A line "var_i0 = var_p0;", with its end. */
static bool take_copy(const char **at, tc_name *to, tc_name *from) {
    skip_spaces(at);
    return take_name(at, to) && take(at, " = ") && take_name(at, from) && take(at, ";\n");
}

static void add_target(table *out, tc_name target) {
    if ((out->count & (out->count + 1)) == 0) { /* 0, 1, 3, 7, …: room for as many again */
        size_t room = 2 * out->count + 2;
        tc_name *grown = tc_allocate(room * sizeof *grown);
        if (out->count)
            memcpy(grown, out->targets, out->count * sizeof *grown);
        free(out->targets);
        out->targets = grown;
    }
    out->targets[out->count++] = target;
}

/* Reads what a loop begins with: false if it is no table whose every line is a mere goto. */
static bool read_table(const char *at, table *out) {
    tc_name copied, asked, target;
    size_t number;
    if (!take_copy(&at, &copied, &out->variable))
        return false;
    skip_spaces(&at);
    out->start = at;
    if (!take(&at, "switch (") || !take_name(&at, &asked) || !are_same(asked, copied) ||
        !take(&at, ") {\n"))
        return false;
    for (skip_spaces(&at); take(&at, "case "); skip_spaces(&at)) {
        if (!take_number(&at, &number) || number != out->count || !take(&at, ": goto ") ||
            !take_name(&at, &target) || !take(&at, ";\n"))
            return false;
        add_target(out, target);
    }
    if (!take(&at, "default: goto ") || !take_name(&at, &target) || !take(&at, ";\n"))
        return false;
    add_target(out, target);
    return true;
}

static void set_table(tables *all, size_t loop, const char *at) {
    if (loop >= all->count) {
        size_t count = 2 * loop + 64;
        table *grown = tc_allocate(count * sizeof *grown);
        if (all->count)
            memcpy(grown, all->by_loop, all->count * sizeof *grown);
        free(all->by_loop);
        *all = (tables){grown, count};
    }
    table read = {0};
    if (!read_table(at, &read)) {
        free(read.targets);
        read = (table){0};
    }
    free(all->by_loop[loop].targets);
    all->by_loop[loop] = read;
}

/* The start of the line that `at` is in, in a text from `start` on. */
static const char *line_of(const char *start, const char *at) {
    const char *end = memrchr(start, '\n', (size_t)(at - start));
    return end ? end + 1 : start;
}

static const char *line_before(const char *start, const char *line) {
    return line_of(start, line > start ? line - 1 : line);
}

/* Where a goto on the line that begins at `line` gets to by this table, or NULL. */
static const tc_name *find_target(const table *by, const char *start, const char *line) {
    const char *copy = line_before(start, line), *constant = line_before(start, copy);
    tc_name to, from, set;
    size_t number;
    skip_spaces(&constant);
    if (!take_name(&constant, &set) || !take(&constant, " = ") ||
        !take_number(&constant, &number) || !take(&constant, "u;\n") || constant != copy ||
        !take_copy(&copy, &to, &from) || copy != line || !are_same(from, set) ||
        !are_same(to, by->variable))
        return NULL;
    return &by->targets[number < by->count ? number : by->count - 1];
}

/* Whether the loop whose label is on this line is what a function of Go begins with: the table goes
 * by the only parameter, and no label comes before. */
static bool begins_function(const char *start, const char *line, const table *by) {
    static const char end_of_head[] = "(w2c_guest* instance, u32 var_p0) {\n";
    enum { MOST_LINES = 64 }; /* of declarations */
    if (!by->targets || !tc_name_is(by->variable, "var_p0"))
        return false;
    for (size_t i = 0; i < MOST_LINES && line > start; i++) {
        const char *next = line;
        line = line_before(start, line);
        size_t length = (size_t)(next - line), end = strlen(end_of_head);
        if (*line != ' ')
            return length >= end && memcmp(next - end, end_of_head, end) == 0;
        if (memmem(line, length, ":", 1))
            return false;
    }
    return false;
}

/* A label is defined before all that goes to it, for only loops have these. */
static void straighten(tc_buffer *source) {
    tc_buffer out = {0};
    tables all = {0};
    const char *done = source->data;
    for (const char *at = done; at && (at = strstr(at, loop_label));) {
        const char *label = at;
        size_t loop;
        at += strlen(loop_label);
        if (!take_number(&at, &loop) || loop >= LOOPS_MOST)
            continue;
        const char *line = line_of(source->data, label), *words = line;
        skip_spaces(&words);
        if (words == label && take(&at, ":")) {
            skip_spaces(&at);
            set_table(&all, loop, at + (*at == '\n'));
            const table *set = &all.by_loop[loop];
            if (begins_function(source->data, line, set)) {
                tc_buffer_add(&out, done, (size_t)(set->start - done));
                tc_buffer_print(&out, "if (__builtin_expect(var_p0 == 0, 1)) goto %.*s; ",
                                (int)set->targets[0].length, set->targets[0].text);
                done = set->start;
            }
        } else if (take(&words, "goto ") && words == label && *at == ';' && loop < all.count &&
                   all.by_loop[loop].targets) {
            const tc_name *target = find_target(&all.by_loop[loop], source->data, line);
            if (target) {
                tc_buffer_add(&out, done, (size_t)(label - done));
                tc_buffer_add(&out, target->text, target->length);
                done = at;
            }
        }
    }
    for (size_t i = 0; i < all.count; i++)
        free(all.by_loop[i].targets);
    free(all.by_loop);
    if (out.length) {
        tc_buffer_add(&out, done, strlen(done));
        tc_buffer_reset(source);
        *source = out;
    }
}

void tc_correct_jumps_by_tables(tc_build *build) {
    tc_correct_sources(build, straighten);
}
