#pragma once
#include <linux/types.h>
#include <linux/compiler.h>
#include <linux/kref.h>

/*: 14 An object with a name, of which kobject_create_and_add makes a directory of /sys; kernel_kobj is /sys/kernel */
struct kobject { char name[24]; struct kobject *parent; };
__printf(2, 3) int kobject_set_name(struct kobject *object, const char *format, ...);
static inline const char *kobject_name(const struct kobject *object) { return object->name; }
struct kobject *kobject_create_and_add(const char *name, struct kobject *parent);
void kobject_put(struct kobject *object);
#define kobject_del(object) ((void)(object))
#define kernel_kobj ((struct kobject *)1)

/*: 14 A file in such a directory: show makes its text, in a page, and store is given what is written */
struct attribute { const char *name; umode_t mode; };
struct kobj_attribute {
	struct attribute attr;
	ssize_t (*show)(struct kobject *, struct kobj_attribute *, char *);
	ssize_t (*store)(struct kobject *, struct kobj_attribute *, const char *, size_t);
};
struct attribute_group { const char *name; struct attribute **attrs; };
#define __ATTR(its_name, its_mode, its_show, its_store) \
	{ .attr = { .name = #its_name, .mode = its_mode }, .show = its_show, .store = its_store }
#define __ATTR_RO(name) __ATTR(name, 0444, name##_show, NULL)
#define __ATTR_RW(name) __ATTR(name, 0644, name##_show, name##_store)
#define __ATTR_WO(name) __ATTR(name, 0200, NULL, name##_store)
int sysfs_create_file(struct kobject *object, const struct attribute *attribute);
void sysfs_remove_file(struct kobject *object, const struct attribute *attribute);
int sysfs_create_group(struct kobject *object, const struct attribute_group *group);
void sysfs_remove_group(struct kobject *object, const struct attribute_group *group);
__printf(2, 3) int sprintf(char *buf, const char *fmt, ...);
#define sysfs_emit(buf, fmt, args...) sprintf(buf, fmt, ##args)
