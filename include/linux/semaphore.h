#pragma once
#include <scullery/lock.h>

/*: 5 Units that tasks take and give back; its waiters sleep */
struct semaphore { struct __lock lock; unsigned long count; unsigned long words[__LOCK_WORDS]; };
#define __SEMAPHORE_INITIALIZER(name, n) { .lock = __LOCK(#name), .count = (n) }
#define DEFINE_SEMAPHORE(name, n...) struct semaphore name = __SEMAPHORE_INITIALIZER(name, (n + 0) ? (n + 0) : 1)
#define sema_init(sem, n) __sema_init(sem, n, #sem, __FILE__, __LINE__)
#define init_MUTEX(sem) sema_init(sem, 1)
#define init_MUTEX_LOCKED(sem) sema_init(sem, 0)
void __sema_init(struct semaphore *sem, int count, const char *name, const char *file, int line);

/*: 5 Takes a unit; the others return -EINTR when a signal comes first */
void down(struct semaphore *sem);
int down_interruptible(struct semaphore *sem);
int down_killable(struct semaphore *sem);

/*: 5 Takes a unit if there is one: 0 if there was, 1 if not. -ETIME when the time is over */
int down_trylock(struct semaphore *sem);
int down_timeout(struct semaphore *sem, long jiffies);

/*: 5 Gives a unit back; also from where the caller may not sleep */
void up(struct semaphore *sem);
