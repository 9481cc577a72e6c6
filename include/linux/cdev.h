#pragma once
#include <linux/fs.h>
#include <linux/kobject.h>

/*: 3 A device that can be opened by its number */
struct cdev {
	struct kobject kobj;
	struct module *owner;
	const struct file_operations *ops;
	dev_t dev;
	unsigned int count;
};
void cdev_init(struct cdev *cdev, const struct file_operations *operations);
struct cdev *cdev_alloc(void);

/*: 3 From now on it is found; from now on it is not */
int cdev_add(struct cdev *cdev, dev_t first, unsigned int count);
void cdev_del(struct cdev *cdev);
