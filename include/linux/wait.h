#pragma once
#include <scullery/lock.h>
#include <linux/sched.h>
#include <linux/list.h>
#include <linux/spinlock.h>

/*: 6 Tasks that sleep until a condition is true */
struct wait_queue_head { struct __lock lock; unsigned long words[__LOCK_WORDS]; };
typedef struct wait_queue_head wait_queue_head_t;
#define __WAIT_QUEUE_HEAD_INITIALIZER(name) { .lock = __LOCK(#name) }
#define DECLARE_WAIT_QUEUE_HEAD(name) struct wait_queue_head name = __WAIT_QUEUE_HEAD_INITIALIZER(name)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(name) DECLARE_WAIT_QUEUE_HEAD(name)
#define init_waitqueue_head(queue) __init_waitqueue_head(queue, #queue, __FILE__, __LINE__)
void __init_waitqueue_head(struct wait_queue_head *queue, const char *name, const char *file, int line);

/*: 6 A task's place in a queue, for a sleep that is written out by hand */
struct wait_queue_entry { void *place; struct wait_queue_head *queue; struct wait_queue_entry *next; int is_exclusive; };
typedef struct wait_queue_entry wait_queue_entry_t, wait_queue_t;
#define DEFINE_WAIT(name) struct wait_queue_entry name = { 0 }
#define DECLARE_WAITQUEUE(name, task) struct wait_queue_entry name = { 0 }
#define init_wait(entry) (*(entry) = (struct wait_queue_entry){ 0 })
void prepare_to_wait(struct wait_queue_head *queue, struct wait_queue_entry *entry, int state);
void finish_wait(struct wait_queue_head *queue, struct wait_queue_entry *entry);
void add_wait_queue(struct wait_queue_head *queue, struct wait_queue_entry *entry);
void remove_wait_queue(struct wait_queue_head *queue, struct wait_queue_entry *entry);

/*: 6 The same for one that is woken alone: wake_up wakes all the others, and one of these */
void prepare_to_wait_exclusive(struct wait_queue_head *queue, struct wait_queue_entry *entry, int state);
void add_wait_queue_exclusive(struct wait_queue_head *queue, struct wait_queue_entry *entry);

/*: 6 Wakes those that sleep in a queue, which then look at their condition again */
void __wake_up(struct wait_queue_head *queue, int most);
#define wake_up(queue) __wake_up(queue, 1)
#define wake_up_nr(queue, most) __wake_up(queue, most)
#define wake_up_all(queue) __wake_up(queue, 0)
#define wake_up_interruptible(queue) __wake_up(queue, 1)
#define wake_up_interruptible_nr(queue, most) __wake_up(queue, most)
#define wake_up_interruptible_all(queue) __wake_up(queue, 0)
#define wake_up_poll(queue, mask) __wake_up(queue, 1)
#define wake_up_interruptible_poll(queue, mask) __wake_up(queue, 1)
#define wake_up_interruptible_sync(queue) __wake_up(queue, 1)
#define wake_up_sync(queue) __wake_up(queue, 1)
bool waitqueue_active(struct wait_queue_head *queue);

/* The condition is tested by the caller, before the first sleep and after each wake-up. __scullery_wait sleeps once: 0 to
 * look again, -ERESTARTSYS for a signal, -ETIME when the time is over. */
int __scullery_wait(struct wait_queue_head *queue, struct wait_queue_entry *entry, int state, long *jiffies);
void __scullery_wait_end(struct wait_queue_head *queue, struct wait_queue_entry *entry, int waited);
#define __wait_event(queue, condition, state, jiffies, exclusive...) ({ \
	int __waited = 0; \
	if (!(condition)) { \
		struct wait_queue_entry __entry = { .is_exclusive = exclusive + 0 }; \
		add_wait_queue(&(queue), &__entry); \
		while (!(condition)) { \
			__waited = __scullery_wait(&(queue), &__entry, state, jiffies); \
			if (__waited) { \
				if (condition) \
					__waited = 0; \
				break; \
			} \
		} \
		__scullery_wait_end(&(queue), &__entry, __waited); \
	} \
	__waited; })

/*: 6 Sleeps until the condition is true; -ERESTARTSYS when a signal comes first */
#define wait_event(queue, condition) ((void)__wait_event(queue, condition, TASK_UNINTERRUPTIBLE, NULL))
#define wait_event_interruptible(queue, condition) __wait_event(queue, condition, TASK_INTERRUPTIBLE, NULL)
#define wait_event_killable(queue, condition) __wait_event(queue, condition, TASK_KILLABLE, NULL)
#define wait_event_interruptible_exclusive(queue, condition) __wait_event(queue, condition, TASK_INTERRUPTIBLE, NULL, 1)

/*: 6 The same, for so many jiffies at the longest: how many are left, 0 when the condition is still false then */
#define __wait_event_timeout(queue, condition, state, timeout) ({ \
	long __left = (timeout); \
	int __timed = __wait_event(queue, condition, state, &__left); \
	__timed == -ERESTARTSYS ? -ERESTARTSYS : __timed ? 0 : __left > 0 ? __left : 1; })
#define wait_event_timeout(queue, condition, timeout) \
	__wait_event_timeout(queue, condition, TASK_UNINTERRUPTIBLE, timeout)
#define wait_event_interruptible_timeout(queue, condition, timeout) \
	__wait_event_timeout(queue, condition, TASK_INTERRUPTIBLE, timeout)
