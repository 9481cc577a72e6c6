/* A driver that leaves things for later, with one mistake, which MISTAKE chooses; with 0 it has none. */
#include <linux/module.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

MODULE_LICENSE("GPL");

#define CONTROL 0x37a
#define ENABLE 0x10

static DEFINE_MUTEX(lock);
static DEFINE_SPINLOCK(spin);
static DEFINE_SPINLOCK(spin_irq);
static struct timer_list timer;
static struct work_struct work;
static struct task_struct *task;
static long *ticks; /* of the timer, under spin */
static long came; /* interrupts, under spin_irq */
static long done; /* works, under lock */

static void planted_timer(struct timer_list *unused)
{
	if (MISTAKE == 1)
		kfree(kmalloc(8, GFP_KERNEL)); /* may sleep in a timer */
	if (MISTAKE == 2) {
		mutex_lock(&lock); /* so does this */
		mutex_unlock(&lock);
	}
	if (MISTAKE != 3)
		spin_lock(&spin);
	(*ticks)++; /* in the timer */
	if (MISTAKE != 3)
		spin_unlock(&spin);
}

static void planted_work(struct work_struct *unused)
{
	if (MISTAKE != 4)
		mutex_lock(&lock);
	done++; /* in the work */
	if (MISTAKE != 4)
		mutex_unlock(&lock);
	spin_lock_bh(&spin);
	(*ticks)++;
	spin_unlock_bh(&spin);
}

static irqreturn_t planted_interrupt(int irq, void *device)
{
	spin_lock(&spin_irq);
	came++;
	spin_unlock(&spin_irq);
	return IRQ_HANDLED;
}

static int planted_life(void *unused)
{
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static ssize_t planted_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	if (MISTAKE == 5)
		spin_lock(&spin_irq); /* an interrupt may come */
	else
		spin_lock_irq(&spin_irq);
	came = 0;
	if (MISTAKE == 5)
		spin_unlock(&spin_irq);
	else
		spin_unlock_irq(&spin_irq);
	if (MISTAKE == 6)
		spin_lock(&spin); /* the timer may come */
	else
		spin_lock_bh(&spin);
	*ticks = 0;
	if (MISTAKE == 6)
		spin_unlock(&spin);
	else
		spin_unlock_bh(&spin);
	mod_timer(&timer, jiffies + HZ);
	schedule_work(&work);
	return count;
}

static ssize_t planted_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	mutex_lock(&lock);
	done = 0;
	if (MISTAKE == 7)
		cancel_work_sync(&work); /* it may want the lock */
	mutex_unlock(&lock);
	return 0;
}

static const struct file_operations planted_fops = {
	.owner = THIS_MODULE,
	.read = planted_read,
	.write = planted_write,
};

static struct miscdevice planted = { .minor = MISC_DYNAMIC_MINOR, .name = "planted", .fops = &planted_fops };

static int __init planted_init(void)
{
	int result;

	timer_setup(&timer, planted_timer, 0);
	INIT_WORK(&work, planted_work);
	ticks = kzalloc(sizeof(*ticks), GFP_KERNEL);
	if (!ticks)
		return -ENOMEM;
	result = request_irq(SCULLERY_IRQ, planted_interrupt, 0, "planted", NULL);
	if (result)
		goto no_interrupt;
	task = kthread_run(planted_life, NULL, "planted");
	if (IS_ERR(task)) {
		result = PTR_ERR(task);
		goto no_task;
	}
	result = misc_register(&planted);
	if (result)
		goto no_device;
	outb(ENABLE, CONTROL);
	return 0;

no_device:
	kthread_stop(task);
no_task:
	free_irq(SCULLERY_IRQ, NULL);
no_interrupt:
	kfree(ticks);
	return result;
}

static void __exit planted_exit(void)
{
	outb(0, CONTROL);
	misc_deregister(&planted);
	if (MISTAKE != 8)
		kthread_stop(task);
	if (MISTAKE != 9)
		free_irq(SCULLERY_IRQ, NULL);
	if (MISTAKE == 10)
		timer_delete(&timer); /* it may still run */
	else if (MISTAKE != 11)
		timer_delete_sync(&timer);
	if (MISTAKE != 12)
		cancel_work_sync(&work);
	kfree(ticks);
}

module_init(planted_init);
module_exit(planted_exit);
