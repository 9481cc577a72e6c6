#pragma once
#include <linux/types.h>

/*: 7 Nanoseconds since the start; no clock says what day it is, so the real time is the same */
ktime_t ktime_get(void);
#define ktime_get_ns() ((u64)ktime_get())
#define ktime_get_boottime() ktime_get()
#define ktime_get_real() ktime_get()
#define ktime_get_real_ns() ktime_get_ns()
#define ktime_get_seconds() ((time64_t)(ktime_get() / 1000000000))
#define ktime_get_real_seconds() ktime_get_seconds()
struct timespec64 { time64_t tv_sec; long tv_nsec; };
static inline void ktime_get_ts64(struct timespec64 *to)
{
	ktime_t now = ktime_get();

	to->tv_sec = now / 1000000000;
	to->tv_nsec = now % 1000000000;
}
#define ktime_get_real_ts64(to) ktime_get_ts64(to)
#define ktime_get_coarse_real_ts64(to) ktime_get_ts64(to)
#define ktime_get_coarse_ts64(to) ktime_get_ts64(to)

#define NSEC_PER_SEC 1000000000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_USEC 1000L
#define USEC_PER_SEC 1000000L
#define USEC_PER_MSEC 1000L
#define MSEC_PER_SEC 1000L

/*: 7 Arithmetic of such times */
#define ktime_add(a, b) ((a) + (b))
#define ktime_sub(a, b) ((a) - (b))
#define ktime_add_ns(t, ns) ((t) + (ns))
#define ktime_set(seconds, ns) ((ktime_t)(seconds) * NSEC_PER_SEC + (ns))
#define ms_to_ktime(ms) ((ktime_t)(ms) * NSEC_PER_MSEC)
#define ns_to_ktime(ns) ((ktime_t)(ns))
#define ktime_to_ns(t) ((s64)(t))
#define ktime_to_us(t) ((s64)(t) / 1000)
#define ktime_to_ms(t) ((s64)(t) / 1000000)
#define ktime_us_delta(a, b) ktime_to_us((a) - (b))
#define ktime_ms_delta(a, b) ktime_to_ms((a) - (b))
#define ktime_compare(a, b) ((a) < (b) ? -1 : (a) > (b))
