#pragma once
#include <linux/types.h>

/*: 7 Sleeps; msleep_interruptible returns what is left when a signal comes */
void msleep(unsigned int milliseconds);
unsigned long msleep_interruptible(unsigned int milliseconds);
void usleep_range(unsigned long least, unsigned long most);
#define ssleep(seconds) msleep((seconds) * 1000)

/*: 7 Keeps the CPU busy */
void udelay(unsigned long microseconds);
#define mdelay(milliseconds) udelay((milliseconds) * 1000UL)
#define ndelay(nanoseconds) udelay(((nanoseconds) + 999) / 1000)
