#pragma once
#include <linux/preempt.h>
