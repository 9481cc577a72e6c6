#pragma once
#include <linux/atomic.h>

/*: 2 A condition that changes seldom: here a variable like any other */
struct static_key { atomic_t enabled; };
struct static_key_true { struct static_key key; };
struct static_key_false { struct static_key key; };
#define DEFINE_STATIC_KEY_FALSE(name) struct static_key_false name
#define DEFINE_STATIC_KEY_TRUE(name) struct static_key_true name = { { { 1 } } }
#define static_key_enabled(name) (atomic_read(&(name)->key.enabled) > 0)
#define static_branch_likely(name) static_key_enabled(name)
#define static_branch_unlikely(name) static_key_enabled(name)
#define static_branch_enable(name) atomic_set(&(name)->key.enabled, 1)
#define static_branch_disable(name) atomic_set(&(name)->key.enabled, 0)
