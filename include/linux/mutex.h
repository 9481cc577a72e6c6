#pragma once
#include <scullery/lock.h>
#include <linux/cleanup.h>

/*: 5 A lock that one task at a time has, and that its owner gives back; its waiters sleep */
struct mutex { struct __lock lock; unsigned long words[__LOCK_WORDS]; };
#define __MUTEX_INITIALIZER(name) { .lock = __LOCK(#name) }
#define DEFINE_MUTEX(name) struct mutex name = __MUTEX_INITIALIZER(name)
#define DECLARE_MUTEX(name) DEFINE_MUTEX(name)
#define mutex_init(mutex) __mutex_init(mutex, #mutex, __FILE__, __LINE__)
#define mutex_destroy(mutex) ((void)(mutex))
void __mutex_init(struct mutex *mutex, const char *name, const char *file, int line);

/*: 5 Takes it; the others return -EINTR when a signal comes first */
void mutex_lock(struct mutex *mutex);
int mutex_lock_interruptible(struct mutex *mutex);
int mutex_lock_killable(struct mutex *mutex);
#define mutex_lock_nested(mutex, class) mutex_lock(mutex)

/*: 5 Takes it if it is free: 1 if it was */
int mutex_trylock(struct mutex *mutex);

/*: 5 Gives it back: only its owner may */
void mutex_unlock(struct mutex *mutex);
bool mutex_is_locked(struct mutex *mutex);

__UNGUARD(__unguard_mutex, struct mutex, mutex_unlock)
#define __guard_mutex(l) __GUARD(struct mutex, l, mutex_lock, __unguard_mutex)

#include <linux/lockdep.h>
