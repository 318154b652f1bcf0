/* The part of a C++ runtime that throws and catches, for the guest of cxx_exceptions.cc: the
 * distributions' libc++abi for WebAssembly is built without it. The interfaces are those of the
 * Itanium C++ ABI (Exception Handling, levels I and II) as clang uses them for WebAssembly: a catch
 * block asks _Unwind_CallPersonality which of its handlers is meant.
 */
#ifndef CXX_RUNTIME_H
#define CXX_RUNTIME_H

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <typeinfo>

namespace __cxxabiv1 {
/* libc++abi's base of the classes that describe types. */
class __shim_type_info : public std::type_info {
  public:
    virtual ~__shim_type_info();
    virtual void noop1() const;
    virtual void noop2() const;
    virtual bool can_catch(const __shim_type_info *thrown, void *&object) const = 0;
};
} // namespace __cxxabiv1

namespace {

/* Stands in front of a thrown object. */
struct alignas(16) thrown {
    const std::type_info *type;
    void *(*destroy)(void *object); /* destructors return their object here */
    void *caught_as;                /* the object as its handler sees it: a base's part, perhaps */
    int handlers;                   /* that run; negative: thrown again */
    thrown *below;                  /* what was caught before this */
};

thrown *caught; /* innermost first */

const uint8_t *read_unsigned(const uint8_t *at, uintptr_t &value) {
    unsigned shift = 0;
    value = 0;
    do {
        value |= uintptr_t(*at & 0x7f) << shift;
        shift += 7;
    } while (*at++ & 0x80);
    return at;
}

const uint8_t *read_signed(const uint8_t *at, intptr_t &value) {
    uintptr_t bits = 0;
    unsigned shift = 0;
    do {
        bits |= uintptr_t(*at & 0x7f) << shift;
        shift += 7;
    } while (*at++ & 0x80);
    if (shift < 32 && (at[-1] & 0x40))
        bits |= ~uintptr_t(0) << shift;
    value = intptr_t(bits);
    return at;
}

bool catches(const std::type_info *handler, thrown *exception) {
    auto type = static_cast<const __cxxabiv1::__shim_type_info *>(exception->type);
    void *object = exception + 1;
    if (handler &&
        !static_cast<const __cxxabiv1::__shim_type_info *>(handler)->can_catch(type, object))
        return false;
    exception->caught_as = object;
    return true;
}

/* The number of the handler, of those that a function's table (LSDA) lists for a catch block; 0 if
 * none is for this exception. */
uintptr_t find_handler(const uint8_t *table, uintptr_t block, thrown *exception) {
    enum { OMITTED = 0xff };
    uintptr_t unused, types_offset, sites_length, action = 0;
    if (*table++ != OMITTED)
        table = read_unsigned(table, unused);
    if (*table++ == OMITTED)
        return 0;
    const uint8_t *sites = read_unsigned(table, types_offset);
    const uint8_t *types = sites + types_offset; /* the first one ends here */
    sites = read_unsigned(sites + 1, sites_length);
    const uint8_t *actions = sites + sites_length;
    for (uintptr_t i = 0; i <= block && sites < actions; i++) {
        sites = read_unsigned(sites, unused);
        sites = read_unsigned(sites, action);
    }
    for (const uint8_t *at = action ? actions + action - 1 : nullptr; at;) {
        intptr_t type, next;
        const uint8_t *link = read_signed(at, type);
        if (type > 0) {
            auto handlers = reinterpret_cast<const std::type_info *const *>(types);
            if (catches(handlers[-type], exception))
                return uintptr_t(type);
        }
        read_signed(link, next);
        at = next ? link + next : nullptr;
    }
    return 0;
}

} // namespace

extern "C" {

/* Filled by a catch block before the call. */
struct {
    uintptr_t block;
    const uint8_t *table;
    uintptr_t selector; /* the answer */
} __wasm_lpad_context;

int _Unwind_CallPersonality(void *exception) {
    __wasm_lpad_context.selector = find_handler(
        __wasm_lpad_context.table, __wasm_lpad_context.block, static_cast<thrown *>(exception));
    return 0;
}

int __gxx_personality_wasm0(...) {
    return 0; /* only named by functions */
}

void *__cxa_allocate_exception(size_t size) {
    auto exception = static_cast<thrown *>(calloc(1, sizeof(thrown) + size));
    if (!exception)
        std::terminate();
    return exception + 1;
}

void __cxa_free_exception(void *object) {
    free(static_cast<thrown *>(object) - 1);
}

[[noreturn]] void __cxa_throw(void *object, std::type_info *type, void *(*destroy)(void *)) {
    thrown *exception = static_cast<thrown *>(object) - 1;
    exception->type = type;
    exception->destroy = destroy;
    exception->caught_as = object;
    __builtin_wasm_throw(0, exception);
}

void *__cxa_get_exception_ptr(void *exception) {
    return static_cast<thrown *>(exception)->caught_as;
}

void *__cxa_begin_catch(void *pointer) {
    thrown *exception = static_cast<thrown *>(pointer);
    exception->handlers =
        (exception->handlers < 0 ? -exception->handlers : exception->handlers) + 1;
    if (caught != exception) {
        exception->below = caught;
        caught = exception;
    }
    return exception->caught_as;
}

void __cxa_end_catch(void) {
    thrown *exception = caught;
    if (exception->handlers < 0) { /* on its way again */
        if (++exception->handlers == 0)
            caught = exception->below;
    } else if (--exception->handlers == 0) {
        caught = exception->below;
        if (exception->destroy)
            exception->destroy(exception + 1);
        free(exception);
    }
}

[[noreturn]] void __cxa_rethrow(void) {
    if (!caught)
        std::terminate();
    caught->handlers = -caught->handlers;
    __builtin_wasm_throw(0, caught);
}
}

#endif
