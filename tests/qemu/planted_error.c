/* A driver with one mistake where a call fails, which MISTAKE chooses; with 0 it has none. */
#include <linux/module.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/proc_fs.h>
#include <linux/semaphore.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

MODULE_LICENSE("GPL");

#define SIZE 32

static dev_t number;
static struct cdev cdev;
static struct class *class;
static struct task_struct *task;
static struct workqueue_struct *queue;
static char *text;
static size_t length;
static DECLARE_WAIT_QUEUE_HEAD(wait);
static DEFINE_SEMAPHORE(sem, 1);

static ssize_t error_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	ssize_t result;

	count = min(count, (size_t)SIZE);
	if (down_interruptible(&sem))
		return -ERESTARTSYS;
	result = count;
	if (copy_from_user(text, buf, count)) {
		if (MISTAKE == 1)
			up(&sem);
		result = -EFAULT;
		goto out;
	}
	length = count;
out:
	up(&sem); /* perhaps once more */
	return result;
}

static int error_show(struct seq_file *m, void *v)
{
	if (down_interruptible(&sem))
		return -ERESTARTSYS;
	seq_printf(m, "%zu\n", length);
	up(&sem);
	return 0;
}

static int error_open(struct inode *inode, struct file *filp)
{
	return single_open(filp, error_show, NULL);
}

static int error_thread(void *data)
{
	wait_event_interruptible(wait, kthread_should_stop());
	return 0;
}

static irqreturn_t error_interrupt(int irq, void *data)
{
	return IRQ_HANDLED;
}

static const struct file_operations error_fops = {
	.owner = THIS_MODULE,
	.write = error_write,
};

static const struct proc_ops error_proc = {
	.proc_open = error_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init error_init(void)
{
	struct device *device;
	int result;

	text = kzalloc(SIZE, GFP_KERNEL); /* from first to last */
	if (!text)
		return -ENOMEM;
	result = alloc_chrdev_region(&number, 0, 1, "error"); /* its number */
	if (result) {
		if (MISTAKE == 2)
			return result;
		goto no_number;
	}
	cdev_init(&cdev, &error_fops);
	cdev.owner = THIS_MODULE;
	result = cdev_add(&cdev, number, 1); /* its device */
	if (result) {
		if (MISTAKE == 3)
			goto no_number;
		goto no_cdev;
	}
	class = class_create("error"); /* its class */
	if (IS_ERR(class)) {
		result = PTR_ERR(class);
		if (MISTAKE == 4)
			goto no_cdev;
		goto no_class;
	}
	device = device_create(class, NULL, number, NULL, "error"); /* its node */
	if (IS_ERR(device)) {
		result = PTR_ERR(device);
		if (MISTAKE == 5)
			goto no_class;
		goto no_device;
	}
	result = -ENOMEM;
	if (!proc_create("error", 0, NULL, &error_proc)) {
		if (MISTAKE == 6)
			goto no_device;
		goto no_proc;
	}
	queue = alloc_workqueue("error", 0, 1); /* its queue */
	if (!queue) {
		if (MISTAKE == 7)
			goto no_proc;
		goto no_queue;
	}
	task = kthread_run(error_thread, NULL, "error"); /* its task */
	if (IS_ERR(task)) {
		result = PTR_ERR(task);
		if (MISTAKE == 8)
			goto no_queue;
		goto no_task;
	}
	result = request_irq(SCULLERY_IRQ, error_interrupt, 0, "error", NULL);
	if (result) {
		if (MISTAKE == 9)
			goto no_task;
		goto no_irq;
	}
	return 0;

no_irq:
	kthread_stop(task);
no_task:
	destroy_workqueue(queue);
no_queue:
	remove_proc_entry("error", NULL);
no_proc:
	device_destroy(class, number);
no_device:
	class_destroy(class);
no_class:
	cdev_del(&cdev);
no_cdev:
	unregister_chrdev_region(number, 1);
no_number:
	kfree(text);
	return result;
}

static void __exit error_exit(void)
{
	free_irq(SCULLERY_IRQ, NULL);
	kthread_stop(task);
	destroy_workqueue(queue);
	remove_proc_entry("error", NULL);
	device_destroy(class, number);
	class_destroy(class);
	cdev_del(&cdev);
	unregister_chrdev_region(number, 1);
	kfree(text);
}

module_init(error_init);
module_exit(error_exit);
