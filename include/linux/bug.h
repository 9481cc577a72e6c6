#pragma once
#include <linux/compiler.h>
#include <linux/printk.h>

void __scullery_bug(const char *what, const char *file, int line) __attribute__((noreturn));
void __scullery_warn(const char *what, const char *file, int line);

/*: 4 Ends the task with an oops, if the condition holds */
#define BUG() __scullery_bug("BUG", __FILE__, __LINE__)
#define BUG_ON(condition) do { if (unlikely(condition)) __scullery_bug(#condition, __FILE__, __LINE__); } while (0)

/*: 4 Warns with a backtrace, if the condition holds, and is its value */
#define WARN_ON(condition) ({ \
	int __holds = !!(condition); \
	if (unlikely(__holds)) __scullery_warn(#condition, __FILE__, __LINE__); \
	unlikely(__holds); })
#define WARN(condition, fmt, ...) ({ \
	int __is = !!(condition); \
	if (unlikely(__is)) { printk(KERN_WARNING fmt, ##__VA_ARGS__); __scullery_warn(#condition, __FILE__, __LINE__); } \
	unlikely(__is); })
#define WARN_ON_ONCE(condition) ({ \
	static bool __warned; \
	int __is = !!(condition); \
	if (unlikely(__is && !__warned)) { __warned = true; __scullery_warn(#condition, __FILE__, __LINE__); } \
	unlikely(__is); })
#define WARN_ONCE(condition, fmt, ...) WARN_ON_ONCE(condition)

/*: 4 An error of the compiler, if the condition holds */
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
