/* Look-ups that the guest does not wait for, by getaddrinfo_a(3), which has threads for them: the
 * host's resolver knows no other way to do something else meanwhile. The guest asks again until
 * there is an answer. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/internal.h"

enum { MOST_LOOKUPS = 32 };

/* A guest that has not asked again for so long has given up. */
#define PATIENCE UINT64_C(5000000000)

typedef struct lookup {
    char name[NI_MAXHOST], service[NI_MAXHOST];
    struct addrinfo hints;
    struct gaicb request; /* points to those above */
    uint64_t asked_at;    /* for the last time, tc_io_now */
} lookup;

static lookup *lookups[MOST_LOOKUPS];

static bool asks_the_same(const lookup *one, const char *name, const char *service,
                          const struct addrinfo *hints) {
    return strcmp(one->name, name) == 0 && !one->request.ar_service == !service &&
           (!service || strcmp(one->service, service) == 0) &&
           one->hints.ai_family == hints->ai_family && one->hints.ai_flags == hints->ai_flags &&
           one->hints.ai_socktype == hints->ai_socktype &&
           one->hints.ai_protocol == hints->ai_protocol;
}

static void forget(lookup **place) {
    free(*place);
    *place = NULL;
}

/* What a guest has given up goes, unless a thread is at it. */
static void drop_abandoned(void) {
    uint64_t now = tc_io_now();
    for (lookup **place = lookups; place < lookups + MOST_LOOKUPS; place++) {
        lookup *one = *place;
        if (!one || now - one->asked_at < PATIENCE)
            continue;
        if (gai_error(&one->request) == EAI_INPROGRESS &&
            gai_cancel(&one->request) == EAI_NOTCANCELED)
            continue;
        if (gai_error(&one->request) == 0)
            freeaddrinfo(one->request.ar_result);
        forget(place);
    }
}

static lookup **place_of(const char *name, const char *service, const struct addrinfo *hints) {
    lookup **free_place = NULL;
    for (lookup **place = lookups; place < lookups + MOST_LOOKUPS; place++) {
        if (!*place)
            free_place = place;
        else if (asks_the_same(*place, name, service, hints))
            return place;
    }
    return free_place;
}

static int begin(lookup **place, const char *name, const char *service,
                 const struct addrinfo *hints) {
    lookup *one = calloc(1, sizeof *one);
    if (!one)
        return EAI_MEMORY;
    snprintf(one->name, sizeof one->name, "%s", name);
    snprintf(one->service, sizeof one->service, "%s", service ? service : "");
    one->hints = *hints;
    one->request = (struct gaicb){.ar_name = one->name,
                                  .ar_service = service ? one->service : NULL,
                                  .ar_request = &one->hints};
    one->asked_at = tc_io_now();
    int error = getaddrinfo_a(GAI_NOWAIT, (struct gaicb *[]){&one->request}, 1, NULL);
    if (error) {
        free(one);
        return error;
    }
    *place = one;
    return EAI_INPROGRESS;
}

int tc_lookup(const char *name, const char *service, const struct addrinfo *hints,
              struct addrinfo **found) {
    if (service && strlen(service) >= sizeof lookups[0]->service)
        return EAI_SERVICE;
    drop_abandoned();
    lookup **place = place_of(name, service, hints);
    if (!place)
        return EAI_INPROGRESS; /* one gets free */
    if (!*place)
        return begin(place, name, service, hints);
    lookup *one = *place;
    int error = gai_error(&one->request);
    one->asked_at = tc_io_now();
    if (error != EAI_INPROGRESS) {
        *found = one->request.ar_result;
        forget(place);
    }
    return error;
}
