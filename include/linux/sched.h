#pragma once
#include <linux/types.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/signal.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>

#define TASK_COMM_LEN 16

struct tty_struct { dev_t device; };
struct signal_struct { struct tty_struct *tty; };
struct cred;

/*: 2 A task; current is the one that makes the call */
struct task_struct {
	pid_t pid, tgid;
	char comm[TASK_COMM_LEN];
	unsigned int __state;
	struct signal_struct *signal;
	const struct cred *cred;
	struct { struct { unsigned long sig[_NSIG_WORDS]; } signal; } pending;
	struct { unsigned long sig[_NSIG_WORDS]; } blocked;
};
struct task_struct *__scullery_current(void);
#define current __scullery_current()
#define task_pid_nr(task) ((task)->pid)
#define get_current() current

/*: 6 What ends a sleep besides the wake-up */
#define TASK_RUNNING 0
#define TASK_INTERRUPTIBLE 1
#define TASK_UNINTERRUPTIBLE 2
#define TASK_WAKEKILL 0x100
#define TASK_KILLABLE (TASK_WAKEKILL | TASK_UNINTERRUPTIBLE)
#define TASK_NORMAL (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE)

/*: 6 How the next schedule() sleeps */
#define set_current_state(state) __scullery_set_state(state)
#define __set_current_state(state) __scullery_set_state(state)
void __scullery_set_state(unsigned int state);

/*: 6 Gives the CPU away; if the state says so, until a wake-up comes */
void schedule(void);

/*: 7 The same, for so many jiffies at the longest; how many are left. MAX_SCHEDULE_TIMEOUT is for ever */
#define MAX_SCHEDULE_TIMEOUT LONG_MAX
long schedule_timeout(long ticks);
long schedule_timeout_interruptible(long ticks);
long schedule_timeout_uninterruptible(long ticks);

/*: 7 Gives others the CPU if they wait for it */
void cond_resched(void);
#define yield() cond_resched()

/*: 6 Wakes a task; 1 if it slept */
int wake_up_process(struct task_struct *task);

/*: 7 The CPU that runs the caller */
int __scullery_cpu(void);
#define smp_processor_id() __scullery_cpu()
#define raw_smp_processor_id() __scullery_cpu()
#define num_online_cpus() __scullery_cpus()
int __scullery_cpus(void);
