#pragma once
#include <linux/types.h>
#include <linux/compiler.h>
#include <linux/preempt.h>
#include <linux/barrier.h>
#include <linux/cleanup.h>

/*: 5 A reader keeps its CPU, and sees the old data or the new */
#define rcu_read_lock() preempt_disable()
#define rcu_read_unlock() preempt_enable()
#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_CONSUME)
#define rcu_dereference_protected(p, condition) (p)
#define rcu_dereference_check(p, condition) rcu_dereference(p)
#define rcu_access_pointer(p) READ_ONCE(p)

/*: 5 Shows readers the new data; what is behind p is written before */
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, v) WRITE_ONCE(p, v)

/*: 5 Waits until all that read before are through; kfree_rcu frees a block then, and may sleep here */
void synchronize_rcu(void);
#define synchronize_net() synchronize_rcu()
#define rcu_barrier() synchronize_rcu()
void __scullery_kfree_rcu(const void *block);
#define kfree_rcu(block, head...) __scullery_kfree_rcu(block)
#define call_rcu(head, fn) do { struct rcu_head *__head = (head); synchronize_rcu(); (fn)(__head); } while (0)

static inline void __unguard_rcu(int *at) { rcu_read_unlock(); }
#define __guard_rcu() int __UNIQUE_ID(guard) __cleanup(__unguard_rcu) = ({ rcu_read_lock(); 0; })
