/* <termios.h> for guests of Timecraft (IEEE Std 1003.1-2017). A guest can tell whether a descriptor
 * is a terminal (isatty), and change nothing about it: ENOTTY. */
#ifndef TIMECRAFT_TERMIOS_H
#define TIMECRAFT_TERMIOS_H

#include <sys/types.h>

typedef unsigned char cc_t;
typedef unsigned int speed_t;
typedef unsigned int tcflag_t;

#define NCCS 32

struct termios {
    tcflag_t c_iflag;
    tcflag_t c_oflag;
    tcflag_t c_cflag;
    tcflag_t c_lflag;
    cc_t c_line;
    cc_t c_cc[NCCS];
    speed_t c_ispeed;
    speed_t c_ospeed;
};

/* Their numbers on Linux. */
#define BRKINT 0000002
#define INPCK  0000020
#define ISTRIP 0000040
#define ICRNL  0000400
#define IXON   0002000
#define OPOST  0000001
#define ONLCR  0000004
#define CSIZE  0000060
#define CS8    0000060
#define PARENB 0000400
#define ISIG   0000001
#define ICANON 0000002
#define ECHO   0000010
#define ECHOE  0000020
#define ECHOK  0000040
#define ECHONL 0000100
#define IEXTEN 0100000
#define VINTR  0
#define VEOF   4
#define VTIME  5
#define VMIN   6

#define TCSANOW   0
#define TCSADRAIN 1
#define TCSAFLUSH 2
#define TCIFLUSH  0
#define TCOFLUSH  1
#define TCIOFLUSH 2

#ifdef __cplusplus
extern "C" {
#endif

int tcgetattr(int, struct termios *);
int tcsetattr(int, int, const struct termios *);
int tcflush(int, int);

#ifdef __cplusplus
}
#endif

#endif
