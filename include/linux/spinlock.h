#pragma once
#include <scullery/lock.h>
#include <linux/preempt.h>
#include <linux/atomic.h>
#include <linux/irqflags.h>
#include <linux/rwlock.h>
#include <linux/cleanup.h>

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

__UNGUARD(__unguard_spinlock, spinlock_t, spin_unlock)
__UNGUARD(__unguard_spinlock_irq, spinlock_t, spin_unlock_irq)
__UNGUARD(__unguard_spinlock_bh, spinlock_t, spin_unlock_bh)
#define __guard_spinlock(l) __GUARD(spinlock_t, l, spin_lock, __unguard_spinlock)
#define __guard_spinlock_irq(l) __GUARD(spinlock_t, l, spin_lock_irq, __unguard_spinlock_irq)
#define __guard_spinlock_bh(l) __GUARD(spinlock_t, l, spin_lock_bh, __unguard_spinlock_bh)

struct __guarded_irqsave { spinlock_t *lock; unsigned long flags; };
static inline void __unguard_spinlock_irqsave(struct __guarded_irqsave *at)
{
	spin_unlock_irqrestore(at->lock, at->flags);
}
#define __guard_spinlock_irqsave(l) \
	struct __guarded_irqsave __UNIQUE_ID(guard) __cleanup(__unguard_spinlock_irqsave) = \
		({ spinlock_t *__l = (l); (struct __guarded_irqsave){ __l, __spin_lock_irqsave(__l) }; })

#include <linux/lockdep.h>
