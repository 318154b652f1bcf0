/* hTLS connections with a peer that echoes, waited for with lists of poll_oneoff.
 *
 *   lists ADDRESS NAME CONNECTIONS idle ROUNDS     one after the other sends; the list is Go's
 *   lists ADDRESS NAME CONNECTIONS change ROUNDS   all changes at random, the list too
 *   lists ADDRESS NAME CONNECTIONS descriptors 1   the list stays, and its descriptors do not
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#include "guest.h"
#include "timecraft.h"

enum { LONGEST = 1024, MOST_SENT = 300, PATIENCE = 30 /* seconds */, NOBODY = 9999 };

#define MILLISECOND UINT64_C(1000000)

typedef struct connection {
    int fd;
    int owed; /* bytes that the peer has been sent, and that were not received yet */
    int told; /* that there are some, since the last receive */
} connection;

/* Who a subscription is for: the connection of that number, for reading; if there is none, what
 * follows it. */
enum { FOR_WRITING = 1000, FOR_NO_DESCRIPTOR = 2000, FOR_LISTENER = 3000, FOR_CLOCK = 4000 };

static connection connections[FOR_WRITING];
static int count, listener;
static const char *peer, *name;

static __wasi_subscription_t list[LONGEST];
static int whose[LONGEST];
static int length;

static uint32_t state = 12345; /* of xorshift */

static int chance(int sides) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (int)(state % (uint32_t)sides);
}

static void fail(const char *what) {
    printf("%s: %s\n", what, error_name(errno));
    exit(1);
}

static void begin(int number) {
    int fd = open_connection(peer, name, false);
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        fail("connect");
    connections[number] = (connection){.fd = fd};
}

static void ask(int number, int size) {
    static const char bytes[MOST_SENT];
    if (send(connections[number].fd, bytes, (size_t)size, 0) != size)
        fail("send");
    connections[number].owed += size;
}

static void take(int number, int most) {
    char bytes[MOST_SENT];
    ssize_t got = recv(connections[number].fd, bytes, (size_t)most, 0);
    if (got < 0 && errno == EAGAIN && !connections[number].told)
        got = 0;
    else if (got <= 0 || got > connections[number].owed)
        fail("recv");
    connections[number].owed -= (int)got;
    connections[number].told = 0;
}

static void put(int place, int who) {
    __wasi_subscription_t *one = &list[place];
    memset(one, 0, sizeof *one);
    whose[place] = who;
    one->userdata = (uint64_t)who;
    one->u.tag = __WASI_EVENTTYPE_FD_READ;
    if (who < FOR_WRITING) {
        one->u.u.fd_read.file_descriptor = connections[who].fd;
    } else if (who < FOR_NO_DESCRIPTOR) {
        one->u.tag = __WASI_EVENTTYPE_FD_WRITE;
        one->u.u.fd_write.file_descriptor = connections[who - FOR_WRITING].fd;
    } else if (who == FOR_NO_DESCRIPTOR) {
        one->u.u.fd_read.file_descriptor = NOBODY;
    } else if (who == FOR_LISTENER) {
        one->u.u.fd_read.file_descriptor = listener;
    } else {
        one->u.tag = __WASI_EVENTTYPE_CLOCK;
        one->u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
    }
}

static int is_ready(int who) {
    if (who < FOR_WRITING)
        return connections[who].owed > 0;
    return who < FOR_LISTENER || who == FOR_CLOCK;
}

/* Whether what must be told was told: all that holds for certain, and nothing else, in the list's
 * order. Returns how many of the list's connections for reading have something or will have. */
static int check(const __wasi_event_t *events, size_t happened) {
    int missing = 0;
    size_t at = 0;
    for (int i = 1; i < length; i++) {
        int who = whose[i];
        if (at == happened || events[at].userdata != (uint64_t)who) {
            if (who < FOR_WRITING ? connections[who].told : is_ready(who))
                fail(who < FOR_WRITING ? "an event that is told no longer"
                                       : "an event that was not told");
            missing += is_ready(who);
            continue;
        }
        if (!is_ready(who) || events[at].type != list[i].u.tag ||
            events[at].error != (who == FOR_NO_DESCRIPTOR ? __WASI_ERRNO_BADF : 0))
            fail("an event that nothing happened for");
        at++;
    }
    if (at != happened)
        fail("an event of nobody");
    for (at = 0; at < happened; at++)
        if (events[at].userdata < FOR_WRITING)
            connections[events[at].userdata].told = 1;
    return missing;
}

/* One call; the first subscription is a time limit, which is left out if it is negative. */
static int poll_list(int64_t limit) {
    static __wasi_event_t events[LONGEST];
    __wasi_size_t happened = 0;
    int first = limit < 0;
    list[0].u.u.clock.timeout = (uint64_t)limit;
    __wasi_errno_t error =
        __wasi_poll_oneoff(list + first, events, (__wasi_size_t)(length - first), &happened);
    if (error)
        fail("poll_oneoff");
    /* The limit may have passed or not. */
    size_t skipped = happened && events[0].userdata == FOR_CLOCK;
    return check(events + skipped, happened - skipped);
}

/* Go's list: what is ready is taken out, and the last put in its place. */
static void take_out(int place) {
    list[place] = list[--length];
    whose[place] = whose[length];
}

/* The port of a listener that is waited for no longer is free at once. */
static void listen_again(void) {
    struct address any;
    any.length = sizeof any.room;
    if (getsockname(listener, &any.any, &any.length) < 0 || close(listener) < 0)
        fail("close");
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, &any.any, any.length) < 0 || listen(listener, 1) < 0)
        fail("the same port again");
}

static void idle(int rounds) {
    put(length++, FOR_LISTENER);
    for (int i = 0; i < count; i++)
        put(length++, i);
    for (int round = 0; round < rounds; round++) {
        int number = round * 7 % count, place = 0;
        ask(number, 100);
        poll_list(0);
        poll_list(-1);
        while (whose[place] != number)
            place++;
        take_out(place);
        while (connections[number].owed)
            take(number, MOST_SENT);
        poll_list(0);
        put(length++, number);
    }
    listen_again();
}

static int random_subscriber(void) {
    int kind = chance(20), number = chance(count);
    return kind == 0 ? FOR_WRITING + number : kind == 1 ? FOR_NO_DESCRIPTOR : number;
}

static void renew(int number) {
    close(connections[number].fd); /* whose number is free, and the next one's */
    begin(number);
    for (int i = 1; i < length; i++)
        if (whose[i] % FOR_WRITING == number && whose[i] < FOR_NO_DESCRIPTOR)
            put(i, whose[i]);
}

static void change_something(void) {
    int number = chance(count), place = 1 + chance(length);
    switch (chance(12)) {
    case 0:
        if (chance(4) == 0)
            renew(number);
        break;
    case 1:
    case 2:
        if (length < LONGEST)
            put(length++, random_subscriber());
        break;
    case 3:
    case 4:
        if (place < length)
            take_out(place);
        break;
    case 5:
        if (place < length)
            put(place, random_subscriber());
        break;
    case 6:
        if (place < length) { /* it is another list, of the same descriptor */
            list[place].u.tag = __WASI_EVENTTYPE_FD_READ;
            put(place, whose[place]);
        }
        break;
    case 7:
    case 8:
        take(number, 1 + chance(MOST_SENT));
        break;
    default:
        if (connections[number].owed < 10 * MOST_SENT)
            ask(number, 1 + chance(MOST_SENT));
    }
}

static void change(int rounds) {
    for (int round = 0; round < rounds; round++) {
        for (int changes = chance(6); changes >= 0; changes--)
            change_something();
        int missing = poll_list(0);
        for (time_t begun = time(NULL); missing && time(NULL) - begun < PATIENCE;)
            missing = poll_list(chance(2) ? -1 : (int64_t)MILLISECOND);
        if (missing)
            fail("an event that never came");
    }
}

/* Fails unless the one event of the list, which may be waited for, is the connection's. */
static void expect(int number, __wasi_errno_t error) {
    __wasi_event_t events[LONGEST];
    __wasi_size_t happened = 0;
    if (__wasi_poll_oneoff(list + 1, events, (__wasi_size_t)(length - 1), &happened) ||
        happened != 1 || events[0].userdata != (uint64_t)number || events[0].error != error)
        fail("not the event that was expected");
}

static void descriptors(void) {
    int last = count - 1;
    for (int i = 0; i < count; i++)
        put(length++, i);
    poll_list(0);
    ask(last, 1);
    expect(last, 0);
    take(last, 1);
    poll_list(0);
    if (__wasi_fd_renumber(connections[0].fd, connections[1].fd))
        fail("fd_renumber");
    expect(0, __WASI_ERRNO_BADF);
    connections[0].fd = connections[1].fd; /* and only the list's second is of it */
    take_out(1);
    poll_list(0);
    ask(0, 1);
    expect(1, 0);
    take(0, 1);
    if (__wasi_fd_fdstat_set_rights(connections[2].fd, __WASI_RIGHTS_FD_READ, 0))
        fail("fd_fdstat_set_rights");
    expect(2, __WASI_ERRNO_NOTCAPABLE);
}

int main(int argc, char **argv) {
    struct address any;
    if (argc != 6)
        return 2;
    count = atoi(argv[3]);
    peer = argv[1];
    name = argv[2];
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || parse_address("127.0.0.1:0", &any) != 0 ||
        bind(listener, &any.any, any.length) < 0 || listen(listener, 1) < 0)
        fail("a socket that listens");
    for (int i = 0; i < count; i++)
        begin(i);
    put(length++, FOR_CLOCK);
    if (strcmp(argv[4], "idle") == 0)
        idle(atoi(argv[5]));
    else if (strcmp(argv[4], "change") == 0)
        change(atoi(argv[5]));
    else
        descriptors();
    puts("done");
    return 0;
}
