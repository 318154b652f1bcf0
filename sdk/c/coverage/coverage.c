/* Writes what clang's -fprofile-instr-generate counts, when the guest's main returns or it calls
 * exit: a raw profile (.profraw) for llvm-profdata, in the file that LLVM_PROFILE_FILE names,
 * default.profraw unless it is set. The distributions have clang's own library for this for other
 * targets than WebAssembly.
 *
 * Compile it into the guest, with the compiler that the guest is compiled with: the layout is what
 * that one's own header says (profile/InstrProfData.inc, "raw profile header").
 *
 *     clang $(timecraft-config --flags) -fprofile-instr-generate -fcoverage-mapping app.c \
 *         "$(timecraft-config --coverage)" -o app.wasm
 *
 * A counter is 64 bits wide. Values (of -fprofile-generate) are not written.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNCOUNTED __attribute__((no_profile_instrument_function))

typedef uintptr_t IntPtrT;

/* Magic, version. */
#include <profile/InstrProfData.inc>

enum {
#define VALUE_PROF_KIND(Enumerator, Value, Description) Enumerator = Value,
#include <profile/InstrProfData.inc>
};

/* A function's record. */
typedef struct record {
#define INSTR_PROF_DATA(Type, LLVMType, Name, Initializer) Type Name;
#include <profile/InstrProfData.inc>
} record;

/* The file's header, by names that the header's lines use for what they hold. */
typedef struct header {
#define INSTR_PROF_RAW_HEADER(Type, Name, Initializer) Type Name;
#include <profile/InstrProfData.inc>
} header;

/* Referred to by every object that counts. */
int __llvm_profile_runtime;

/* What the guest's objects have told of themselves before main. */
static struct {
    const record *first, *end;
    const char *counters, *counters_end;
    const char *names, *names_end;
} all;

#define __llvm_profile_get_magic()      INSTR_PROF_RAW_MAGIC_32
#define __llvm_profile_get_version()    INSTR_PROF_RAW_VERSION
#define __llvm_write_binary_ids(writer) 0

/* Fills the header of this version: each knows some of these. */
UNCOUNTED static header make_header(void) {
    const record *DataBegin = all.first;
    const char *CountersBegin = all.counters, *NamesBegin = all.names;
    const char *BitmapBegin = all.counters_end;
    uint64_t NumData = (uint64_t)(all.end - all.first), DataSize = NumData;
    uint64_t CountersSize = (uint64_t)(all.counters_end - all.counters) / 8;
    uint64_t NumCounters = CountersSize, NamesSize = (uint64_t)(all.names_end - all.names);
    uint64_t PaddingBytesBeforeCounters = 0, PaddingBytesAfterCounters = 0;
    uint64_t NumBitmapBytes = 0, PaddingBytesAfterBitmapBytes = 0, NumVTables = 0, VNamesSize = 0;
    (void)BitmapBegin, (void)NumData, (void)DataSize, (void)CountersSize, (void)NumCounters;
    (void)NumBitmapBytes, (void)PaddingBytesAfterBitmapBytes, (void)NumVTables, (void)VNamesSize;
    return (header){
#define INSTR_PROF_RAW_HEADER(Type, Name, Initializer) .Name = (Type)(Initializer),
#include <profile/InstrProfData.inc>
    };
}

UNCOUNTED static void write_profile(void) {
    const char *path = getenv("LLVM_PROFILE_FILE");
    header made = make_header();
    static const char padding[8];
    FILE *file = fopen(path && *path ? path : "default.profraw", "wb");
    if (!file) {
        perror("coverage: the profile cannot be written; grant a folder with --dir, and its file's "
               "name with --env=LLVM_PROFILE_FILE=NAME");
        return;
    }
    fwrite(&made, sizeof made, 1, file);
    fwrite(all.first, sizeof *all.first, (size_t)(all.end - all.first), file);
    fwrite(all.counters, 1, (size_t)(all.counters_end - all.counters), file);
    fwrite(all.names, 1, (size_t)(all.names_end - all.names), file);
    fwrite(padding, 1, -(size_t)(all.names_end - all.names) % 8, file);
    if (fclose(file) != 0)
        perror("coverage: the profile cannot be written");
}

/* Records, counters and names of all objects lie in one segment each. */
UNCOUNTED void __llvm_profile_register_function(void *data) {
    const record *one = data;
    const char *counters = (const char *)((uintptr_t)data + (uintptr_t)one->CounterPtr);
    const char *counters_end = counters + 8 * (size_t)one->NumCounters;
    if (!all.first)
        atexit(write_profile);
    if (!all.first || one < all.first)
        all.first = one;
    if (one + 1 > all.end)
        all.end = one + 1;
    if (!all.counters || counters < all.counters)
        all.counters = counters;
    if (counters_end > all.counters_end)
        all.counters_end = counters_end;
}

UNCOUNTED void __llvm_profile_register_names_function(void *names, uint64_t size) {
    const char *start = names;
    if (!all.names || start < all.names)
        all.names = start;
    if (start + size > all.names_end)
        all.names_end = start + size;
}
