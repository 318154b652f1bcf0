// needs: libc++
// cflags: -fno-exceptions
// builds: -O0
// stdout-has: 3 words: alpha beta gamma
/* The C++ library: containers, algorithms, strings, streams, and objects with static storage. */
#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

static std::vector<std::string> words{"gamma", "alpha", "beta"}; /* made before main */
static int destroyed;

struct counted {
    ~counted() {
        destroyed++;
    }
};

struct shape {
    virtual ~shape() = default;
    virtual double area() const = 0;
};
struct square : shape {
    double side;
    explicit square(double length) : side(length) {
    }
    double area() const override {
        return side * side;
    }
};

static int check(bool condition, int line) {
    if (!condition)
        std::printf("line %d\n", line);
    return condition ? 0 : 1;
}
#define CHECK(condition) failures += check(condition, __LINE__)

int main() {
    int failures = 0;
    std::sort(words.begin(), words.end());
    std::ostringstream text;
    text << words.size() << " words:";
    for (const auto &word : words)
        text << ' ' << word;
    std::cout << text.str() << std::endl;

    std::map<std::string, int> counts;
    std::unordered_map<int, std::string> names;
    for (int i = 0; i < 1000; i++) {
        counts[std::to_string(i % 7)] += i;
        names.emplace(i, std::to_string(i * i));
    }
    CHECK(counts.size() == 7 && counts["3"] == 71500);
    CHECK(names.at(999) == "998001");

    std::vector<int> numbers(1000);
    std::iota(numbers.begin(), numbers.end(), 1);
    std::function<int(int, int)> add = [&](int a, int b) { return a + b; };
    CHECK(std::accumulate(numbers.begin(), numbers.end(), 0, add) == 500500);

    {
        auto shared = std::make_shared<counted>();
        auto copy = shared;
        std::unique_ptr<shape> owned = std::make_unique<square>(3);
        CHECK(owned->area() == 9 && dynamic_cast<square *>(owned.get()));
        CHECK(shared.use_count() == 2);
    }
    CHECK(destroyed == 1);

    std::istringstream in("12 3.5 word");
    int whole;
    double part;
    std::string word;
    in >> whole >> part >> word;
    CHECK(in && whole == 12 && part == 3.5 && word == "word");
    return failures;
}
