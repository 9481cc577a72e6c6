/*
 * pipe.c: a device that is read as it was written, in the manner of scullpipe of LDD3, chapter 6: a ring of bytes, whose
 * readers sleep while it is empty and whose writers sleep while it is full.
 *
 *   cargo run -- shell --module drivers/pipe.c
 *   scullery# insmod /mnt/pipe.ko
 *   scullery# cat /dev/pipe0 &
 *   scullery# echo hello > /dev/pipe0
 *
 * -D PIPE_FORGETS leaves out the look at the condition after the sleep: the mistake of the book's exercise. A reader that
 * was woken for bytes which another reader has taken meanwhile then reads what is not there.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/init.h>
#include <linux/slab.h>
#include <linux/fs.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("a pipe as a device");

static int size = 64;
module_param(size, int, S_IRUGO);
MODULE_PARM_DESC(size, "bytes of the ring, of which one is always free");

static struct pipe {
	wait_queue_head_t in, out;
	char *ring;
	int head, tail; /* where the next byte is put, and where the next is taken */
	struct mutex lock;
	struct cdev cdev;
} pipe;
static dev_t number;
static struct class *class;

/* These two are also asked without the lock, by a task that may sleep. */
static int pipe_room(void)
{
	return (READ_ONCE(pipe.tail) - READ_ONCE(pipe.head) - 1 + size) % size;
}

static bool pipe_is_empty(void)
{
	return READ_ONCE(pipe.head) == READ_ONCE(pipe.tail);
}

/* Sleeps, without the lock, until there is something to do; the caller has the lock, and has it again. */
static int pipe_wait(wait_queue_head_t *queue, bool (*is_ready)(void), unsigned int flags)
{
#ifdef PIPE_FORGETS
	if (!is_ready()) {
#else
	while (!is_ready()) {
#endif
		mutex_unlock(&pipe.lock);
		if (flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(*queue, is_ready()))
			return -ERESTARTSYS;
		if (mutex_lock_interruptible(&pipe.lock))
			return -ERESTARTSYS;
	}
	return 0;
}

static bool pipe_can_read(void)
{
	return !pipe_is_empty();
}

static bool pipe_can_write(void)
{
	return pipe_room() > 0;
}

static ssize_t pipe_read(struct file *filp, char __user *buf, size_t count, loff_t *pos)
{
	int result, there;

	if (mutex_lock_interruptible(&pipe.lock))
		return -ERESTARTSYS;
	result = pipe_wait(&pipe.in, pipe_can_read, filp->f_flags);
	if (result)
		return result;
	/* Up to the end of the ring at the most. */
	there = pipe.head > pipe.tail ? pipe.head - pipe.tail : size - pipe.tail;
	count = min(count, (size_t)there);
	if (copy_to_user(buf, pipe.ring + pipe.tail, count)) {
		mutex_unlock(&pipe.lock);
		return -EFAULT;
	}
	WRITE_ONCE(pipe.tail, (pipe.tail + count) % size);
	mutex_unlock(&pipe.lock);
	wake_up_interruptible(&pipe.out);
	return count;
}

static ssize_t pipe_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	int result;

	if (mutex_lock_interruptible(&pipe.lock))
		return -ERESTARTSYS;
	result = pipe_wait(&pipe.out, pipe_can_write, filp->f_flags);
	if (result)
		return result;
	count = min3(count, (size_t)pipe_room(), (size_t)(size - pipe.head));
	if (copy_from_user(pipe.ring + pipe.head, buf, count)) {
		mutex_unlock(&pipe.lock);
		return -EFAULT;
	}
	WRITE_ONCE(pipe.head, (pipe.head + count) % size);
	mutex_unlock(&pipe.lock);
	wake_up_interruptible(&pipe.in);
	return count;
}

static __poll_t pipe_poll(struct file *filp, poll_table *table)
{
	__poll_t mask = 0;

	mutex_lock(&pipe.lock);
	poll_wait(filp, &pipe.in, table);
	poll_wait(filp, &pipe.out, table);
	if (pipe_can_read())
		mask |= POLLIN | POLLRDNORM;
	if (pipe_can_write())
		mask |= POLLOUT | POLLWRNORM;
	mutex_unlock(&pipe.lock);
	return mask;
}

static const struct file_operations pipe_fops = {
	.owner = THIS_MODULE,
	.llseek = no_llseek,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.open = nonseekable_open,
};

static int __init pipe_init(void)
{
	struct device *device;
	int result;

	if (size < 2)
		return -EINVAL;
	result = alloc_chrdev_region(&number, 0, 1, "pipe");
	if (result)
		return result;
	result = -ENOMEM;
	pipe.ring = kmalloc(size, GFP_KERNEL);
	if (!pipe.ring)
		goto no_ring;
	init_waitqueue_head(&pipe.in);
	init_waitqueue_head(&pipe.out);
	mutex_init(&pipe.lock);
	cdev_init(&pipe.cdev, &pipe_fops);
	pipe.cdev.owner = THIS_MODULE;
	class = class_create("pipe");
	if (IS_ERR(class)) {
		result = PTR_ERR(class);
		goto no_class;
	}
	result = cdev_add(&pipe.cdev, number, 1);
	if (result)
		goto no_cdev;
	device = device_create(class, NULL, number, NULL, "pipe%d", 0);
	if (!IS_ERR(device))
		return 0;
	result = PTR_ERR(device);
	cdev_del(&pipe.cdev);
no_cdev:
	class_destroy(class);
no_class:
	kfree(pipe.ring);
no_ring:
	unregister_chrdev_region(number, 1);
	return result;
}

static void __exit pipe_exit(void)
{
	device_destroy(class, number);
	cdev_del(&pipe.cdev);
	class_destroy(class);
	kfree(pipe.ring);
	unregister_chrdev_region(number, 1);
}

module_init(pipe_init);
module_exit(pipe_exit);
