/* Questions to the resolver's process, some of which the guest does not wait for: it asks again
 * until there is an answer. */
#include "net/lookup.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest/report.h"
#include "net/internal.h"

enum { MOST_LOOKUPS = 32 };

/* A guest that has not asked again for so long has given up. */
#define PATIENCE UINT64_C(5000000000)

/* One that goes on, or whose answer nobody has fetched. */
typedef struct lookup {
    bool answered;
    uint64_t asked_at; /* for the last time, tc_io_now */
    tc_lookup_question question;
    tc_lookup_answer answer;
} lookup;

static lookup *lookups[MOST_LOOKUPS];
static int channel = -1;
static bool started;       /* or could not be: behind the wall there is no second try */
static uint32_t questions; /* so many were asked */

/* ---- the resolver's process ---- */

void tc_resolver_start(bool required) {
    int ends[2];
    if (started)
        return;
    started = true;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return;
    pid_t process = fork();
    if (process == 0)
        tc_resolver_serve(ends[1], tc_grants_any_connect(), required);
    close(ends[1]);
    if (process > 0)
        channel = ends[0];
    else
        close(ends[0]);
}

static void lose_resolver(void) {
    tc_report_once("no name can be looked up any more: the process that does it has ended");
    if (channel >= 0)
        close(channel);
    channel = -1;
}

/* EAI_AGAIN: there is nobody to answer. */
static int ask(tc_lookup_question *question) {
    tc_resolver_start(false); /* where it was not needed before: in tests */
    question->number = ++questions;
    ssize_t sent;
    do
        sent = send(channel, question, sizeof *question, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent == (ssize_t)sizeof *question)
        return 0;
    lose_resolver();
    return EAI_AGAIN;
}

/* What the resolver says is not believed further than it can be used. */
static void check(tc_lookup_answer *answer) {
    if (answer->count > TC_LOOKUP_ADDRESSES)
        answer->count = TC_LOOKUP_ADDRESSES;
    answer->name[sizeof answer->name - 1] = 0;
    for (uint32_t i = 0; i < answer->count; i++) {
        unsigned family = answer->addresses[i].address.sin6_family;
        if (family != AF_INET && family != AF_INET6)
            answer->count = i;
    }
    if (answer->error == EAI_INPROGRESS)
        answer->error = EAI_AGAIN;
}

static void keep(const tc_lookup_answer *answer) {
    for (lookup **place = lookups; place < lookups + MOST_LOOKUPS; place++)
        if (*place && !(*place)->answered && (*place)->question.number == answer->number) {
            (*place)->answer = *answer;
            (*place)->answered = true;
        }
}

/* Takes one answer, and keeps it if somebody will ask for it. False: there is none now (or, with
 * `wait`, nobody will answer). */
static bool receive(tc_lookup_answer *answer, bool wait) {
    struct pollfd arrival = {.fd = channel, .events = POLLIN};
    ssize_t got = -1;
    while (channel >= 0 && got != (ssize_t)sizeof *answer) {
        got = recv(channel, answer, sizeof *answer, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN && !wait)
            return false;
        if (got < 0 && errno == EAGAIN)
            poll(&arrival, 1, -1);
        else if (got == 0 || (got < 0 && errno != EINTR))
            lose_resolver();
    }
    if (channel < 0)
        return false;
    check(answer);
    keep(answer);
    return true;
}

/* ---- questions ---- */

int tc_lookup(const tc_lookup_question *question, tc_lookup_answer *answer) {
    tc_lookup_question asked = *question;
    int error = ask(&asked);
    if (error)
        return error;
    do
        if (!receive(answer, true))
            return EAI_AGAIN;
    while (answer->number != asked.number);
    errno = answer->system_error;
    return answer->error;
}

static bool asks_the_same(const tc_lookup_question *one, const tc_lookup_question *other) {
    return strcmp(one->name, other->name) == 0 && strcmp(one->service, other->service) == 0 &&
           one->has_name == other->has_name && one->has_service == other->has_service &&
           one->family == other->family && one->flags == other->flags && one->type == other->type &&
           one->protocol == other->protocol;
}

static void forget(lookup **place) {
    free(*place);
    *place = NULL;
}

/* What a guest has given up goes; its answer, when it comes, is nobody's. */
static void drop_abandoned(void) {
    uint64_t now = tc_io_now();
    for (lookup **place = lookups; place < lookups + MOST_LOOKUPS; place++)
        if (*place && now - (*place)->asked_at >= PATIENCE)
            forget(place);
}

static lookup **place_of(const tc_lookup_question *question) {
    lookup **free_place = NULL;
    for (lookup **place = lookups; place < lookups + MOST_LOOKUPS; place++) {
        if (!*place)
            free_place = place;
        else if (asks_the_same(&(*place)->question, question))
            return place;
    }
    return free_place;
}

static int begin(lookup **place, const tc_lookup_question *question) {
    lookup *one = calloc(1, sizeof *one);
    if (!one)
        return EAI_MEMORY;
    one->question = *question;
    one->asked_at = tc_io_now();
    int error = ask(&one->question);
    if (error) {
        free(one);
        return error;
    }
    *place = one;
    return EAI_INPROGRESS;
}

int tc_lookup_nowait(const tc_lookup_question *question, tc_lookup_answer *answer) {
    drop_abandoned();
    while (receive(answer, false))
        continue;
    lookup **place = place_of(question);
    if (!place)
        return EAI_INPROGRESS; /* one gets free */
    if (!*place)
        return begin(place, question);
    (*place)->asked_at = tc_io_now();
    if (!(*place)->answered)
        return channel < 0 ? forget(place), EAI_AGAIN : EAI_INPROGRESS;
    *answer = (*place)->answer;
    forget(place);
    errno = answer->system_error;
    return answer->error;
}
