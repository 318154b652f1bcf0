/* The resolver's process: a thread a question, as long as its program runs. */
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/confine.h"
#include "net/lookup.h"

static int channel;

/* ---- answers ---- */

static void take_addresses(const struct addrinfo *found, tc_lookup_answer *answer) {
    if (found->ai_canonname)
        strncpy(answer->name, found->ai_canonname, sizeof answer->name - 1);
    for (; found && answer->count < TC_LOOKUP_ADDRESSES; found = found->ai_next) {
        tc_lookup_address *one = &answer->addresses[answer->count];
        if (found->ai_family != AF_INET && found->ai_family != AF_INET6)
            continue;
        one->type = found->ai_socktype;
        one->protocol = found->ai_protocol;
        memcpy(&one->address, found->ai_addr, found->ai_addrlen);
        answer->count++;
    }
}

static void look_up(const tc_lookup_question *question, tc_lookup_answer *answer) {
    struct addrinfo hints = {.ai_family = question->family,
                             .ai_socktype = question->type,
                             .ai_protocol = question->protocol,
                             .ai_flags = question->flags};
    struct addrinfo *found = NULL;
    errno = 0;
    answer->error = getaddrinfo(question->has_name ? question->name : NULL,
                                question->has_service ? question->service : NULL, &hints, &found);
    answer->system_error = errno;
    if (answer->error)
        return;
    take_addresses(found, answer);
    freeaddrinfo(found);
}

static void look_up_reverse(const tc_lookup_question *question, tc_lookup_answer *answer) {
    errno = 0;
    answer->error =
        getnameinfo((const struct sockaddr *)&question->address,
                    question->address.sin6_family == AF_INET ? sizeof(struct sockaddr_in)
                                                             : sizeof question->address,
                    answer->name, sizeof answer->name, NULL, 0, NI_NAMEREQD);
    answer->system_error = errno;
}

/* For what is not answered the program would wait for ever; for a process that has ended it does
 * not. */
static void answer_with(const tc_lookup_answer *answer) {
    ssize_t sent;
    do
        sent = send(channel, answer, sizeof *answer, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent != (ssize_t)sizeof *answer)
        _exit(1);
}

static void *answer_question(void *argument) {
    tc_lookup_question *question = argument;
    tc_lookup_answer answer = {.number = question->number};
    if (question->reverse)
        look_up_reverse(question, &answer);
    else
        look_up(question, &answer);
    free(question);
    answer_with(&answer);
    return NULL;
}

static void begin(const tc_lookup_question *asked) {
    pthread_t thread;
    pthread_attr_t attributes;
    tc_lookup_question *question = malloc(sizeof *question);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (question) {
        *question = *asked;
        question->name[sizeof question->name - 1] = 0;
        question->service[sizeof question->service - 1] = 0;
    }
    if (!question || pthread_create(&thread, &attributes, answer_question, question) != 0) {
        tc_lookup_answer answer = {.number = asked->number, .error = EAI_MEMORY};
        free(question);
        answer_with(&answer);
    }
    pthread_attr_destroy(&attributes);
}

/* ---- its start ---- */

/* It ends with its program, not before: a signal to the whole group of processes is the program's.
 */
static void ignore_signals(void) {
    static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGPIPE, SIGALRM,
                                  SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_IGN);
}

/* Nothing of the program's stays open here: a pipe's end would be noticed, and with the other end
 * of its own channel it would never end. There is no close_range(2) before Linux 5.9. */
static void close_others(int kept) {
    struct rlimit limit;
    if (dup2(kept, STDIN_FILENO) < 0)
        _exit(1);
    if (syscall(SYS_close_range, 1u, UINT_MAX, 0u) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX)
        _exit(1);
    for (int fd = 1; fd < (int)limit.rlim_cur; fd++)
        close(fd);
}

_Noreturn void tc_resolver_serve(int socket, bool network, bool required) {
    tc_lookup_question question;
    ssize_t got;
    ignore_signals();
    close_others(socket);
    channel = STDIN_FILENO;
    prctl(PR_SET_NAME, "resolver");
    if (!tc_confine_resolver(network) && required)
        _exit(1);
    while ((got = recv(channel, &question, sizeof question, 0)) != 0) {
        if (got == (ssize_t)sizeof question)
            begin(&question);
        else if (got < 0 && errno != EINTR)
            break;
    }
    _exit(0); /* whatever its threads still wait for */
}
