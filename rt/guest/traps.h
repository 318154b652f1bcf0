/* Traps for which wasm2c's runtime has no number. Included by wasm2c's output too. */
#ifndef TC_GUEST_TRAPS_H
#define TC_GUEST_TRAPS_H

#define TC_TRAP_WAIT 64 /* memory.atomic.wait where memory is not shared */

#endif
