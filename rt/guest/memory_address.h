/* Where the linear memory of a module stands that has one, and was built with -O1 or more.
 *
 * The address is a constant in such a module's code, so that no instruction has to get it from
 * somewhere first: most of what a translated module does is to load and store. Included by wasm2c's
 * output in place of its own MEM_ADDR_MEMOP, and by the binding (see tc_module).
 *
 * 256 MiB: an x86 instruction can hold it together with most modules' own offsets (they have 31
 * bits for both), a null pointer does not reach it with an offset that a structure of the host has,
 * and Linux puts nothing of a position-independent program there. AddressSanitizer needs that
 * range; CMake gives a runtime built with it another address.
 */
#ifndef TC_GUEST_MEMORY_ADDRESS_H
#define TC_GUEST_MEMORY_ADDRESS_H

#ifndef TC_MEMORY_ADDRESS
#define TC_MEMORY_ADDRESS 0x10000000ul
#endif

/* A pointer to what a load or a store reaches at the 64-bit sum `address` of index and offset. tcc,
 * which may compile a part of the module, is not told of another address, and wins nothing by one.
 */
#ifdef __TINYC__
#define MEM_ADDR_MEMOP(memory, address, size) ((uint8_t *)(memory)->data + (address))
#else
#define MEM_ADDR_MEMOP(memory, address, size) ((uint8_t *)((address) + TC_MEMORY_ADDRESS))
#endif

#endif
