#pragma once

/*: 5 Interrupts of this CPU, off and on */
unsigned long __scullery_irq_save(void);
void __scullery_irq_restore(unsigned long flags);
#define local_irq_save(flags) ((flags) = __scullery_irq_save())
#define local_irq_restore(flags) __scullery_irq_restore(flags)
#define local_irq_disable() ((void)__scullery_irq_save())
#define local_irq_enable() __scullery_irq_restore(1)
