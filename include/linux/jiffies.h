#pragma once
#include <linux/types.h>
#include <linux/limits.h>

/*: 7 Ticks of the clock since the start */
#define HZ 250
extern volatile unsigned long jiffies;
#define get_jiffies_64() ((u64)jiffies)

/*: 7 Which of two times is later, also when the count begins anew in between */
#define time_after(a, b) ((long)((b) - (a)) < 0)
#define time_before(a, b) time_after(b, a)
#define time_after_eq(a, b) ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b) time_after_eq(b, a)

/*: 7 Ticks and other units of time */
#define msecs_to_jiffies(ms) (((unsigned long)(ms) * HZ + 999) / 1000)
#define usecs_to_jiffies(us) (((unsigned long)(us) * HZ + 999999) / 1000000)
#define jiffies_to_msecs(j) ((unsigned int)((j) * 1000 / HZ))
#define nsecs_to_jiffies(ns) ((unsigned long)((ns) / (1000000000UL / HZ)))
#define jiffies_to_usecs(j) ((unsigned int)((j) * 1000000 / HZ))
