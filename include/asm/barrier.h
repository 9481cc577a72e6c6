#pragma once
#include <linux/barrier.h>
