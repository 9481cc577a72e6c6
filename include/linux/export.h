#pragma once

/*: 2 What other modules may use: nothing here, each module stands alone */
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
