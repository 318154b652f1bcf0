"""C that calls a translated module's exports with exact arguments, as lines on standard input ask.

It is linked with the very objects that `timecraft build` made, and the runtime, in place of nothing:
the linker's --wrap has it called where the guest has been instantiated, and where it has ended. COMMON
is the same for all modules; write() gives what is of one.

    call N WORD...   calls export N; answers "= WORD..."
    trap N WORD...   the same in a child; answers "exit STATUS MESSAGE" or "= returned"
    get N            a global's value

A word is hexadecimal: an i32 or f32, an i64 or f64; a v128 is two of those, the low one first. A
reference is "null", "func", or the host's number of an externref.
"""
import re

TYPES = r"""
#include "wasm-rt.h"

typedef struct w2c_guest w2c_guest;
typedef uint32_t u32;
typedef uint64_t u64;
typedef float f32;
typedef double f64;
#ifdef __TINYC__ /* as in tcc_vectors.h: what tcc has compiled takes vectors so */
typedef struct v128 { uint64_t lanes[2] __attribute__((aligned(16))); } v128;
#else
typedef long long v128 __attribute__((vector_size(16), may_alias));
#endif

typedef void spec_call(void);
extern spec_call *const spec_calls[];
extern const u32 spec_count;
extern w2c_guest *spec_guest;
#define CONVERSIONS(type) type spec_take_##type(void); void spec_give_##type(type v)
CONVERSIONS(u32);
CONVERSIONS(u64);
CONVERSIONS(f32);
CONVERSIONS(f64);
CONVERSIONS(v128);
CONVERSIONS(wasm_rt_externref_t);
CONVERSIONS(wasm_rt_funcref_t);
void spec_begin(void); /* an answer */
void spec_end(void);
"""

COMMON = TYPES + r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct tc_wasi tc_wasi;

w2c_guest *spec_guest;
static char *rest; /* of the line */

static char *next_word(void) {
    char *text = strtok_r(NULL, " \n", &rest);
    if (!text)
        exit(90);
    return text;
}

static u64 word(void) { return strtoull(next_word(), NULL, 16); }

u32 spec_take_u32(void) { return (u32)word(); }
u64 spec_take_u64(void) { return word(); }
f32 spec_take_f32(void) { u32 bits = (u32)word(); f32 v; memcpy(&v, &bits, 4); return v; }
f64 spec_take_f64(void) { u64 bits = word(); f64 v; memcpy(&v, &bits, 8); return v; }
v128 spec_take_v128(void) { u64 b[2]; b[0] = word(); b[1] = word(); v128 v; memcpy(&v, b, 16); return v; }
wasm_rt_externref_t spec_take_wasm_rt_externref_t(void) {
    char *text = next_word();
    if (strcmp(text, "null") == 0)
        return wasm_rt_externref_null_value;
    return (wasm_rt_externref_t)(uintptr_t)(strtoull(text, NULL, 16) + 1);
}
wasm_rt_funcref_t spec_take_wasm_rt_funcref_t(void) {
    if (strcmp(next_word(), "null") != 0)
        exit(91);
    return wasm_rt_funcref_null_value;
}

void spec_begin(void) { printf("="); }
void spec_end(void) { printf("\n"); }
void spec_give_u32(u32 v) { printf(" %x", v); }
void spec_give_u64(u64 v) { printf(" %llx", (unsigned long long)v); }
void spec_give_f32(f32 v) { u32 bits; memcpy(&bits, &v, 4); spec_give_u32(bits); }
void spec_give_f64(f64 v) { u64 bits; memcpy(&bits, &v, 8); spec_give_u64(bits); }
void spec_give_v128(v128 v) { u64 b[2]; memcpy(b, &v, 16); spec_give_u64(b[0]); spec_give_u64(b[1]); }
void spec_give_wasm_rt_externref_t(wasm_rt_externref_t v) {
    if (v == wasm_rt_externref_null_value)
        printf(" null");
    else
        spec_give_u64((u64)(uintptr_t)v - 1);
}
void spec_give_wasm_rt_funcref_t(wasm_rt_funcref_t v) { printf(v.func ? " func" : " null"); }

static void in_child(void (*call)(void)) {
    static char said[4096];
    int pipes[2], status;
    fflush(stdout);
    if (pipe(pipes) != 0)
        exit(92);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], 2);
        close(1);
        call();
        _exit(0);
    }
    close(pipes[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(pipes[0], said + length, sizeof said - 1 - length)) > 0;)
        length += (size_t)got;
    said[length] = 0;
    close(pipes[0]);
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        printf("= returned\n");
        return;
    }
    printf("exit %d ", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    for (char *at = said; *at; at++)
        putchar(*at == '\n' ? '|' : *at);
    putchar('\n');
}

static void serve(void) {
    static char line[65536];
    printf("ready\n");
    while (fgets(line, sizeof line, stdin)) {
        char *verb = strtok_r(line, " \n", &rest);
        size_t number = word();
        if (number >= spec_count || !spec_calls[number])
            printf("missing\n");
        else if (strcmp(verb, "trap") == 0)
            in_child(spec_calls[number]);
        else {
            fflush(stdout);
            spec_calls[number]();
        }
    }
    fflush(stdout);
}

void __real_tc_wasi_finish(tc_wasi *wasi);
void __wrap_tc_wasi_finish(tc_wasi *wasi) {
    serve();
    __real_tc_wasi_finish(wasi);
}
"""

NUMBERS = {"u32", "u64", "f32", "f64", "v128", "wasm_rt_externref_t", "wasm_rt_funcref_t"}
LETTERS = {"i": "u32", "j": "u64", "f": "f32", "d": "f64", "o": "v128",
           "e": "wasm_rt_externref_t", "r": "wasm_rt_funcref_t"}
PROTOTYPE = re.compile(r"^(?:extern )?(.*?)\s*\b(\w+)\((.*)\);$")


def announced(header, what):
    """The lines of wasm2c's header below the comments that announce an export or import."""
    lines = header.split("\n")
    return [(line, lines[at + 1]) for at, line in enumerate(lines)
            if line.startswith(f"/* {what}: '") and at + 1 < len(lines)]


def write_call(number, result, symbol, parameters, structures):
    out = [f"static void call_{number}(void) {{"]
    names = []
    for at, kind in enumerate(parameters):
        out.append(f"    {kind} a{at} = spec_take_{kind}();")
        names.append(f"a{at}")
    call = f"{symbol}({', '.join(['spec_guest', *names])})"
    if result == "void":
        out.append(f"    {call};\n    spec_begin();")
    elif result.startswith("struct "):
        members = re.findall(r"(\w+) (\w+);", structures[result])
        out.append(f"    {result} r = {call};\n    spec_begin();")
        out += [f"    spec_give_{kind}(r.{name});" for kind, name in members]
    else:
        out.append(f"    {result} r = {call};\n    spec_begin();\n    spec_give_{result}(r);")
    out.append("    spec_end();\n}")
    return "\n".join(out)


def write(header, exports):
    """The C, and the linker's words. Exports are numbered as in the module."""
    structures = {f"struct {name}": body for name, body in
                  re.findall(r"struct (wasm_multi_\w+) \{([^}]*)\}", header)}
    out = [TYPES, *(f"{name} {{{body}}};" for name, body in structures.items())]
    found = announced(header, "export")
    if len(found) != len(exports):
        raise ValueError(f"the header announces {len(found)} exports, the module has {len(exports)}")
    table = []
    for number, (_, prototype) in enumerate(found):
        match = PROTOTYPE.match(prototype)
        if not match or not match[3].startswith("w2c_guest*"):
            table.append("NULL")
            continue
        result, symbol = match[1], match[2]
        parameters = [word.strip() for word in match[3].split(",")[1:]]
        if exports[number][1] == 3 and result.endswith("*") and result[:-1] in NUMBERS:
            out.append(f"{result} {symbol}(w2c_guest *);\nstatic void call_{number}(void) {{\n"
                       f"    spec_begin();\n    spec_give_{result[:-1]}(*{symbol}(spec_guest));\n"
                       "    spec_end();\n}")
        elif exports[number][1] == 0 and set(parameters) <= NUMBERS and (
                result in NUMBERS or result == "void" or result in structures):
            out.append(f"{result} {symbol}({', '.join(['w2c_guest *', *parameters])});")
            out.append(write_call(number, result, symbol, parameters, structures))
        else:
            table.append("NULL")
            continue
        table.append(f"call_{number}")
    out.append(f"spec_call *const spec_calls[] = {{{', '.join(table or ['NULL'])}}};\n"
               f"const u32 spec_count = {len(table)};")
    wraps = ["tc_wasi_finish", "wasm2c_guest_instantiate"]
    instantiate = re.search(r"void wasm2c_guest_instantiate\(w2c_guest\*(.*)\);", header)[1]
    more = instantiate.count(",")
    parameters = "".join(f", void *i{at}" for at in range(more))
    out.append(f"void __real_wasm2c_guest_instantiate(w2c_guest *g{parameters});\n"
               f"void __wrap_wasm2c_guest_instantiate(w2c_guest *g{parameters}) {{\n    spec_guest = g;\n"
               f"    __real_wasm2c_guest_instantiate(g{''.join(f', i{at}' for at in range(more))});\n}}")
    # spectest's functions print what they are given, and that is all.
    for _, prototype in announced(header, "import"):
        match = PROTOTYPE.match(prototype)
        if match and match[1] == "void" and "w2c_spectest_" in match[2] and match[2] not in wraps:
            wraps.append(match[2])
            kinds = [word.strip() for word in match[3].split(",")][1:]
            parameters = ", ".join(["void *i", *(f"{kind} a{at}" for at, kind in enumerate(kinds))])
            out.append(f"void __wrap_{match[2]}({parameters}) {{}}")
    return "\n".join(out) + "\n", [f"-Wl,--wrap={name}" for name in wraps]
