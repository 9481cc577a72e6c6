#pragma once

#include <linux/compiler.h>

/*: 2 What other modules may use, which are loaded behind this one and keep it from being unloaded */
#define EXPORT_SYMBOL(name) \
	static const char __UNIQUE_ID(export)[] __used __section(".modinfo") __aligned(1) = "export=" #name
#define EXPORT_SYMBOL_GPL(name) EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_NS(name, space) EXPORT_SYMBOL(name)
