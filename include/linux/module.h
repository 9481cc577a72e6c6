#pragma once
#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/stat.h>
#include <linux/init.h>
#include <linux/export.h>
#include <linux/moduleparam.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/version.h>

/*: 2 A module; THIS_MODULE is the one that the code is of */
struct module {
	const char *name;
	unsigned long reserved[4];
};
extern struct module __this_module;
#define THIS_MODULE (&__this_module)

/*: 2 What modinfo shows of a module */
#define MODULE_LICENSE(text) MODULE_INFO(license, text)
#define MODULE_AUTHOR(text) MODULE_INFO(author, text)
#define MODULE_DESCRIPTION(text) MODULE_INFO(description, text)
#define MODULE_VERSION(text) MODULE_INFO(version, text)
#define MODULE_ALIAS(text) MODULE_INFO(alias, text)
#define MODULE_SOFTDEP(text) MODULE_INFO(softdep, text)
#define MODULE_SUPPORTED_DEVICE(text)
#define MODULE_DEVICE_TABLE(type, name)

/*: 3 Keeps a module from being unloaded: one more use, one less */
bool try_module_get(struct module *module);
void module_put(struct module *module);
int module_refcount(struct module *module);
#define __module_get(module) ((void)try_module_get(module))
