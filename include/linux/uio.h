#pragma once
#include <linux/fs.h>
