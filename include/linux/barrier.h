#pragma once
#include <linux/compiler.h>

/*: 9 The accesses before it are seen by other CPUs before those behind it */
#define mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#define smp_rmb() rmb()
#define smp_wmb() wmb()
#define smp_mb__before_atomic() barrier()
#define smp_mb__after_atomic() barrier()

/*: 9 A load that comes before, and a store that comes behind, what stands around it */
#define smp_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_store_mb(x, v) __atomic_store_n(&(x), v, __ATOMIC_SEQ_CST)

/*: 7 For the body of a loop that waits for another CPU */
#define cpu_relax() __builtin_ia32_pause()
