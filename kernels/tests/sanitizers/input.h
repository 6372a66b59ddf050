// What the test sends: numbers, and lists with their lengths before them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>

// Memory of exactly so many items, so that the address sanitizer notices a step beyond.
template <class T> struct Buffer {
    size_t n;
    std::unique_ptr<T[]> items;
    explicit Buffer(size_t n) : n(n), items(n ? new T[n]() : nullptr) {}
    T* address() { return items.get(); }
};

inline void read(void* to, size_t bytes) {
    if (bytes && std::fread(to, 1, bytes, stdin) != bytes) std::exit(2);
}

template <class T> T take() {
    T value;
    read(&value, sizeof value);
    return value;
}

template <class T> Buffer<T> list() {
    Buffer<T> items((size_t)take<unsigned long long>());
    read(items.address(), items.n * sizeof(T));
    return items;
}
