#pragma once
#include <linux/types.h>
#include <linux/bits.h>

#define BITS_PER_LONG 64
#define BIT_WORD(bit) ((bit) / BITS_PER_LONG)

/*: 5 Changes one bit of a row of them as a whole */
static inline void set_bit(long bit, volatile unsigned long *bits)
{
	__atomic_fetch_or(bits + BIT_WORD(bit), BIT_MASK(bit), __ATOMIC_RELAXED);
}
static inline void clear_bit(long bit, volatile unsigned long *bits)
{
	__atomic_fetch_and(bits + BIT_WORD(bit), ~BIT_MASK(bit), __ATOMIC_RELAXED);
}
static inline void change_bit(long bit, volatile unsigned long *bits)
{
	__atomic_fetch_xor(bits + BIT_WORD(bit), BIT_MASK(bit), __ATOMIC_RELAXED);
}
static inline void clear_bit_unlock(long bit, volatile unsigned long *bits)
{
	__atomic_fetch_and(bits + BIT_WORD(bit), ~BIT_MASK(bit), __ATOMIC_RELEASE);
}

/*: 5 The same, and what the bit was before */
static inline bool test_and_set_bit(long bit, volatile unsigned long *bits)
{
	return (__atomic_fetch_or(bits + BIT_WORD(bit), BIT_MASK(bit), __ATOMIC_SEQ_CST) & BIT_MASK(bit)) != 0;
}
static inline bool test_and_clear_bit(long bit, volatile unsigned long *bits)
{
	return (__atomic_fetch_and(bits + BIT_WORD(bit), ~BIT_MASK(bit), __ATOMIC_SEQ_CST) & BIT_MASK(bit)) != 0;
}
static inline bool test_and_change_bit(long bit, volatile unsigned long *bits)
{
	return (__atomic_fetch_xor(bits + BIT_WORD(bit), BIT_MASK(bit), __ATOMIC_SEQ_CST) & BIT_MASK(bit)) != 0;
}

/*: 5 Whether a bit is set */
static inline bool test_bit(long bit, const volatile unsigned long *bits)
{
	return (__atomic_load_n(bits + BIT_WORD(bit), __ATOMIC_RELAXED) & BIT_MASK(bit)) != 0;
}

/*: 5 The same by more than one step, for bits that a lock guards */
#define __set_bit(bit, bits) ((bits)[BIT_WORD(bit)] |= BIT_MASK(bit))
#define __clear_bit(bit, bits) ((bits)[BIT_WORD(bit)] &= ~BIT_MASK(bit))

/*: 11 Which bit is the first, and how many are set */
#define __ffs(word) ((unsigned long)__builtin_ctzl(word))
#define ffs(word) __builtin_ffs(word)
#define fls(word) ((word) ? 32 - __builtin_clz(word) : 0)
#define __fls(word) (63ul - __builtin_clzl(word))
#define ffz(word) __ffs(~(word))
static inline unsigned int hweight_long(unsigned long word)
{
	unsigned int count = 0;
	for (; word; word &= word - 1)
		count++;
	return count;
}
#define hweight32(word) hweight_long((u32)(word))
static inline unsigned long find_next_bit(const unsigned long *bits, unsigned long size, unsigned long from)
{
	while (from < size && !test_bit(from, bits))
		from++;
	return from < size ? from : size;
}
static inline unsigned long find_next_zero_bit(const unsigned long *bits, unsigned long size, unsigned long from)
{
	while (from < size && test_bit(from, bits))
		from++;
	return from < size ? from : size;
}
#define find_first_bit(bits, size) find_next_bit(bits, size, 0)
#define find_first_zero_bit(bits, size) find_next_zero_bit(bits, size, 0)
#define for_each_set_bit(bit, bits, size) \
	for ((bit) = find_first_bit(bits, size); (bit) < (size); (bit) = find_next_bit(bits, size, (bit) + 1))
