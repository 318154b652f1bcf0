/* The functions that tcc calls for conversions between 64-bit unsigned integers and floating point.
 * They are part of tcc's own library; the binding, which another compiler translates, has them in
 * its place.
 */
#ifndef TC_TCC_SUPPORT_H
#define TC_TCC_SUPPORT_H

#include <stdint.h>

float __floatundisf(uint64_t value) {
    return (float)value;
}

double __floatundidf(uint64_t value) {
    return (double)value;
}

uint64_t __fixunssfdi(float value) {
    return (uint64_t)value;
}

uint64_t __fixunsdfdi(double value) {
    return (uint64_t)value;
}

#endif
