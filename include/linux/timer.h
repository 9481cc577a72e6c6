#pragma once
#include <linux/types.h>
#include <linux/jiffies.h>
#include <linux/container_of.h>

/*: 7 A function that is called at a moment, in jiffies; it must not sleep */
struct timer_list {
	unsigned long expires;
	void (*function)(struct timer_list *);
	u32 flags;
	u32 state;
};
#define __TIMER_SET_UP 0x7135e701u
#define __TIMER_INITIALIZER(fn, f) { .function = (fn), .flags = (f), .state = __TIMER_SET_UP }
#define DEFINE_TIMER(name, fn) struct timer_list name = __TIMER_INITIALIZER(fn, 0)
#define timer_setup(timer, fn, flags) __timer_setup(timer, fn, flags)
#define timer_setup_on_stack(timer, fn, flags) __timer_setup(timer, fn, flags)
#define destroy_timer_on_stack(timer) timer_delete_sync(timer)
#define from_timer(var, timer, member) container_of(timer, __typeof__(*var), member)
#define timer_container_of(var, timer, member) container_of(timer, __typeof__(*var), member)
void __timer_setup(struct timer_list *timer, void (*fn)(struct timer_list *), u32 flags);

#define TIMER_DEFERRABLE 0u
#define TIMER_PINNED 0u
#define TIMER_IRQSAFE 0u

/*: 7 It is to run at its moment, or at another one: then whether it was to run before */
void add_timer(struct timer_list *timer);
void add_timer_on(struct timer_list *timer, int cpu);
int mod_timer(struct timer_list *timer, unsigned long expires);
#define mod_timer_pending(timer, expires) (timer_pending(timer) ? mod_timer(timer, expires) : 0)

/*: 7 It is not to run; the sync ones wait until its function runs nowhere. Whether it was to run */
int timer_delete(struct timer_list *timer);
int timer_delete_sync(struct timer_list *timer);
#define del_timer(timer) timer_delete(timer)
#define del_timer_sync(timer) timer_delete_sync(timer)
#define timer_shutdown(timer) timer_delete(timer)
#define timer_shutdown_sync(timer) timer_delete_sync(timer)
#define try_to_del_timer_sync(timer) timer_delete(timer)

/*: 7 Whether it is to run */
int timer_pending(const struct timer_list *timer);
