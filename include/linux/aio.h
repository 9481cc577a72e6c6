#pragma once
#include <linux/fs.h>
#include <linux/workqueue.h>
