#include "trace/filter.h"

#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *name, const char *const *beginnings) {
    for (; *beginnings; beginnings++)
        if (strncmp(name, *beginnings, strlen(*beginnings)) == 0)
            return true;
    return false;
}

/* What the first descriptor parameter names; NULL: the call has none. */
static const tc_descriptor *subject(const tc_call *call, const tc_described *import,
                                    const tc_descriptors *all) {
    for (uint32_t i = 0; i < import->count; i++)
        if (import->parameters[i].kind == TC_P_FD)
            return tc_descriptors_get(all, (uint32_t)call->arguments[i]);
    return NULL;
}

static bool has_descriptor(const tc_call *call, const tc_described *import, uint32_t fd) {
    for (uint32_t i = 0; i < import->count; i++) {
        uint64_t opened;
        if (import->parameters[i].kind == TC_P_FD && call->arguments[i] == fd)
            return true;
        if (import->parameters[i].kind == TC_P_FD_OUT && !call->result &&
            tc_call_out_number(call, i, &opened) && opened == fd)
            return true;
    }
    return false;
}

static bool is_in_family(const tc_call *call, const tc_described *import, const char *family,
                         size_t length, const tc_descriptors *all) {
    static const char *const network[] = {"sock_", NULL}, *const files[] = {"path_", "fd_", NULL},
                             *const process[] = {"args_", "environ_", "proc_", "sched_", NULL},
                             *const times[] = {"clock_", "poll_", NULL},
                             *const randoms[] = {"random_", NULL};
    const tc_descriptor *on = subject(call, import, all);
    bool socket = on && on->kind == TC_DESCRIPTOR_SOCKET;
    if (strncmp(family, "network", length) == 0)
        return is_one_of(import->name, network) || socket;
    if (strncmp(family, "file", length) == 0)
        return is_one_of(import->name, files) && !socket;
    if (strncmp(family, "process", length) == 0)
        return is_one_of(import->name, process);
    if (strncmp(family, "time", length) == 0)
        return is_one_of(import->name, times);
    return strncmp(family, "random", length) == 0 && is_one_of(import->name, randoms);
}

bool tc_filter_wants(const char *only, const tc_call *call, const tc_described *import,
                     const tc_descriptors *all) {
    static const tc_described unknown = {.name = "?"};
    import = import ? import : &unknown;
    bool names = false, named = false, descriptors = false, on = false;
    for (const char *at = only; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        bool not = *at == '!';
        const char *word = at + not ;
        size_t length = strcspn(word, ",");
        bool is_fd = strncmp(word, "fd=", 3) == 0;
        bool holds;
        if (is_fd)
            holds = has_descriptor(call, import, (uint32_t)strtoul(word + 3, NULL, 10));
        else if (length == 6 && strncmp(word, "failed", 6) == 0)
            holds = call->result != 0;
        else
            holds = (strlen(import->name) == length && strncmp(import->name, word, length) == 0) ||
                    is_in_family(call, import, word, length, all);
        if (not || strncmp(word, "failed", 6) == 0) {
            if (holds == not )
                return false;
        } else if (is_fd) {
            descriptors = true;
            on |= holds;
        } else {
            names = true;
            named |= holds;
        }
    }
    return (!names || named) && (!descriptors || on);
}
