/* A profile as a flame graph: a box for each call path, as wide as the time spent in it and in what
 * it calls, above its caller's. A pointer over a box shows the whole name and the time. */
#include "profile/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* In pixels. */
enum { WIDTH = 1200, MARGIN = 10, ROW = 18, HEADING = 40, LETTER = 7 };
static const double narrowest = 0.2;

typedef struct box {
    double left, width;
    unsigned depth;
} box;

typedef struct named {
    const char *name;
    uint32_t path;
} named;

static int by_name(const void *left, const void *right) {
    return strcmp(((const named *)left)->name, ((const named *)right)->name);
}

/* Puts a path's callees side by side. `order` has room for all paths. */
static void place_callees(const tc_profile *profile, uint32_t caller, box *boxes, named *order) {
    double left = boxes[caller].left;
    size_t count = 0;
    for (uint32_t at = profile->calls.paths[caller].first_callee; at;
         at = profile->calls.paths[at].next)
        order[count++] = (named){profile->names[profile->calls.paths[at].frame.function], at};
    if (count > 1)
        qsort(order, count, sizeof *order, by_name);
    for (size_t i = 0; i < count; i++) {
        uint32_t at = order[i].path;
        double share =
            (double)profile->calls.paths[at].total / (double)profile->calls.paths[0].total;
        boxes[at] = (box){left, share * (WIDTH - 2 * MARGIN), boxes[caller].depth + 1};
        left += boxes[at].width;
    }
}

/* Callers come first, so that each finds its place known. */
static box *place(const tc_profile *profile, unsigned *deepest) {
    box *boxes = tc_allocate(profile->calls.count * sizeof *boxes);
    named *order = tc_allocate(profile->calls.count * sizeof *order);
    boxes[0] = (box){MARGIN, WIDTH - 2 * MARGIN, 0};
    for (uint32_t i = 0; i < profile->calls.count; i++) {
        if (boxes[i].width >= narrowest && boxes[i].depth > *deepest)
            *deepest = boxes[i].depth;
        if (profile->calls.paths[0].total)
            place_callees(profile, i, boxes, order);
    }
    free(order);
    return boxes;
}

/* The first `most` characters of a text. */
static void write_text(const char *text, size_t most, FILE *out) {
    for (; *text && most > 0; text++) {
        const char *escaped = *text == '&'    ? "&amp;"
                              : *text == '<'  ? "&lt;"
                              : *text == '>'  ? "&gt;"
                              : *text == '"'  ? "&quot;"
                              : *text == '\'' ? "&#39;"
                                              : NULL;
        if (escaped)
            fputs(escaped, out);
        else
            putc(*text, out);
        most -= (text[1] & 0xc0) != 0x80; /* that was the character's last byte */
    }
}

static size_t characters(const char *text) {
    size_t count = 0;
    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

/* A warm colour that is the same for each path of a function; the host's are blue. */
static void write_colour(const char *name, FILE *out) {
    unsigned hash = 5381;
    for (const char *at = name; *at; at++)
        hash = hash * 33 + (unsigned char)*at;
    if (strncmp(name, "[host]", 6) == 0)
        fprintf(out, "hsl(210,60%%,%u%%)", 68 + hash % 12);
    else
        fprintf(out, "hsl(%u,85%%,%u%%)", hash % 45, 62 + hash / 64 % 12);
}

static void write_box(const tc_profile *profile, uint32_t path, const box *box, unsigned deepest,
                      FILE *out) {
    const tc_profile_path *at = &profile->calls.paths[path];
    const char *name = path ? profile->names[at->frame.function] : "all";
    unsigned top = HEADING + (deepest - box->depth) * ROW;
    size_t room = box->width < 3 * LETTER ? 0 : (size_t)(box->width - 4) / LETTER;
    fputs("<g><title>", out);
    write_text(name, SIZE_MAX, out);
    fprintf(out,
            "\n%.3f s (%.1f %%), itself %.3f s</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\""
            " height=\"%d\" fill=\"",
            (double)at->total / 1e9,
            100.0 * (double)at->total /
                (double)(profile->calls.paths[0].total ? profile->calls.paths[0].total : 1),
            (double)at->self / 1e9, box->left, top, box->width, ROW - 1);
    write_colour(name, out);
    fputs("\"/>", out);
    if (room > 0) {
        fprintf(out, "<text x=\"%.2f\" y=\"%u\">", box->left + 2, top + ROW - 5);
        bool whole = characters(name) <= room;
        write_text(name, whole ? room : room - 2, out);
        fprintf(out, "%s</text>", whole ? "" : "..");
    }
    fputs("</g>\n", out);
}

int tc_profile_write_svg(const tc_profile *profile, FILE *out) {
    unsigned deepest = 0;
    box *boxes = place(profile, &deepest);
    unsigned height = HEADING + (deepest + 1) * ROW + MARGIN;
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
            "viewBox=\"0 0 %d %u\">\n"
            "<style>text{font:12px monospace}g:hover rect{stroke:#000}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"%d\" y=\"24\">",
            WIDTH, height, WIDTH, height, MARGIN);
    char *shown = tc_name_shown(
        (tc_name){tc_path_name(profile->program), strlen(tc_path_name(profile->program))});
    write_text(shown, SIZE_MAX, out);
    fprintf(out, ": %.3f s of CPU time</text>\n", (double)profile->calls.paths[0].total / 1e9);
    free(shown);
    for (uint32_t i = 0; i < profile->calls.count; i++)
        if (boxes[i].width >= narrowest)
            write_box(profile, i, &boxes[i], deepest, out);
    fputs("</svg>\n", out);
    free(boxes);
    return ferror(out) ? -1 : 0;
}
