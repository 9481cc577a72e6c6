#pragma once
#include <linux/types.h>
#include <linux/timer.h>
#include <linux/compiler.h>

/*: 7 A function that a task calls, soon or when so many jiffies have passed; it may sleep */
struct work_struct { void (*func)(struct work_struct *); };
typedef void (*work_func_t)(struct work_struct *);
struct workqueue_struct;
struct delayed_work { struct work_struct work; struct timer_list timer; struct workqueue_struct *wq; };
void __scullery_delayed(struct timer_list *timer);
#define __WORK_INITIALIZER(name, fn) { .func = (fn) }
#define DECLARE_WORK(name, fn) struct work_struct name = { .func = (fn) }
#define DECLARE_DELAYED_WORK(name, fn) \
	struct delayed_work name = { .work = { .func = (fn) }, .timer = __TIMER_INITIALIZER(__scullery_delayed, 0) }
#define INIT_WORK(work, fn) (*(work) = (struct work_struct){ .func = (fn) })
#define INIT_WORK_ONSTACK(work, fn) INIT_WORK(work, fn)
#define INIT_DELAYED_WORK(delayed, fn) \
	(*(delayed) = (struct delayed_work){ .work = { .func = (fn) }, .timer = __TIMER_INITIALIZER(__scullery_delayed, 0) })
#define to_delayed_work(w) container_of(w, struct delayed_work, work)

/*: 7 It is to be done, by a queue's tasks or by those that each driver has; false if it was to be already */
bool queue_work(struct workqueue_struct *queue, struct work_struct *work);
bool queue_delayed_work(struct workqueue_struct *queue, struct delayed_work *work, unsigned long delay);
bool mod_delayed_work(struct workqueue_struct *queue, struct delayed_work *work, unsigned long delay);
#define queue_work_on(cpu, queue, work) queue_work(queue, work)
#define schedule_work(work) queue_work(NULL, work)
#define schedule_work_on(cpu, work) queue_work(NULL, work)
#define schedule_delayed_work(work, delay) queue_delayed_work(NULL, work, delay)
#define system_wq ((struct workqueue_struct *)NULL)
#define system_unbound_wq system_wq
#define system_long_wq system_wq

/*: 7 A queue of a driver's own, with one task or more */
__printf(2, 3) struct workqueue_struct *__scullery_queue(unsigned long tasks, const char *name, ...);
#define create_workqueue(name) __scullery_queue(0, "%s", name)
#define create_singlethread_workqueue(name) __scullery_queue(1, "%s", name)
#define alloc_workqueue(name, flags, most, args...) __scullery_queue(most, name, ##args)
#define alloc_ordered_workqueue(name, flags, args...) __scullery_queue(1, name, ##args)
#define WQ_UNBOUND 2
#define WQ_FREEZABLE 4
#define WQ_MEM_RECLAIM 8
#define WQ_HIGHPRI 16
#define WQ_CPU_INTENSIVE 32
void destroy_workqueue(struct workqueue_struct *queue);

/*: 7 Waits until what was queued before is done */
bool flush_work(struct work_struct *work);
bool flush_delayed_work(struct delayed_work *work);
void flush_workqueue(struct workqueue_struct *queue);
#define drain_workqueue(queue) flush_workqueue(queue)
#define flush_scheduled_work() flush_workqueue(NULL)

/*: 7 It is not to be done; the sync ones wait until it is done nowhere. Whether it was to be */
bool cancel_work(struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool cancel_delayed_work(struct delayed_work *work);
bool cancel_delayed_work_sync(struct delayed_work *work);

/*: 7 Whether it is to be done; whether it is, or is being done */
bool work_pending(struct work_struct *work);
unsigned int work_busy(struct work_struct *work);
#define delayed_work_pending(delayed) work_pending(&(delayed)->work)
