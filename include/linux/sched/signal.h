#pragma once
#include <linux/sched.h>

/*: 6 Whether a signal waits for the task that makes the call */
#define signal_pending(task) __scullery_signal_pending(task, 0)
#define fatal_signal_pending(task) __scullery_signal_pending(task, 1)
int __scullery_signal_pending(struct task_struct *task, int fatal);
