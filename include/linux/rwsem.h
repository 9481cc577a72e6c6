#pragma once
#include <scullery/lock.h>
#include <linux/cleanup.h>

/*: 5 A semaphore that many may read under, or one write; its waiters sleep */
struct rw_semaphore { struct __lock lock; unsigned long words[32]; };
#define __RWSEM_INITIALIZER(name) { .lock = __LOCK(#name) }
#define DECLARE_RWSEM(name) struct rw_semaphore name = __RWSEM_INITIALIZER(name)
#define init_rwsem(sem) __init_rwsem(sem, #sem, __FILE__, __LINE__)
void __init_rwsem(struct rw_semaphore *sem, const char *name, const char *file, int line);

/*: 5 Takes it and gives it back, for reading or for writing; the trylocks: 1 if it was free */
void down_read(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);
int down_read_trylock(struct rw_semaphore *sem);
int down_write_trylock(struct rw_semaphore *sem);

/*: 5 A writer becomes a reader */
void downgrade_write(struct rw_semaphore *sem);

__UNGUARD(__unguard_rwsem_read, struct rw_semaphore, up_read)
__UNGUARD(__unguard_rwsem_write, struct rw_semaphore, up_write)
#define __guard_rwsem_read(l) __GUARD(struct rw_semaphore, l, down_read, __unguard_rwsem_read)
#define __guard_rwsem_write(l) __GUARD(struct rw_semaphore, l, down_write, __unguard_rwsem_write)
