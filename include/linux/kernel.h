#pragma once
#include <stdarg.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/limits.h>
#include <linux/container_of.h>
#include <linux/minmax.h>
#include <linux/kern_levels.h>
#include <linux/printk.h>
#include <linux/errno.h>
#include <linux/bug.h>
#include <linux/kstrtox.h>
#include <linux/barrier.h>
#include <linux/string.h>

/*: 11 How many elements an array has */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*: 11 Division and rounding of integers */
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define DIV_ROUND_CLOSEST(n, d) (((n) + (d) / 2) / (d))
#define roundup(x, y) ((((x) + ((y) - 1)) / (y)) * (y))
#define rounddown(x, y) ((x) - (x) % (y))
#define round_up(x, y) ((((x) - 1) | ((__typeof__(x))(y) - 1)) + 1)
#define round_down(x, y) ((x) & ~((__typeof__(x))(y) - 1))
#define ALIGN(x, a) (((x) + (__typeof__(x))(a) - 1) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define upper_32_bits(n) ((u32)((n) >> 16 >> 16))
#define lower_32_bits(n) ((u32)(n))
#define abs(x) ({ __typeof__(x) __v = (x); __v < 0 ? -__v : __v; })

/*: 4 Text in a form like that of printf; scnprintf returns what is there, snprintf what would be */
__printf(2, 3) int sprintf(char *buf, const char *fmt, ...);
__printf(3, 4) int snprintf(char *buf, size_t size, const char *fmt, ...);
__printf(3, 4) int scnprintf(char *buf, size_t size, const char *fmt, ...);
__printf(2, 0) int vsprintf(char *buf, const char *fmt, va_list args);
__printf(3, 0) int vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
__printf(3, 0) int vscnprintf(char *buf, size_t size, const char *fmt, va_list args);

/*: 4 Reads values out of a text; how many there were */
int sscanf(const char *text, const char *form, ...) __attribute__((format(scanf, 2, 3)));

/*: 6 Says that the caller may sleep: a finding where it may not */
void might_sleep(void);

/*: 4 The lines of the backtrace that leads here */
void dump_stack(void);

/*: 4 Ends the machine */
__printf(1, 2) void panic(const char *fmt, ...) __attribute__((noreturn));
