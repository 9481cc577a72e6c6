/*
 * scull.c: the bare scull device of LDD3, chapter 3: memory that is written like a file, as a list of quantum sets.
 *
 *   cargo run -- shell --module drivers/scull.c
 *   scullery# insmod /mnt/scull.ko nr_devs=2
 *   scullery# grep scull /proc/devices                    which major it has
 *   scullery# mknod /dev/s0 c 254 0
 *   scullery# echo hello > /dev/s0; cat /dev/s0
 *
 * -D SCULL_WITHOUT_LOCK leaves the lock of write out: the race of the book. -D SCULL_LOSES leaves memory behind on unload.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/fs.h>
#include <linux/cdev.h>
#include <linux/uaccess.h>
#include <linux/mutex.h>
#include <linux/ioctl.h>

MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("the bare scull device");

#define SCULL_IOC_MAGIC 'k'
#define SCULL_IOCRESET _IO(SCULL_IOC_MAGIC, 0)
#define SCULL_IOCSQUANTUM _IOW(SCULL_IOC_MAGIC, 1, int)
#define SCULL_IOCSQSET _IOW(SCULL_IOC_MAGIC, 2, int)
#define SCULL_IOCTQUANTUM _IO(SCULL_IOC_MAGIC, 3)
#define SCULL_IOCTQSET _IO(SCULL_IOC_MAGIC, 4)
#define SCULL_IOCGQUANTUM _IOR(SCULL_IOC_MAGIC, 5, int)
#define SCULL_IOCGQSET _IOR(SCULL_IOC_MAGIC, 6, int)
#define SCULL_IOCQQUANTUM _IO(SCULL_IOC_MAGIC, 7)
#define SCULL_IOCQQSET _IO(SCULL_IOC_MAGIC, 8)

#define QUANTUM 4000
#define QSET 1000

static int major;
static int nr_devs = 4;
static int quantum = QUANTUM;
static int qset = QSET;
module_param(major, int, S_IRUGO);
module_param(nr_devs, int, S_IRUGO);
module_param(quantum, int, S_IRUGO);
module_param(qset, int, S_IRUGO);

/* One item of the list: an array of pointers to quanta. */
struct scull_qset {
	void **data;
	struct scull_qset *next;
};

struct scull_dev {
	struct scull_qset *data;
	int quantum;
	int qset;
	unsigned long size;
	struct mutex lock;
	struct cdev cdev;
};

static struct scull_dev *devices;

/* Empties the device. The caller has the lock, or is the only one that knows the device. */
static void scull_trim(struct scull_dev *dev)
{
	struct scull_qset *item, *next;
	int i;

	for (item = dev->data; item; item = next) {
		if (item->data) {
			for (i = 0; i < dev->qset; i++)
				kfree(item->data[i]);
			kfree(item->data);
		}
		next = item->next;
		kfree(item);
	}
	dev->data = NULL;
	dev->size = 0;
	dev->quantum = READ_ONCE(quantum);
	dev->qset = READ_ONCE(qset);
}

/* The item number n, made if it is not there. */
static struct scull_qset *scull_follow(struct scull_dev *dev, int n)
{
	struct scull_qset **link = &dev->data;

	for (;; link = &(*link)->next) {
		if (!*link) {
			*link = kzalloc(sizeof(**link), GFP_KERNEL);
			if (!*link)
				return NULL;
		}
		if (n-- == 0)
			return *link;
	}
}

static int scull_open(struct inode *inode, struct file *filp)
{
	struct scull_dev *dev = container_of(inode->i_cdev, struct scull_dev, cdev);

	filp->private_data = dev;
	if ((filp->f_flags & O_ACCMODE) == O_WRONLY) {
		if (mutex_lock_interruptible(&dev->lock))
			return -ERESTARTSYS;
		scull_trim(dev);
		mutex_unlock(&dev->lock);
	}
	return 0;
}

static int scull_release(struct inode *inode, struct file *filp)
{
	return 0;
}

static ssize_t scull_read(struct file *filp, char __user *buf, size_t count, loff_t *f_pos)
{
	struct scull_dev *dev = filp->private_data;
	struct scull_qset *item;
	int itemsize, rest, s_pos, q_pos;
	ssize_t retval = 0;

	if (mutex_lock_interruptible(&dev->lock))
		return -ERESTARTSYS;
	itemsize = dev->quantum * dev->qset;
	if (*f_pos >= dev->size)
		goto out;
	count = min(count, (size_t)(dev->size - *f_pos));

	rest = (long)*f_pos % itemsize;
	s_pos = rest / dev->quantum;
	q_pos = rest % dev->quantum;
	item = scull_follow(dev, (long)*f_pos / itemsize);
	if (!item || !item->data || !item->data[s_pos])
		goto out;

	/* No further than the end of this quantum. */
	count = min(count, (size_t)(dev->quantum - q_pos));
	if (copy_to_user(buf, item->data[s_pos] + q_pos, count)) {
		retval = -EFAULT;
		goto out;
	}
	*f_pos += count;
	retval = count;
out:
	mutex_unlock(&dev->lock);
	return retval;
}

static ssize_t scull_write(struct file *filp, const char __user *buf, size_t count, loff_t *f_pos)
{
	struct scull_dev *dev = filp->private_data;
	struct scull_qset *item;
	int itemsize, rest, s_pos, q_pos;
	ssize_t retval = -ENOMEM;

#ifndef SCULL_WITHOUT_LOCK
	if (mutex_lock_interruptible(&dev->lock))
		return -ERESTARTSYS;
#endif
	itemsize = dev->quantum * dev->qset;
	rest = (long)*f_pos % itemsize;
	s_pos = rest / dev->quantum;
	q_pos = rest % dev->quantum;
	item = scull_follow(dev, (long)*f_pos / itemsize);
	if (!item)
		goto out;
	if (!item->data) {
		item->data = kcalloc(dev->qset, sizeof(char *), GFP_KERNEL);
		if (!item->data)
			goto out;
	}
	if (!item->data[s_pos]) {
		item->data[s_pos] = kmalloc(dev->quantum, GFP_KERNEL);
		if (!item->data[s_pos])
			goto out;
	}

	count = min(count, (size_t)(dev->quantum - q_pos));
	if (copy_from_user(item->data[s_pos] + q_pos, buf, count)) {
		retval = -EFAULT;
		goto out;
	}
	*f_pos += count;
	retval = count;
	if (dev->size < *f_pos)
		dev->size = *f_pos;
out:
#ifndef SCULL_WITHOUT_LOCK
	mutex_unlock(&dev->lock);
#endif
	return retval;
}

static loff_t scull_llseek(struct file *filp, loff_t off, int whence)
{
	struct scull_dev *dev = filp->private_data;
	loff_t newpos;

	switch (whence) {
	case SEEK_SET:
		newpos = off;
		break;
	case SEEK_CUR:
		newpos = filp->f_pos + off;
		break;
	case SEEK_END:
		newpos = dev->size + off;
		break;
	default:
		return -EINVAL;
	}
	if (newpos < 0)
		return -EINVAL;
	filp->f_pos = newpos;
	return newpos;
}

/* What later devices begin with. */
static long scull_set(int *size, int value)
{
	if (value <= 0)
		return -EINVAL;
	WRITE_ONCE(*size, value);
	return 0;
}

static long scull_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	int __user *user = (int __user *)arg;
	int value = arg;

	if (cmd == SCULL_IOCSQUANTUM || cmd == SCULL_IOCTQUANTUM || cmd == SCULL_IOCSQSET || cmd == SCULL_IOCTQSET) {
		if (!capable(CAP_SYS_ADMIN))
			return -EPERM;
		if ((cmd == SCULL_IOCSQUANTUM || cmd == SCULL_IOCSQSET) && get_user(value, user))
			return -EFAULT;
	}
	switch (cmd) {
	case SCULL_IOCRESET:
		WRITE_ONCE(quantum, QUANTUM);
		WRITE_ONCE(qset, QSET);
		return 0;
	case SCULL_IOCSQUANTUM:
	case SCULL_IOCTQUANTUM:
		return scull_set(&quantum, value);
	case SCULL_IOCGQUANTUM:
		return put_user(READ_ONCE(quantum), user);
	case SCULL_IOCQQUANTUM:
		return READ_ONCE(quantum);
	case SCULL_IOCSQSET:
	case SCULL_IOCTQSET:
		return scull_set(&qset, value);
	case SCULL_IOCGQSET:
		return put_user(READ_ONCE(qset), user);
	case SCULL_IOCQQSET:
		return READ_ONCE(qset);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations scull_fops = {
	.owner = THIS_MODULE,
	.llseek = scull_llseek,
	.read = scull_read,
	.write = scull_write,
	.unlocked_ioctl = scull_ioctl,
	.open = scull_open,
	.release = scull_release,
};

/* Of the devices so many were added. */
static int added;

/* Also what an init does that has come no further than this. */
static void scull_cleanup(void)
{
	int i;

	for (i = 0; i < added; i++) {
		cdev_del(&devices[i].cdev);
#ifndef SCULL_LOSES
		scull_trim(&devices[i]);
#endif
	}
	kfree(devices);
	unregister_chrdev_region(MKDEV(major, 0), nr_devs);
}

static int __init scull_init(void)
{
	dev_t first = MKDEV(major, 0);
	int result, i;

	if (nr_devs < 1 || quantum < 1 || qset < 1)
		return -EINVAL;
	result = major ? register_chrdev_region(first, nr_devs, "scull") :
			 alloc_chrdev_region(&first, 0, nr_devs, "scull");
	if (result) {
		pr_warn("scull: no numbers: %d\n", result);
		return result;
	}
	major = MAJOR(first);
	devices = kcalloc(nr_devs, sizeof(*devices), GFP_KERNEL);
	if (!devices) {
		unregister_chrdev_region(first, nr_devs);
		return -ENOMEM;
	}
	for (i = 0; i < nr_devs; i++, added++) {
		devices[i].quantum = quantum;
		devices[i].qset = qset;
		mutex_init(&devices[i].lock);
		cdev_init(&devices[i].cdev, &scull_fops);
		devices[i].cdev.owner = THIS_MODULE;
		result = cdev_add(&devices[i].cdev, MKDEV(major, i), 1);
		if (result) {
			pr_warn("scull: no device %d: %d\n", i, result);
			scull_cleanup();
			return result;
		}
	}
	return 0;
}

module_init(scull_init);
module_exit(scull_cleanup);
