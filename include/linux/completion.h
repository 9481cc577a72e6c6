#pragma once
#include <scullery/lock.h>
#include <linux/kernel.h>

/*: 5 "It is done", said by one task and waited for by another; it may lie on the waiter's stack */
struct completion { struct __lock lock; unsigned long words[__LOCK_WORDS]; };
#define COMPLETION_INITIALIZER(name) { .lock = __LOCK(#name) }
#define DECLARE_COMPLETION(name) struct completion name = COMPLETION_INITIALIZER(name)
#define DECLARE_COMPLETION_ONSTACK(name) DECLARE_COMPLETION(name)
#define init_completion(x) __init_completion(x, #x, __FILE__, __LINE__)
void __init_completion(struct completion *x, const char *name, const char *file, int line);
void reinit_completion(struct completion *x);
#define INIT_COMPLETION(x) reinit_completion(&(x))

/*: 5 Sleeps until it is done; -ERESTARTSYS when a signal comes first, 0 jiffies left when the time is over */
void wait_for_completion(struct completion *x);
int wait_for_completion_interruptible(struct completion *x);
int wait_for_completion_killable(struct completion *x);
unsigned long wait_for_completion_timeout(struct completion *x, unsigned long jiffies);
bool try_wait_for_completion(struct completion *x);
bool completion_done(struct completion *x);

/*: 5 It is done: for one, or for all */
void complete(struct completion *x);
void complete_all(struct completion *x);
