/* Fuzz target: the reader of modules, with all that is said of what it reads, and what is made of
 * them for wasm2c; and the unwrapping of components.
 *
 * An input is a byte of flags, then sections: an id, a u16 for how many bytes follow, and these.
 * Each is put where it must be in a module, with its size, and so are functions in a code section,
 * whose bytes are in the input instead: a u8 for how many follow, and these. Flag 1: the rest of
 * the input is a file as it is, from its preamble on. Flag 2: the module is put into a component,
 * beside one that offers preview 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "stages/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IS_FILE = 1, IN_COMPONENT = 2, CODE = 10 };

static void add(tc_buffer *out, const void *bytes, size_t length) {
    tc_buffer_add(out, bytes, length);
}

static void add_leb(tc_buffer *out, size_t value) {
    for (; value > 0x7f; value >>= 7)
        add(out, &(char){(char)(value | 0x80)}, 1);
    add(out, &(char){(char)value}, 1);
}

static void add_sized(tc_buffer *out, const void *bytes, size_t length) {
    add_leb(out, length);
    add(out, bytes, length);
}

/* Cuts bytes into functions. */
static void add_code(tc_buffer *out, const uint8_t *data, size_t size) {
    tc_buffer bodies = {0}, content = {0};
    size_t count = 0;
    for (size_t at = 0; at < size; count++) {
        size_t length = data[at++];
        length = length < size - at ? length : size - at;
        add_sized(&bodies, data + at, length);
        at += length;
    }
    add_leb(&content, count);
    add(&content, bodies.data, bodies.length);
    add_sized(out, content.data, content.length);
    tc_buffer_reset(&bodies);
    tc_buffer_reset(&content);
}

static void add_module(tc_buffer *out, const uint8_t *data, size_t size) {
    add(out, "\0asm\1\0\0", 8);
    for (size_t at = 0; at + 3 <= size;) {
        uint8_t id = data[at];
        size_t length = data[at + 1] | (size_t)data[at + 2] << 8;
        at += 3;
        length = length < size - at ? length : size - at;
        add(out, &id, 1);
        if (id == CODE)
            add_code(out, data + at, length);
        else
            add_sized(out, data + at, length);
        at += length;
    }
}

static void add_component(tc_buffer *out, const tc_buffer *module) {
    static const char adapter[] = "\0asm\1\0\0\0\7\1";
    add(out, TC_COMPONENT_PREAMBLE, 8);
    add(out, "\1", 1);
    add_sized(out, module->data, module->length);
    add(out, "\1", 1);
    add_sized(out, adapter, sizeof adapter);
}

static void make_file(tc_buffer *out, const uint8_t *data, size_t size) {
    uint8_t flags = size ? data[0] : 0;
    tc_buffer module = {0};
    if (size > 0) {
        data++;
        size--;
    }
    if (flags & IS_FILE)
        add(&module, data, size);
    else
        add_module(&module, data, size);
    if (flags & IN_COMPONENT)
        add_component(out, &module);
    else
        add(out, module.data, module.length);
    tc_buffer_reset(&module);
}

static void show(const tc_extern *all, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(tc_extern_shown(&all[i]));
}

static void show_all(const tc_wasm *wasm) {
    show(wasm->functions, wasm->function_count);
    show(wasm->tables, wasm->table_count);
    show(wasm->memories, wasm->memory_count);
    show(wasm->globals, wasm->global_count);
    show(wasm->tags, wasm->tag_count);
    for (size_t i = 0; i < wasm->import_count; i++)
        free(tc_extern_shown(&wasm->imports[i].type));
    tc_wasm_find_export(wasm, "_start", TC_KIND_FUNCTION);
    tc_features_check(wasm);
}

/* As one part, and as three; without marks, and with one at each third byte. */
static void lower(const tc_wasm *wasm) {
    static const tc_part parts[] = {
        {0, SIZE_MAX, 0}, {0, 1, 1 << 30}, {1, 2, 1 << 30}, {2, SIZE_MAX, 1 << 30}};
    static uint32_t addresses[1024];
    tc_marks marks = {.addresses = addresses};
    tc_part part = {0};
    for (uint32_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
        addresses[i] = 3 * i;
    while (tc_module_next_part(wasm, &part))
        ;
    for (size_t i = 0; i < 2 * sizeof parts / sizeof *parts; i++) {
        tc_buffer out = {0};
        marks.count = i % 2 ? sizeof addresses / sizeof *addresses : 0;
        marks.first = tc_module_find_marks(wasm, marks.count);
        tc_module_lower(wasm, &parts[i / 2], &marks, &out);
        tc_buffer_reset(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool is_quiet;
    char path[64];
    tc_buffer file = {0};
    tc_wasm wasm;
    if (!is_quiet)
        is_quiet = freopen("/dev/null", "w", stderr) != NULL;
    make_file(&file, data, size);
    int fd = memfd_create("module", MFD_CLOEXEC);
    if (fd < 0 || (file.length && write(fd, file.data, file.length) != (ssize_t)file.length))
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (tc_wasm_read(&wasm, path) == 0) {
        show_all(&wasm);
        lower(&wasm);
    }
    tc_wasm_reset(&wasm);
    tc_buffer_reset(&file);
    close(fd);
    return 0;
}
