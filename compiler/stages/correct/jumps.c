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

/* Loops of higher numbers, in a function with more than so many, stay as they are. */
#define LOOPS_MOST ((size_t)1 << 20)

typedef struct table {
    const char *start; /* its "switch" */
    tc_name variable;  /* that has the number */
    tc_name *targets;  /* the labels by number, then that of all others; NULL: there is no table */
    size_t count;
} table;

typedef struct tables {
    table *by_loop; /* by the number in the loop's label */
    size_t count;
} tables;

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

/* A line "var_i0 = var_p0;", with its end. */
static bool take_copy(const char **at, tc_name *to, tc_name *from) {
    skip_spaces(at);
    return take_name(at, to) && tc_text_take(at, " = ") && take_name(at, from) &&
           tc_text_take(at, ";\n");
}

static void add_target(table *out, tc_name target) {
    if ((out->count & (out->count + 1)) == 0) /* 0, 1, 3, 7, …: room for as many again */
        out->targets = tc_reallocate(out->targets, (2 * out->count + 2) * sizeof *out->targets);
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
    if (!tc_text_take(&at, "switch (") || !take_name(&at, &asked) || !tc_name_same(asked, copied) ||
        !tc_text_take(&at, ") {\n"))
        return false;
    for (skip_spaces(&at); tc_text_take(&at, "case "); skip_spaces(&at)) {
        if (!take_number(&at, &number) || number != out->count || !tc_text_take(&at, ": goto ") ||
            !take_name(&at, &target) || !tc_text_take(&at, ";\n"))
            return false;
        add_target(out, target);
    }
    if (!tc_text_take(&at, "default: goto ") || !take_name(&at, &target) ||
        !tc_text_take(&at, ";\n"))
        return false;
    add_target(out, target);
    return true;
}

static void set_table(tables *all, size_t loop, const char *at) {
    if (loop >= all->count) {
        size_t count = 2 * loop + 64;
        all->by_loop = tc_reallocate(all->by_loop, count * sizeof *all->by_loop);
        memset(all->by_loop + all->count, 0, (count - all->count) * sizeof *all->by_loop);
        all->count = count;
    }
    table read = {0};
    if (!read_table(at, &read)) {
        free(read.targets);
        read = (table){0};
    }
    free(all->by_loop[loop].targets);
    all->by_loop[loop] = read;
}

/* A way through a file, line by line: nothing looks further back or ahead than it must, for files
 * are long. */
typedef struct way {
    const char *line, *before, *before_that; /* this line, and where the last two began */
    bool begins_function;                    /* one of Go's kind, in which no label has come yet */
    tables tables;
    tc_buffer out;
    const char *done; /* what comes before is in out */
} way;

static void replace(way *way, const char *from, const char *to, tc_name by) {
    tc_buffer_add(&way->out, way->done, (size_t)(from - way->done));
    tc_buffer_add(&way->out, by.text, by.length);
    way->done = to;
}

/* Where the goto on this line gets to by the table, or NULL. */
static const tc_name *find_target(const way *way, const table *by) {
    const char *constant = way->before_that, *copy = way->before;
    tc_name to, from, set;
    size_t number;
    if (!constant)
        return NULL;
    skip_spaces(&constant);
    if (!take_name(&constant, &set) || !tc_text_take(&constant, " = ") ||
        !take_number(&constant, &number) || !tc_text_take(&constant, "u;\n") || constant != copy ||
        !take_copy(&copy, &to, &from) || copy != way->line || !tc_name_same(from, set) ||
        !tc_name_same(to, by->variable))
        return NULL;
    return &by->targets[number < by->count ? number : by->count - 1];
}

static void take_jump(way *way, const char *label, const char *end, size_t loop) {
    const tables *all = &way->tables;
    const tc_name *target = loop < all->count && all->by_loop[loop].targets
                                ? find_target(way, &all->by_loop[loop])
                                : NULL;
    if (target)
        replace(way, label, end, *target);
}

static void take_loop(way *way, const char *next, size_t loop) {
    set_table(&way->tables, loop, next);
    const table *set = &way->tables.by_loop[loop];
    if (way->begins_function && set->targets && tc_name_is(set->variable, "var_p0")) {
        char *first = tc_format("if (__builtin_expect(var_p0 == 0, 1)) goto %.*s; ",
                                (int)set->targets[0].length, set->targets[0].text);
        replace(way, set->start, set->start, (tc_name){first, strlen(first)});
        free(first);
    }
}

/* Whether a function begins on this line as Go's do: a table by its only parameter may follow. */
static bool is_head(const char *line, const char *next) {
    static const char end[] = "(w2c_guest* instance, u32 var_p0) {\n";
    size_t length = (size_t)(next - line), end_length = strlen(end);
    return length > end_length && memcmp(next - end_length, end, end_length) == 0;
}

/* A loop's label comes before all that goes to it. */
static void take_line(way *way, const char *next) {
    const char *at = way->line;
    size_t loop;
    skip_spaces(&at);
    bool is_jump = tc_text_take(&at, "goto ");
    const char *label = at;
    if (at == way->line) {
        way->begins_function = is_head(way->line, next);
    } else if (tc_text_take(&at, "var_L") && take_number(&at, &loop) && loop < LOOPS_MOST) {
        if (is_jump && *at == ';')
            take_jump(way, label, at, loop);
        else if (!is_jump && *at == ':')
            take_loop(way, next, loop);
    }
    if (*at == ':' || tc_text_take(&at, "var_B"))
        way->begins_function = false;
}

static void straighten(tc_buffer *source) {
    if (!source->length)
        return;
    way way = {.line = source->data, .done = source->data};
    while (*way.line) {
        const char *end = strchr(way.line, '\n');
        const char *next = end ? end + 1 : way.line + strlen(way.line);
        take_line(&way, next);
        way.before_that = way.before;
        way.before = way.line;
        way.line = next;
    }
    for (size_t i = 0; i < way.tables.count; i++)
        free(way.tables.by_loop[i].targets);
    free(way.tables.by_loop);
    if (way.out.length) {
        tc_buffer_add(&way.out, way.done, (size_t)(way.line - way.done));
        tc_buffer_reset(source);
        *source = way.out;
    }
}

void tc_correct_jumps_by_tables(tc_build *build) {
    tc_correct_sources(build, straighten);
}
