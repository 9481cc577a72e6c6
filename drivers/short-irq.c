/*
 * short-irq.c: interrupts, in the manner of short of LDD3, chapter 10: what is written goes to the parallel port, which
 * interrupts when its highest line rises. The handler notes that, a work writes it down, and a reader waits for it.
 *
 *   cargo run -- shell --module drivers/short-irq.c
 *   scullery# insmod /mnt/short-irq.ko
 *   scullery# cat /dev/shortint &
 *   scullery# printf '\000\377' > /dev/shortint
 */
#include <linux/module.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/uaccess.h>

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("a driver of the parallel port with interrupts");

#define PORT 0x378
#define CONTROL (PORT + 2)
#define ENABLE 0x10

static DEFINE_SPINLOCK(lock);
static DECLARE_WAIT_QUEUE_HEAD(readers);
static DEFINE_KFIFO(text, char, 256);
static int came; /* interrupts that are not written down, under the lock */

static void short_write_down(struct work_struct *work)
{
	char line[40];
	int count;

	spin_lock_irq(&lock);
	count = came;
	came = 0;
	spin_unlock_irq(&lock);
	if (count) {
		count = scnprintf(line, sizeof(line), "%d interrupts, written down by %s\n", count, current->comm);
		kfifo_in_spinlocked(&text, line, count, &lock);
		wake_up_interruptible(&readers);
	}
}
static DECLARE_WORK(work, short_write_down);

static irqreturn_t short_interrupt(int irq, void *device)
{
	spin_lock(&lock);
	came++;
	spin_unlock(&lock);
	schedule_work(&work);
	return IRQ_HANDLED;
}

static ssize_t short_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	char line[64];
	int length;

	if (wait_event_interruptible(readers, !kfifo_is_empty(&text)))
		return -ERESTARTSYS;
	length = kfifo_out_spinlocked(&text, line, min(count, sizeof(line)), &lock);
	return copy_to_user(buf, line, length) ? -EFAULT : length;
}

static ssize_t short_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	size_t done;
	u8 byte;

	for (done = 0; done < count; done++) {
		if (get_user(byte, buf + done))
			return done ? done : -EFAULT;
		outb(byte, PORT);
	}
	return count;
}

static const struct file_operations short_fops = {
	.owner = THIS_MODULE,
	.read = short_read,
	.write = short_write,
};

static struct miscdevice short_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "shortint",
	.fops = &short_fops,
};

static int __init short_init(void)
{
	int result = request_irq(SCULLERY_IRQ, short_interrupt, 0, "shortint", NULL);

	if (result) {
		pr_info("short: the interrupt %d is not to be had: %d\n", SCULLERY_IRQ, result);
		return result;
	}
	result = misc_register(&short_device);
	if (result) {
		free_irq(SCULLERY_IRQ, NULL);
		return result;
	}
	outb(ENABLE, CONTROL);
	return 0;
}

static void __exit short_exit(void)
{
	outb(0, CONTROL);
	misc_deregister(&short_device);
	free_irq(SCULLERY_IRQ, NULL);
	cancel_work_sync(&work);
}

module_init(short_init);
module_exit(short_exit);
