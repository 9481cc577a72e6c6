#pragma once
#include <linux/gfp.h>
