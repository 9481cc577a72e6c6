#pragma once
#include <linux/types.h>

/*: 11 A number of so many bits that stands for a longer one, or for a pointer */
static inline u32 hash_32(u32 value, unsigned int bits) { return value * 0x9e3779b1u >> (32 - bits); }
static inline u32 hash_64(u64 value, unsigned int bits) { return value * 0x9e3779b97f4a7c15ull >> (64 - bits); }
#define hash_long(value, bits) hash_64(value, bits)
#define hash_ptr(pointer, bits) hash_64((unsigned long)(pointer), bits)
