#pragma once
#include <linux/delay.h>
