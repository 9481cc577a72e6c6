#pragma once
#include <scullery/lock.h>
#include <linux/preempt.h>
#include <linux/irqflags.h>
#include <linux/cleanup.h>

/*: 5 A lock that many may read under, or one write; its waiters spin, and its holders do not sleep */
typedef struct { struct __lock lock; unsigned long words[12]; } rwlock_t;
#define __RW_LOCK_UNLOCKED(name) { .lock = __LOCK(#name) }
#define DEFINE_RWLOCK(name) rwlock_t name = __RW_LOCK_UNLOCKED(name)
#define rwlock_init(x) __rwlock_init(x, #x, __FILE__, __LINE__)
void __rwlock_init(rwlock_t *x, const char *name, const char *file, int line);

/*: 5 Takes it and gives it back, for reading or for writing */
#define read_lock(x) __read_lock(x)
#define read_unlock(x) __read_unlock(x)
#define write_lock(x) __write_lock(x)
#define write_unlock(x) __write_unlock(x)
void __read_lock(rwlock_t *x);
void __read_unlock(rwlock_t *x);
void __write_lock(rwlock_t *x);
void __write_unlock(rwlock_t *x);

/*: 5 The same with softirqs off, or with interrupts off */
void read_lock_bh(rwlock_t *x);
void read_unlock_bh(rwlock_t *x);
void write_lock_bh(rwlock_t *x);
void write_unlock_bh(rwlock_t *x);
unsigned long __read_lock_irqsave(rwlock_t *x);
unsigned long __write_lock_irqsave(rwlock_t *x);
#define read_lock_irqsave(x, flags) ((flags) = __read_lock_irqsave(x))
#define write_lock_irqsave(x, flags) ((flags) = __write_lock_irqsave(x))
#define read_lock_irq(x) ((void)__read_lock_irqsave(x))
#define write_lock_irq(x) ((void)__write_lock_irqsave(x))
#define read_unlock_irq(x) read_unlock_irqrestore(x, 1)
#define write_unlock_irq(x) write_unlock_irqrestore(x, 1)
void read_unlock_irqrestore(rwlock_t *x, unsigned long flags);
void write_unlock_irqrestore(rwlock_t *x, unsigned long flags);

__UNGUARD(__unguard_read_lock, rwlock_t, __read_unlock)
__UNGUARD(__unguard_write_lock, rwlock_t, __write_unlock)
#define __guard_read_lock(l) __GUARD(rwlock_t, l, __read_lock, __unguard_read_lock)
#define __guard_write_lock(l) __GUARD(rwlock_t, l, __write_lock, __unguard_write_lock)
