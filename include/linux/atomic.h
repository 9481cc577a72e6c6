#pragma once
#include <linux/types.h>
#include <linux/barrier.h>

/*: 5 An integer that is changed as a whole; what returns nothing orders nothing */
#define ATOMIC_INIT(value) { (value) }
#define ATOMIC64_INIT(value) { (value) }
#define ATOMIC_LONG_INIT(value) { (value) }

#define __ATOMIC(type, prefix, number) \
static inline number prefix##_read(const type *v) { return __atomic_load_n(&v->counter, __ATOMIC_RELAXED); } \
static inline void prefix##_set(type *v, number i) { __atomic_store_n(&v->counter, i, __ATOMIC_RELAXED); } \
static inline number prefix##_add_return(number i, type *v) { return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline number prefix##_sub_return(number i, type *v) { return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline number prefix##_fetch_add(number i, type *v) { return __atomic_fetch_add(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline number prefix##_fetch_sub(number i, type *v) { return __atomic_fetch_sub(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline void prefix##_add(number i, type *v) { prefix##_add_return(i, v); } \
static inline void prefix##_sub(number i, type *v) { prefix##_sub_return(i, v); } \
static inline void prefix##_inc(type *v) { prefix##_add_return(1, v); } \
static inline void prefix##_dec(type *v) { prefix##_sub_return(1, v); } \
static inline number prefix##_inc_return(type *v) { return prefix##_add_return(1, v); } \
static inline number prefix##_dec_return(type *v) { return prefix##_sub_return(1, v); } \
static inline bool prefix##_inc_and_test(type *v) { return prefix##_add_return(1, v) == 0; } \
static inline bool prefix##_dec_and_test(type *v) { return prefix##_sub_return(1, v) == 0; } \
static inline bool prefix##_sub_and_test(number i, type *v) { return prefix##_sub_return(i, v) == 0; } \
static inline bool prefix##_add_negative(number i, type *v) { return prefix##_add_return(i, v) < 0; } \
static inline void prefix##_or(number i, type *v) { __atomic_fetch_or(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline void prefix##_and(number i, type *v) { __atomic_fetch_and(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline number prefix##_xchg(type *v, number i) { return __atomic_exchange_n(&v->counter, i, __ATOMIC_SEQ_CST); } \
static inline number prefix##_cmpxchg(type *v, number old, number new) \
{ \
	__atomic_compare_exchange_n(&v->counter, &old, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	return old; \
} \
static inline bool prefix##_add_unless(type *v, number i, number unless) \
{ \
	number old = prefix##_read(v), seen; \
	while (old != unless) { \
		seen = prefix##_cmpxchg(v, old, old + i); \
		if (seen == old) \
			return true; \
		old = seen; \
	} \
	return false; \
} \
static inline bool prefix##_inc_not_zero(type *v) { return prefix##_add_unless(v, 1, 0); }

/*: 5 atomic_read, _set, _add, _sub, _inc, _dec, _xchg, _cmpxchg, ..._return, ..._and_test, fetch_...; the same of 64 bits */
__ATOMIC(atomic_t, atomic, int)
__ATOMIC(atomic64_t, atomic64, long)
#define atomic_long_read atomic64_read
#define atomic_long_set atomic64_set
#define atomic_long_inc atomic64_inc
#define atomic_long_dec atomic64_dec
#define atomic_long_add atomic64_add
#define atomic_long_sub atomic64_sub

/*: 5 Exchange, and exchange if it is what was expected; what was there before */
#define xchg(ptr, new) __atomic_exchange_n(ptr, new, __ATOMIC_SEQ_CST)
#define cmpxchg(ptr, old, new) ({ \
	__typeof__(*(ptr)) __old = (old); \
	__atomic_compare_exchange_n(ptr, &__old, new, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	__old; })
