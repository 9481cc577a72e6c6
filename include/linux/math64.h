#pragma once
#include <linux/types.h>

/*: 11 Division of 64 bits, in place: the rest is its value */
#define do_div(n, base) ({ u32 __base = (base); u32 __rest = (n) % __base; (n) /= __base; __rest; })
#define div_u64(n, d) ((u64)(n) / (u32)(d))
#define div64_u64(n, d) ((u64)(n) / (u64)(d))
#define div_s64(n, d) ((s64)(n) / (s32)(d))
