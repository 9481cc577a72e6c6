#pragma once
#include <linux/kobject.h>
