#pragma once
#include <linux/gfp.h>
#include <linux/fs.h>
