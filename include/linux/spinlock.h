#pragma once
#include <scullery/lock.h>
#include <linux/preempt.h>
#include <linux/atomic.h>
#include <linux/irqflags.h>
#include <linux/rwlock.h>

/*: 5 A lock whose waiters spin, and whose holder does not sleep */
typedef struct spinlock { struct __lock lock; unsigned long words[12]; } spinlock_t;
typedef spinlock_t raw_spinlock_t;
#define __SPIN_LOCK_UNLOCKED(name) { .lock = __LOCK(#name) }
#define SPIN_LOCK_UNLOCKED { .lock = __LOCK("spinlock") }
#define DEFINE_SPINLOCK(name) spinlock_t name = __SPIN_LOCK_UNLOCKED(name)
#define spin_lock_init(x) __spin_lock_init(x, #x, __FILE__, __LINE__)
void __spin_lock_init(spinlock_t *x, const char *name, const char *file, int line);

/*: 5 Takes it and gives it back; preemption is off meanwhile */
void spin_lock(spinlock_t *x);
void spin_unlock(spinlock_t *x);
int spin_trylock(spinlock_t *x);
int spin_is_locked(spinlock_t *x);

/*: 5 The same with interrupts off, for a lock that a handler takes, too */
unsigned long __spin_lock_irqsave(spinlock_t *x);
#define spin_lock_irqsave(x, flags) ((flags) = __spin_lock_irqsave(x))
void spin_unlock_irqrestore(spinlock_t *x, unsigned long flags);
void spin_lock_irq(spinlock_t *x);
void spin_unlock_irq(spinlock_t *x);

/*: 5 The same with softirqs off, for a lock that a tasklet or a timer takes, too */
void spin_lock_bh(spinlock_t *x);
void spin_unlock_bh(spinlock_t *x);

#define raw_spin_lock_init spin_lock_init
#define raw_spin_lock spin_lock
#define raw_spin_unlock spin_unlock
#define raw_spin_lock_irqsave spin_lock_irqsave
#define raw_spin_unlock_irqrestore spin_unlock_irqrestore
