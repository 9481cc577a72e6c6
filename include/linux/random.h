#pragma once
#include <linux/types.h>

/*: 10 Numbers that none foretells; where a driver is explored the same in each execution */
void get_random_bytes(void *to, size_t size);
u64 get_random_u64(void);
#define get_random_u32() ((u32)get_random_u64())
#define get_random_u16() ((u16)get_random_u64())
#define get_random_u8() ((u8)get_random_u64())
#define get_random_int() get_random_u32()
#define get_random_long() ((unsigned long)get_random_u64())
#define get_random_u32_below(end) ((u32)((u64)get_random_u32() * (u32)(end) >> 32))
#define get_random_u32_inclusive(first, last) ((first) + get_random_u32_below((last) - (first) + 1))
#define prandom_u32() get_random_u32()
#define prandom_u32_max(end) get_random_u32_below(end)
