#pragma once
#include <linux/types.h>
#include <linux/err.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>

/*: 14 Devices of a kind; here their names are all that there is of it. class_create takes the name, with or without THIS_MODULE before it */
struct device;
struct class {
	const char *name;
	struct module *owner;
	char *(*devnode)(const struct device *, umode_t *);
};
struct class *__class_create(struct module *owner, const char *name);
#define __class_of_1(name) __class_create(THIS_MODULE, name)
#define __class_of_2(owner, name) __class_create(owner, name)
#define __class_of(one, two, macro, ...) macro
#define class_create(words...) __class_of(words, __class_of_2, __class_of_1)(words)
void class_destroy(const struct class *class);
#define class_unregister(class) class_destroy(class)

/*: 14 Gives a device a name in /dev, and takes it away */
struct device {
	struct kobject kobj;
	void *driver_data;
	dev_t devt;
	const struct class *class;
	struct device *parent;
};
__printf(5, 6) struct device *device_create(const struct class *class, struct device *parent, dev_t devt, void *data, const char *name, ...);
void device_destroy(const struct class *class, dev_t devt);
static inline void *dev_get_drvdata(const struct device *device) { return device->driver_data; }
static inline void dev_set_drvdata(struct device *device, void *data) { device->driver_data = data; }
static inline const char *dev_name(const struct device *device) { return device ? device->kobj.name : "(null)"; }

/*: 14 printk, with the name of the device before it */
#define dev_printk(level, device, fmt, args...) printk(level "%s: " fmt, dev_name(device), ##args)
#define dev_emerg(device, fmt, args...) dev_printk(KERN_EMERG, device, fmt, ##args)
#define dev_crit(device, fmt, args...) dev_printk(KERN_CRIT, device, fmt, ##args)
#define dev_err(device, fmt, args...) dev_printk(KERN_ERR, device, fmt, ##args)
#define dev_warn(device, fmt, args...) dev_printk(KERN_WARNING, device, fmt, ##args)
#define dev_notice(device, fmt, args...) dev_printk(KERN_NOTICE, device, fmt, ##args)
#define dev_info(device, fmt, args...) dev_printk(KERN_INFO, device, fmt, ##args)
#define dev_dbg(device, fmt, args...) pr_debug("%s: " fmt, dev_name(device), ##args)
