#pragma once
#include <linux/spinlock.h>

/*: 5 A count that is odd while data is written: a reader who saw another one afterwards reads again */
typedef struct { unsigned int sequence; } seqcount_t;
typedef struct { seqcount_t seqcount; spinlock_t lock; } seqlock_t;
#define SEQCNT_ZERO(name) { 0 }
#define seqcount_init(count) ((count)->sequence = 0)
#define DEFINE_SEQLOCK(name) seqlock_t name = { .lock = __SPIN_LOCK_UNLOCKED(name) }
#define seqlock_init(x) do { seqcount_init(&(x)->seqcount); spin_lock_init(&(x)->lock); } while (0)

/*: 5 Reads: begin, the data, and again while retry is true */
static inline unsigned int read_seqcount_begin(const seqcount_t *count)
{
	unsigned int seen;
	while ((seen = __atomic_load_n(&count->sequence, __ATOMIC_ACQUIRE)) & 1)
		cpu_relax();
	return seen;
}
static inline int read_seqcount_retry(const seqcount_t *count, unsigned int seen)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&count->sequence, __ATOMIC_RELAXED) != seen;
}
#define read_seqbegin(x) read_seqcount_begin(&(x)->seqcount)
#define read_seqretry(x, seen) read_seqcount_retry(&(x)->seqcount, seen)

/*: 5 Writes */
static inline void write_seqcount_begin(seqcount_t *count)
{
	__atomic_store_n(&count->sequence, count->sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
static inline void write_seqcount_end(seqcount_t *count)
{
	__atomic_store_n(&count->sequence, count->sequence + 1, __ATOMIC_RELEASE);
}
static inline void write_seqlock(seqlock_t *x) { spin_lock(&x->lock); write_seqcount_begin(&x->seqcount); }
static inline void write_sequnlock(seqlock_t *x) { write_seqcount_end(&x->seqcount); spin_unlock(&x->lock); }
#define write_seqlock_irqsave(x, flags) do { spin_lock_irqsave(&(x)->lock, flags); write_seqcount_begin(&(x)->seqcount); } while (0)
#define write_sequnlock_irqrestore(x, flags) do { write_seqcount_end(&(x)->seqcount); spin_unlock_irqrestore(&(x)->lock, flags); } while (0)
