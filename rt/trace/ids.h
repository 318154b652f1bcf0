/* The imports' numbers: their order in wasi/imports.def. TC_ID_tc_wasi_fd_read is that of the
 * import behind which that function stands. */
#ifndef TC_TRACE_IDS_H
#define TC_TRACE_IDS_H

typedef enum tc_import_id {
#define TC_IMPORT(name, type, function, ...)          TC_ID_##function,
#define TC_IMPORT_UNSTABLE(name, type, function, ...) TC_ID_##function,
#include "wasi/imports.def"
#undef TC_IMPORT
#undef TC_IMPORT_UNSTABLE
    TC_ID_COUNT
} tc_import_id;

#endif
