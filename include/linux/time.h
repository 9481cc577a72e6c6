#pragma once
#include <linux/types.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
