#pragma once
#include <linux/fs.h>
#include <linux/device.h>
#include <linux/major.h>

/*: 14 A device of the major 10, with one minor and its name in /dev; a file of it has it as its private_data */
struct miscdevice {
	int minor;
	const char *name;
	const struct file_operations *fops;
	struct device *this_device;
	struct device *parent;
	const char *nodename;
	umode_t mode;
};
#define MISC_DYNAMIC_MINOR 255
int misc_register(struct miscdevice *misc);
void misc_deregister(struct miscdevice *misc);
#define module_misc_device(misc) \
	static int __init __misc_init(void) { return misc_register(&(misc)); } \
	static void __exit __misc_exit(void) { misc_deregister(&(misc)); } \
	module_init(__misc_init); \
	module_exit(__misc_exit)
