/* Links the objects, the runtime and its libraries to the program. */
#include "stages/internal.h"

#include <stdlib.h>
#include <string.h>

/* What OpenSSL and liburing need in turn when they are linked statically differs between
 * distributions; CMake asks pkg-config. */
#ifndef TIMECRAFT_STATIC_LIBRARIES
#define TIMECRAFT_STATIC_LIBRARIES "-lssl -lcrypto -luring"
#endif

void tc_link_libraries(tc_words *argv, bool link_static) {
    if (link_static)
        tc_words_add_split(argv, "-Wl,-Bstatic " TIMECRAFT_STATIC_LIBRARIES
                                 " -Wl,-Bdynamic -static-libgcc");
    else
        tc_words_add_split(argv, "-lssl -lcrypto -luring -static-libgcc");
    tc_words_add_split(argv, "-lm -lpthread -ldl");
}

static void explain(const tc_build *build, int status, const char *output) {
    if (status < 0)
        return;
    tc_error("cannot link the program with %s; `timecraft doctor` tells which libraries are "
             "missing:",
             build->tools.cc.items[0]);
    tc_error_details(output, 20);
}

int tc_link(tc_build *build) {
    tc_words argv = {0};
    tc_buffer text = {0};
    tc_words_add_all(&argv, &build->tools.cc);
    /* Where tcc's objects stand beside others' they are position-independent, else perhaps not. */
    bool may_be_fixed = build->has_tcc_objects && build->options->level == 0;
    tc_words_add(&argv, may_be_fixed ? "-no-pie" : "-pie");
    tc_words_add_split(&argv, "-o " TC_LINKED);
    tc_words_add_all(&argv, &build->objects);
    tc_words_add(&argv, "%s", build->tools.library);
    /* tcc's objects do not say that they need no executable stack. */
    tc_words_add_split(&argv, "-Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack");
    tc_link_libraries(&argv, build->options->link_static);
    tc_words_add_all(&argv, &build->tools.ldflags);
    int status = tc_process_run(&argv, build->work, &text);
    if (status)
        explain(build, status, text.data);
    tc_words_reset(&argv);
    tc_buffer_reset(&text);
    return status ? -1 : 0;
}
