/* Divides by its argument, in a method of a template. */
#include <cstdio>
#include <cstdlib>

namespace shop {
template <typename T> class Basket {
    T items[4];
    int count = 0;

  public:
    void add(T item) {
        items[count++] = item;
    }
    T share(int people) const {
        T sum = 0;
        for (int i = 0; i < count; i++)
            sum += items[i];
        return sum / people;
    }
};
} // namespace shop

int main(int argc, char **argv) {
    shop::Basket<int> basket;
    basket.add(argc);
    basket.add(20);
    int people = argc > 1 ? atoi(argv[1]) : 0;
    printf("start\n");
    printf("%d\n", basket.share(people));
    return 0;
}
