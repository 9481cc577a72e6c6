#pragma once
#include <linux/sched.h>
#include <linux/err.h>
#include <linux/completion.h>

/*: 7 A task of the driver's own: it begins when it is woken first */
struct task_struct *__scullery_kthread(int (*fn)(void *), void *data, long cpu, const char *name, ...) __printf(4, 5);
#define kthread_create(fn, data, name, args...) __scullery_kthread(fn, data, -1, name, ##args)
#define kthread_create_on_node(fn, data, node, name, args...) __scullery_kthread(fn, data, -1, name, ##args)
#define kthread_create_on_cpu(fn, data, cpu, name) __scullery_kthread(fn, data, cpu, name, cpu)
#define kthread_run(fn, data, name, args...) ({ \
	struct task_struct *__task = kthread_create(fn, data, name, ##args); \
	if (!IS_ERR(__task)) \
		wake_up_process(__task); \
	__task; })

/*: 7 Asks it to end, wakes it, and waits for its end: what its function returns, -EINTR if it never began */
int kthread_stop(struct task_struct *task);
bool kthread_should_stop(void);

/*: 7 Ends the task that makes the call */
void kthread_exit(long code) __attribute__((noreturn));
void kthread_complete_and_exit(struct completion *completion, long code) __attribute__((noreturn));
#define do_exit(code) kthread_exit(code)
#define complete_and_exit(completion, code) kthread_complete_and_exit(completion, code)
