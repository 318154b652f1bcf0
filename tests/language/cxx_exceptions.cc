// needs: wasm-exceptions
// needs: libc++
// cflags: -fwasm-exceptions -fno-inline
/* C++ exceptions: handlers by type, in order; destructors on the way; thrown again, from handlers,
 * from constructors; many in flight. (Not inlined: clang 14 crashes on that.) */
#include "cxx_runtime.h"

#include <cstdio>

static int failures;

#define CHECK(condition) check(condition, #condition, __LINE__)

static void check(bool holds, const char *condition, int line) {
    if (!holds) {
        printf("line %d: %s\n", line, condition);
        failures++;
    }
}

static int alive, destroyed;

struct counted {
    counted() {
        alive++;
    }
    counted(const counted &) {
        alive++;
    }
    ~counted() {
        alive--;
        destroyed++;
    }
};

struct base {
    virtual ~base() = default;
    int number = 1;
};
struct other {
    virtual ~other() = default;
    int number = 2;
};
struct derived : other, base {
    counted member;
    int number = 3;
};

[[gnu::noinline]] static void throws(int what) {
    counted local;
    switch (what) {
    case 0:
        throw 42;
    case 1:
        throw 2.5;
    case 2:
        throw "text";
    case 3:
        throw derived();
    case 4:
        throw static_cast<base *>(nullptr);
    case 5:
        throw 'c';
    default:
        return;
    }
}

/* Which handler was it? */
[[gnu::noinline]] static int handler_of(int what) {
    counted local;
    try {
        counted inside;
        throws(what);
        return -1;
    } catch (int value) {
        CHECK(value == 42);
        return 0;
    } catch (const double &value) {
        CHECK(value == 2.5);
        return 1;
    } catch (const char *text) {
        CHECK(text[0] == 't');
        return 2;
    } catch (base &object) {
        CHECK(object.number == 1 && dynamic_cast<derived *>(&object)->number == 3);
        return 3;
    } catch (base *pointer) {
        CHECK(!pointer);
        return 4;
    } catch (...) {
        return 5;
    }
}

static int outer_handler_of(int what) {
    try {
        try {
            counted local;
            throws(what);
        } catch (char) {
            return 1;
        } catch (float) {
            return 2;
        }
    } catch (int) {
        return 3;
    } catch (other &object) {
        return 4 + object.number;
    }
    return 0;
}

static int thrown_again() {
    int passed = 0;
    try {
        try {
            try {
                throw derived();
            } catch (base &object) {
                object.number = 7;
                passed++;
                throw;
            }
        } catch (...) {
            passed++;
            throw;
        }
    } catch (derived &object) {
        return object.base::number * 10 + passed;
    }
    return 0;
}

static int from_a_handler() {
    try {
        try {
            throw 1;
        } catch (int first) {
            counted local;
            try {
                throw first + 1;
            } catch (int second) {
                throw first + second + 10L;
            }
        }
    } catch (long sum) {
        return int(sum);
    }
    return 0;
}

struct whole {
    counted first;
    struct part {
        part(bool fails) {
            if (fails)
                throw 'x';
        }
    } second;
    counted third;
    explicit whole(bool fails) : second(fails) {
    }
};

static bool constructor_fails() {
    destroyed = 0;
    try {
        whole object(true);
    } catch (char) {
        return destroyed == 1; /* the first member only */
    }
    return false;
}

[[gnu::noinline]] static int deep(int depth) {
    counted local;
    if (depth == 0)
        throw 99;
    try {
        return deep(depth - 1) + 1;
    } catch (char) {
        return -1;
    }
}

static bool through_many_frames() {
    try {
        return deep(1000) < 0;
    } catch (int value) {
        return value == 99;
    }
}

static int in_a_loop() {
    int sum = 0;
    for (int i = 0; i < 10000; i++) {
        try {
            if (i % 3 == 0)
                throw i;
            sum += 1;
        } catch (int value) {
            sum += value % 2;
            continue;
        }
    }
    return sum;
}

[[gnu::noinline]] static int no_throw(int depth) noexcept {
    try {
        return deep(depth);
    } catch (...) {
        return -5;
    }
}

int main() {
    for (int what = 0; what < 6; what++)
        CHECK(handler_of(what) == what);
    CHECK(handler_of(6) == -1);
    CHECK(outer_handler_of(0) == 3);
    CHECK(outer_handler_of(5) == 1);
    CHECK(outer_handler_of(3) == 6);
    CHECK(thrown_again() == 72);
    CHECK(from_a_handler() == 13);
    CHECK(constructor_fails());
    CHECK(through_many_frames());
    CHECK(in_a_loop() == 6666 + 1667);
    CHECK(no_throw(10) == -5);
    CHECK(alive == 0);
    CHECK(!caught);
    return failures != 0;
}
