/* Reads a profile as pprof has it (see pprof.c), whoever wrote it: which functions its samples are
 * in. The file may be hostile: whatever is not as profile.proto says is an error, and what it makes
 * this allocate is bounded by its length, which is bounded. */
#include "profile/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define LONGEST_FILE (UINT64_C(64) << 20)
#define LONGEST_TEXT (UINT64_C(256) << 20) /* of a file that is compressed */

#define MOST_FRAMES (UINT64_C(1) << 26) /* of all samples: seconds */

enum { SAMPLE = 2, LOCATION = 4, FUNCTION = 5, STRING = 6 };
enum { VARINT = 0, FIXED_64 = 1, LENGTH_DELIMITED = 2, FIXED_32 = 5 };

/* ---- Protocol Buffers ---- */

typedef struct message {
    const unsigned char *at, *end;
    bool damaged;
} message;

/* A field as it stands there: a number, or bytes. */
typedef struct field {
    uint64_t number; /* which field */
    unsigned type;
    uint64_t value;
    message bytes;
} field;

static bool damage(message *in) {
    in->damaged = true;
    in->at = in->end;
    return false;
}

static bool take_varint(message *in, uint64_t *value) {
    return tc_take_leb(&in->at, in->end, 64, value) == TC_TAKEN || damage(in);
}

static bool take_bytes(message *in, uint64_t length, message *bytes) {
    if (length > (uint64_t)(in->end - in->at))
        return damage(in);
    *bytes = (message){in->at, in->at + length, false};
    in->at += length;
    return true;
}

/* Goes on to the next field; false: there is none, or the message is damaged. */
static bool next_field(message *in, field *out) {
    uint64_t head;
    if (in->at == in->end || !take_varint(in, &head))
        return false;
    out->number = head >> 3;
    out->type = head & 7;
    switch (out->type) {
    case VARINT:
        return take_varint(in, &out->value);
    case FIXED_64:
        return take_bytes(in, 8, &out->bytes);
    case FIXED_32:
        return take_bytes(in, 4, &out->bytes);
    case LENGTH_DELIMITED:
        return take_varint(in, &out->value) && take_bytes(in, out->value, &out->bytes);
    default:
        return damage(in);
    }
}

/* Whether the field is of the type that profile.proto gives it. */
static bool is_of_type(message *in, const field *field, unsigned type) {
    return field->type == type || damage(in);
}

/* ---- the tables ---- */

/* A number of the file's, and what it stands for: a function's name is the index of a string, a
 * location's first line is an index in `lines`. */
typedef struct entry {
    uint64_t id;
    size_t value, count;
} entry;

typedef struct entries {
    entry *items;
    size_t count, capacity;
} entries;

typedef struct file {
    message whole;
    entries strings;   /* `value` is where in the file, `count` how long */
    entries functions; /* by `id`: the name */
    entries locations; /* by `id`: the lines */
    entries lines;     /* `id` is the function's, the innermost first */
} file;

static void add_entry(entries *list, uint64_t id, size_t value, size_t count) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 256;
        list->items = tc_reallocate(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = (entry){id, value, count};
}

static int by_id(const void *left, const void *right) {
    const entry *a = left, *b = right;
    return (a->id > b->id) - (a->id < b->id);
}

static const entry *find_entry(const entries *list, uint64_t id) {
    return list->count ? bsearch(&(entry){.id = id}, list->items, list->count, sizeof(entry), by_id)
                       : NULL;
}

/* Brings a table in order; each number stands for one thing. */
static bool sort_entries(entries *list) {
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, by_id);
    for (size_t i = 1; i < list->count; i++) {
        if (list->items[i - 1].id == list->items[i].id)
            return false;
    }
    return true;
}

/* ---- reading ---- */

static bool read_function(file *all, message in) {
    field field;
    uint64_t id = 0, name = 0;
    while (next_field(&in, &field)) {
        if (field.number == 1 && is_of_type(&in, &field, VARINT))
            id = field.value;
        else if (field.number == 2 && is_of_type(&in, &field, VARINT))
            name = field.value;
    }
    add_entry(&all->functions, id, name, 0);
    return !in.damaged;
}

static bool read_line(file *all, message in) {
    field field;
    uint64_t function = 0;
    while (next_field(&in, &field)) {
        if (field.number == 1 && is_of_type(&in, &field, VARINT))
            function = field.value;
    }
    add_entry(&all->lines, function, 0, 0);
    return !in.damaged;
}

static bool read_location(file *all, message in) {
    field field;
    uint64_t id = 0;
    size_t first = all->lines.count;
    while (next_field(&in, &field)) {
        if (field.number == 1 && is_of_type(&in, &field, VARINT))
            id = field.value;
        else if (field.number == 4 && is_of_type(&in, &field, LENGTH_DELIMITED) &&
                 !read_line(all, field.bytes))
            damage(&in);
    }
    add_entry(&all->locations, id, first, all->lines.count - first);
    return !in.damaged;
}

/* Reads the tables. False: it is damaged. */
static bool read_tables(file *all) {
    message in = all->whole;
    field field;
    while (next_field(&in, &field)) {
        bool fine = true;
        if (field.number != LOCATION && field.number != FUNCTION && field.number != STRING)
            continue;
        if (!is_of_type(&in, &field, LENGTH_DELIMITED))
            return false;
        if (field.number == LOCATION)
            fine = read_location(all, field.bytes);
        else if (field.number == FUNCTION)
            fine = read_function(all, field.bytes);
        else
            add_entry(&all->strings, 0, (size_t)(field.bytes.at - all->whole.at),
                      (size_t)(field.bytes.end - field.bytes.at));
        if (!fine)
            return false;
    }
    return !in.damaged && sort_entries(&all->functions) && sort_entries(&all->locations);
}

/* ---- samples ---- */

typedef struct sample {
    entries locations; /* numbers, the innermost first */
    uint64_t count;    /* the first of its values */
} sample;

static bool add_numbers(entries *list, message *in, const field *field) {
    message packed = field->bytes;
    uint64_t value;
    if (field->type == VARINT) {
        add_entry(list, field->value, 0, 0);
        return true;
    }
    if (!is_of_type(in, field, LENGTH_DELIMITED))
        return false;
    while (packed.at < packed.end && take_varint(&packed, &value))
        add_entry(list, value, 0, 0);
    return !packed.damaged;
}

static bool read_sample(message in, sample *out) {
    field field;
    entries values = {0};
    bool fine = true;
    out->locations.count = 0;
    while (fine && next_field(&in, &field)) {
        if (field.number == 1)
            fine = add_numbers(&out->locations, &in, &field);
        else if (field.number == 2)
            fine = add_numbers(&values, &in, &field);
    }
    out->count = values.count ? values.items[0].id : 0;
    free(values.items);
    return fine && !in.damaged;
}

/* What stands in place of a function where the host was, or where nothing is known. */
static bool is_no_function(const char *name, size_t length) {
    return length == 0 || *name == '[';
}

static void add_use(tc_profile_uses *uses, const char *name, size_t length, uint64_t samples) {
    if (uses->count == 0 || (uses->count & (uses->count - 1)) == 0)
        uses->items =
            tc_reallocate(uses->items, (uses->count ? 2 * uses->count : 1) * sizeof *uses->items);
    uses->items[uses->count++] = (tc_profile_use){tc_format("%.*s", (int)length, name), samples};
}

/* Counts a sample for the innermost function that is no host's, and marks those around it. `frames`
 * are those of all samples so far. */
static bool count_sample(const file *all, const sample *sample, uint64_t *counts, bool *on_stack,
                         uint64_t *frames) {
    bool counted = false;
    for (size_t i = 0; i < sample->locations.count; i++) {
        const entry *location = find_entry(&all->locations, sample->locations.items[i].id);
        if (!location || (*frames += location->count + 1) > MOST_FRAMES)
            return false;
        for (size_t line = 0; line < location->count; line++) {
            const entry *function =
                find_entry(&all->functions, all->lines.items[location->value + line].id);
            if (!function || function->value >= all->strings.count)
                return false;
            const entry *name = &all->strings.items[function->value];
            if (is_no_function((const char *)all->whole.at + name->value, name->count))
                continue;
            size_t index = (size_t)(function - all->functions.items);
            if (!counted)
                counts[index] += sample->count;
            counted = true;
            on_stack[index] = true;
        }
    }
    return true;
}

static bool count_samples(const file *all, uint64_t *counts, bool *on_stack) {
    message in = all->whole;
    field field;
    sample sample = {0};
    uint64_t frames = 0;
    bool fine = true;
    while (fine && next_field(&in, &field)) {
        if (field.number == SAMPLE)
            fine = is_of_type(&in, &field, LENGTH_DELIMITED) && read_sample(field.bytes, &sample) &&
                   count_sample(all, &sample, counts, on_stack, &frames);
    }
    free(sample.locations.items);
    return fine;
}

static int by_name(const void *left, const void *right) {
    return strcmp(((const tc_profile_use *)left)->name, ((const tc_profile_use *)right)->name);
}

static bool read_uses(file *all, tc_profile_uses *uses) {
    if (!read_tables(all))
        return false;
    uint64_t *counts = tc_allocate((all->functions.count + 1) * sizeof *counts);
    bool *on_stack = tc_allocate(all->functions.count + 1);
    bool fine = count_samples(all, counts, on_stack);
    for (size_t i = 0; fine && i < all->functions.count; i++) {
        if (!on_stack[i])
            continue; /* its name has not been looked at, and may be none */
        const entry *name = &all->strings.items[all->functions.items[i].value];
        add_use(uses, (const char *)all->whole.at + name->value, name->count, counts[i]);
    }
    if (uses->count)
        qsort(uses->items, uses->count, sizeof *uses->items, by_name);
    free(counts);
    free(on_stack);
    return fine;
}

/* ---- the file ---- */

static bool inflate_text(const tc_buffer *from, tc_buffer *to) {
    bool cut = false;
    return tc_inflate(from->data, from->length, TC_GZIP, LONGEST_TEXT, to, &cut) && !cut;
}

static bool is_compressed(const tc_buffer *text) {
    return text->length >= 2 && memcmp(text->data, "\x1f\x8b", 2) == 0;
}

static bool read_text(const tc_buffer *text, tc_profile_uses *uses) {
    file all = {.whole = {(const unsigned char *)text->data,
                          (const unsigned char *)text->data + text->length, false}};
    bool fine = text->length && read_uses(&all, uses);
    free(all.strings.items);
    free(all.functions.items);
    free(all.locations.items);
    free(all.lines.items);
    return fine;
}

bool tc_profile_read_uses(tc_profile_uses *uses, const char *path) {
    tc_buffer raw = {0}, inflated = {0};
    *uses = (tc_profile_uses){.path = path};
    bool fine = tc_file_read(path, LONGEST_FILE, &raw) == 0;
    if (!fine) {
        tc_error("cannot read the profile %s: %s", path, strerror(errno));
    } else {
        bool compressed = is_compressed(&raw);
        fine = (!compressed || inflate_text(&raw, &inflated)) &&
               read_text(compressed ? &inflated : &raw, uses) && uses->count;
        if (!fine)
            tc_error(
                "%s is no profile of functions in pprof's format, or it is damaged; `timecraft "
                "profile -o FILE.pprof -- PROGRAM` writes one",
                path);
        tc_digest(raw.length ? raw.data : "", raw.length, uses->digest);
    }
    tc_buffer_reset(&raw);
    tc_buffer_reset(&inflated);
    if (!fine)
        tc_profile_uses_reset(uses);
    return fine;
}

void tc_profile_uses_reset(tc_profile_uses *uses) {
    for (size_t i = 0; i < uses->count; i++)
        free(uses->items[i].name);
    free(uses->items);
    *uses = (tc_profile_uses){0};
}

static int by_text(const void *key, const void *item) {
    return strcmp(key, ((const tc_profile_use *)item)->name);
}

const tc_profile_use *tc_profile_find(const tc_profile_uses *uses, const char *raw, size_t length) {
    static char guest[TC_PROFILE_MANGLED_MOST];
    if (!tc_symbols_guest_name(raw, length, guest, sizeof guest))
        return NULL;
    char *shown = tc_profile_shown(guest);
    const tc_profile_use *use =
        bsearch(shown, uses->items, uses->count, sizeof *uses->items, by_text);
    free(shown);
    return use;
}
