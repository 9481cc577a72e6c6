#pragma once
#include <linux/types.h>
#include <linux/compiler.h>

/*: 14 A counted object with a name: of it drivers of the book use no more than the name */
struct kobject { char name[24]; };
__printf(2, 3) int kobject_set_name(struct kobject *object, const char *format, ...);
static inline const char *kobject_name(const struct kobject *object) { return object->name; }
static inline void kobject_put(struct kobject *object) { (void)object; }
