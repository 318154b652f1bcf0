/* The frame pointer's number in unwind tables (the psABI's DWARF register numbers). */
#ifndef TC_GUEST_FRAME_POINTER_H
#define TC_GUEST_FRAME_POINTER_H

#if defined __x86_64__
enum { TC_FRAME_POINTER = 6 };
#elif defined __aarch64__
enum { TC_FRAME_POINTER = 29 };
#else
#error "say here which register is the frame pointer"
#endif

#endif
