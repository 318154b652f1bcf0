/* gethostbyname and its relatives, on top of getaddrinfo. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

#define MAX_ADDRESSES 32
#define NAME_SIZE     256

static int host_errno;

int *__h_errno_location(void) {
    return &host_errno;
}

/* The one static result of gethostbyname. */
static struct {
    struct hostent entry;
    char name[NAME_SIZE];
    char *aliases[1];
    char *list[MAX_ADDRESSES + 1];
    uint8_t addresses[MAX_ADDRESSES][16];
} answer;

static int error_from_gai(int error) {
    switch (error) {
    case EAI_NONAME:
        return HOST_NOT_FOUND;
    case EAI_AGAIN:
        return TRY_AGAIN;
    default:
        return NO_RECOVERY;
    }
}

static const void *address_bytes(const struct addrinfo *info) {
    if (info->ai_family == AF_INET)
        return &((const struct sockaddr_in *)info->ai_addr)->sin_addr;
    return &((const struct sockaddr_in6 *)info->ai_addr)->sin6_addr;
}

struct hostent *gethostbyname2(const char *name, int family) {
    struct addrinfo hints = {0}, *list;
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_CANONNAME;
    int error = getaddrinfo(name, NULL, &hints, &list);
    if (error) {
        h_errno = error_from_gai(error);
        return NULL;
    }
    int length = family == AF_INET ? 4 : 16;
    size_t count = 0;
    for (const struct addrinfo *i = list; i && count < MAX_ADDRESSES; i = i->ai_next) {
        memcpy(answer.addresses[count], address_bytes(i), (size_t)length);
        answer.list[count] = (char *)answer.addresses[count];
        count++;
    }
    answer.list[count] = NULL;
    snprintf(answer.name, sizeof answer.name, "%s", list->ai_canonname);
    freeaddrinfo(list);
    answer.entry = (struct hostent){answer.name, answer.aliases, family, length, answer.list};
    return &answer.entry;
}

struct hostent *gethostbyname(const char *name) {
    return gethostbyname2(name, AF_INET);
}

struct hostent *gethostbyaddr(const void *address, socklen_t length, int family) {
    if ((family != AF_INET || length != 4) && (family != AF_INET6 || length != 16)) {
        h_errno = NO_RECOVERY;
        return NULL;
    }
    int error = tc_address_name(family, address, answer.name, sizeof answer.name);
    if (error || !answer.name[0]) {
        h_errno = error == EAGAIN ? TRY_AGAIN : HOST_NOT_FOUND;
        return NULL;
    }
    memcpy(answer.addresses[0], address, length);
    answer.list[0] = (char *)answer.addresses[0];
    answer.list[1] = NULL;
    answer.entry = (struct hostent){answer.name, answer.aliases, family, (int)length, answer.list};
    return &answer.entry;
}

const char *hstrerror(int error) {
    switch (error) {
    case 0:
        return "No error";
    case HOST_NOT_FOUND:
        return "Host not found";
    case TRY_AGAIN:
        return "Name server gave no answer; try again";
    case NO_DATA:
        return "Name has no address";
    default:
        return "Name can't be resolved";
    }
}

void herror(const char *prefix) {
    fprintf(stderr, "%s%s%s\n", prefix ? prefix : "", prefix && *prefix ? ": " : "",
            hstrerror(h_errno));
}
