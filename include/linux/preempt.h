#pragma once
#include <linux/types.h>

/*: 5 The task keeps its CPU, except against interrupts, until the reverse */
void preempt_disable(void);
void preempt_enable(void);

/*: 7 In what the caller runs */
int preempt_count(void);
int __scullery_in(int what);
#define in_interrupt() __scullery_in(3)
#define in_softirq() __scullery_in(1)
#define in_irq() __scullery_in(2)
#define in_hardirq() __scullery_in(2)
#define in_task() (!in_interrupt())
#define in_atomic() __scullery_in(4)
