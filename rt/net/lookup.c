/* Look-ups that the guest does not wait for: each has a thread of its own, because the host's
 * resolver knows no other way to do something else meanwhile. The guest asks again until there is
 * an answer. */
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/internal.h"

enum {
    MOST_LOOKUPS = 32,
    ANSWER_LIFETIME = 5, /* seconds; the guest may have gone away meanwhile */
    STACK_SIZE = 1 << 20,
};

typedef struct lookup {
    char name[NI_MAXHOST], service[NI_MAXHOST];
    struct addrinfo hints;
    bool has_service, answered;
    time_t answered_at;
    int error, error_errno;
    struct addrinfo *found;
} lookup;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static lookup *lookups[MOST_LOOKUPS];

static time_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static void *answer(void *argument) {
    lookup *one = argument;
    struct addrinfo *found = NULL;
    errno = 0;
    int error = getaddrinfo(one->name, one->has_service ? one->service : NULL, &one->hints, &found);
    int error_errno = errno;
    pthread_mutex_lock(&lock);
    one->error = error;
    one->error_errno = error_errno;
    one->found = error ? NULL : found;
    one->answered_at = now();
    one->answered = true;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static bool start(lookup *one) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    bool started = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                   pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0 &&
                   pthread_create(&thread, &attributes, answer, one) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

static bool asks_the_same(const lookup *one, const char *name, const char *service,
                          const struct addrinfo *hints) {
    return strcmp(one->name, name) == 0 && one->has_service == (service != NULL) &&
           (!service || strcmp(one->service, service) == 0) &&
           one->hints.ai_family == hints->ai_family && one->hints.ai_flags == hints->ai_flags &&
           one->hints.ai_socktype == hints->ai_socktype &&
           one->hints.ai_protocol == hints->ai_protocol;
}

/* Of answers that nobody came for, those that are too old go. */
static void drop_old_answers(void) {
    for (size_t i = 0; i < MOST_LOOKUPS; i++) {
        lookup *one = lookups[i];
        if (!one || !one->answered || now() - one->answered_at < ANSWER_LIFETIME)
            continue;
        if (one->found)
            freeaddrinfo(one->found);
        free(one);
        lookups[i] = NULL;
    }
}

static lookup **place_of(const char *name, const char *service, const struct addrinfo *hints) {
    lookup **free_place = NULL;
    for (size_t i = 0; i < MOST_LOOKUPS; i++) {
        if (!lookups[i])
            free_place = &lookups[i];
        else if (asks_the_same(lookups[i], name, service, hints))
            return &lookups[i];
    }
    return free_place;
}

/* Hands the answer over, and forgets the look-up. */
static int take(lookup **place, struct addrinfo **found) {
    lookup *one = *place;
    int error = one->error;
    *found = one->found;
    errno = one->error_errno;
    free(one);
    *place = NULL;
    return error;
}

static int begin(lookup **place, const char *name, const char *service,
                 const struct addrinfo *hints) {
    lookup *one = calloc(1, sizeof *one);
    if (!one)
        return EAI_MEMORY;
    snprintf(one->name, sizeof one->name, "%s", name);
    snprintf(one->service, sizeof one->service, "%s", service ? service : "");
    one->has_service = service != NULL;
    one->hints = *hints;
    if (!start(one)) {
        free(one);
        return EAI_MEMORY;
    }
    *place = one;
    return EAI_INPROGRESS;
}

int tc_lookup(const char *name, const char *service, const struct addrinfo *hints,
              struct addrinfo **found) {
    int error = EAI_INPROGRESS; /* also where all places are taken: one gets free */
    pthread_mutex_lock(&lock);
    drop_old_answers();
    lookup **place = place_of(name, service, hints);
    if (place && !*place)
        error = begin(place, name, service, hints);
    else if (place && (*place)->answered)
        error = take(place, found);
    pthread_mutex_unlock(&lock);
    return error;
}
