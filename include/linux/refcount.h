#pragma once
#include <linux/atomic.h>
#include <linux/bug.h>

/*: 14 A counter of users: what begins anew at 0, or goes below it, is warned of */
typedef struct { atomic_t refs; } refcount_t;
#define REFCOUNT_INIT(n) { .refs = ATOMIC_INIT(n) }
static inline void refcount_set(refcount_t *count, int n) { atomic_set(&count->refs, n); }
static inline unsigned int refcount_read(const refcount_t *count) { return atomic_read(&count->refs); }
static inline void refcount_inc(refcount_t *count) { WARN_ON(atomic_inc_return(&count->refs) <= 1); }
static inline bool refcount_inc_not_zero(refcount_t *count) { return atomic_inc_not_zero(&count->refs); }
static inline bool refcount_dec_and_test(refcount_t *count)
{
	int left = atomic_dec_return(&count->refs);
	WARN_ON(left < 0);
	return left == 0;
}
static inline void refcount_dec(refcount_t *count) { WARN_ON(atomic_dec_return(&count->refs) <= 0); }
