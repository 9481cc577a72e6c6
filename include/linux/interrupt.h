#pragma once
#include <linux/types.h>
#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/preempt.h>
#include <linux/irqflags.h>
#include <linux/irqreturn.h>

/*: 10 The interrupt of the machine's own device, which has the number of the book's parallel port; it comes when its highest data line rises, or by __scullery_interrupt() */
#define SCULLERY_IRQ 7
void __scullery_interrupt(void);
#define scullery_interrupt() __scullery_interrupt()

/*: 10 Has a handler called for an interrupt, or no more; free_irq waits for those that run */
typedef irqreturn_t (*irq_handler_t)(int, void *);
int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags, const char *name, void *device);
const void *free_irq(unsigned int irq, void *device);
#define IRQF_SHARED 0x80
#define SA_SHIRQ IRQF_SHARED
#define SA_INTERRUPT 0
#define IRQF_TRIGGER_NONE 0
#define IRQF_TRIGGER_RISING 1
#define IRQF_TRIGGER_FALLING 2
#define IRQF_TRIGGER_HIGH 4
#define IRQF_TRIGGER_LOW 8

/*: 10 An interrupt is kept until it is enabled as often as it was disabled */
void disable_irq(unsigned int irq);
void disable_irq_nosync(unsigned int irq);
void enable_irq(unsigned int irq);
void synchronize_irq(unsigned int irq);

/*: 10 Which interrupt came in between; 0 for none */
unsigned long probe_irq_on(void);
int probe_irq_off(unsigned long mask);

/*: 7 A function that runs soon, in a softirq, on one CPU at a time; it must not sleep */
struct tasklet_struct {
	union {
		void (*callback)(struct tasklet_struct *);
		void (*func)(unsigned long);
	};
	unsigned long data;
	atomic_t count;
	int use_callback;
};
#define DECLARE_TASKLET(name, fn) struct tasklet_struct name = { .callback = (fn), .use_callback = 1 }
#define DECLARE_TASKLET_DISABLED(name, fn) struct tasklet_struct name = { .callback = (fn), .count = { 1 }, .use_callback = 1 }
#define DECLARE_TASKLET_OLD(name, fn) struct tasklet_struct name = { .func = (fn) }
#define DECLARE_TASKLET_DISABLED_OLD(name, fn) struct tasklet_struct name = { .func = (fn), .count = { 1 } }
#define tasklet_setup(tasklet, fn) __tasklet_init(tasklet, (void (*)(void))(void (*)(struct tasklet_struct *))(fn), 0, 1)
#define tasklet_init(tasklet, fn, data) __tasklet_init(tasklet, (void (*)(void))(void (*)(unsigned long))(fn), data, 0)
#define from_tasklet(var, tasklet, member) container_of(tasklet, __typeof__(*var), member)
void __tasklet_init(struct tasklet_struct *tasklet, void (*fn)(void), unsigned long data, int use_callback);

/*: 7 It is to run, once */
void tasklet_schedule(struct tasklet_struct *tasklet);
#define tasklet_hi_schedule(tasklet) tasklet_schedule(tasklet)

/*: 7 It does not begin while it is disabled; tasklet_kill waits until it is neither running nor to run */
void tasklet_disable(struct tasklet_struct *tasklet);
#define tasklet_disable_nosync(tasklet) tasklet_disable(tasklet)
void tasklet_enable(struct tasklet_struct *tasklet);
void tasklet_kill(struct tasklet_struct *tasklet);
