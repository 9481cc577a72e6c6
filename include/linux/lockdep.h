#pragma once
#include <linux/bug.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

/*: 5 Warns where no task has the mutex or spinlock; says nothing of other locks */
#define lockdep_assert_held(l) ({ \
	if (!_Generic((l), struct mutex *: mutex_is_locked((void *)(l)), \
		      spinlock_t *: spin_is_locked((void *)(l)), default: 1)) \
		__scullery_warn("lockdep_assert_held(" #l ")", __FILE__, __LINE__); })
