/* The part of a C++ runtime that throws and catches, for guests that are compiled unchanged. */
#include "cxx_runtime.h"
