#pragma once
#include <linux/semaphore.h>
