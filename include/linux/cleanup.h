#pragma once
#include <linux/compiler.h>
#include <linux/stddef.h>

/*: 5 fn(&x) is called where the block ends in which x is */
#define __cleanup(fn) __attribute__((cleanup(fn)))

/*: 5 guard(mutex)(&lock) has a lock until the block ends; scoped_guard(mutex, &lock) has it for one statement */
#define guard(name) __guard_##name
#define scoped_guard(name, args...) \
	for (int __once = 1; __once; __once = 0) \
		for (guard(name)(args); __once; __once = 0)

#define __GUARD(type, l, lock, unlock) \
	type *__UNIQUE_ID(guard) __cleanup(unlock) = ({ type *__guarded = (l); lock(__guarded); __guarded; })
#define __UNGUARD(name, type, unlock) static inline void name(type **at) { unlock(*at); }

/*: 5 T *p __free(kfree) = ...: kfree(p) where the block ends, unless no_free_ptr(p) or return_ptr(p) has taken it */
#define DEFINE_FREE(name, type, free...) \
	static inline void __free_##name(void *at) { type _T = *(type *)at; free; }
#define __free(name) __cleanup(__free_##name)
#define no_free_ptr(p) ({ __typeof__(p) __taken = (p); (p) = NULL; __taken; })
#define return_ptr(p) return no_free_ptr(p)
