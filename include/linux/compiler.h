#pragma once

/*: 2 What a pointer or function is for, to tools that check it: nothing here */
#define __user
#define __kernel
#define __iomem
#define __force
#define __rcu
#define __percpu
#define __must_check
#define __acquires(x)
#define __releases(x)
#define __bitwise

/*: 2 Attributes of a function or variable */
#define __used __attribute__((used))
#define __maybe_unused __attribute__((unused))
#define __always_unused __attribute__((unused))
#define __packed __attribute__((packed))
#define __aligned(x) __attribute__((aligned(x)))
#define __section(s) __attribute__((section(s)))
#define __printf(a, b) __attribute__((format(printf, a, b)))
#define __cold __attribute__((cold))
#define __weak __attribute__((weak))
#define noinline __attribute__((noinline))
#define __always_inline inline __attribute__((always_inline))
#define asmlinkage
#define notrace
#define fallthrough __attribute__((fallthrough))

/*: 2 What a condition is most often */
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/*: 9 The compiler keeps no value in a register across it */
#define barrier() __asm__ __volatile__("" : : : "memory")

/*: 5 One access, which the compiler makes as it is written */
#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define ACCESS_ONCE(x) (*(volatile __typeof__(x) *)&(x))

#define __stringify_1(x...) #x
#define __stringify(x...) __stringify_1(x)
#define ___PASTE(a, b) a##b
#define __PASTE(a, b) ___PASTE(a, b)
#define __UNIQUE_ID(prefix) __PASTE(__PASTE(__UNIQUE_ID_, prefix), __COUNTER__)
