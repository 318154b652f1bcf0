/* QuickJS with sockets: runs the script that is its only argument. Besides the language a script
 * has print(text), connect(host, port), send(socket, text), receive(socket), which gives "" at the
 * end, and close(socket). An error of the system is a JavaScript error with its words. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "quickjs.h"

static JSValue failure(JSContext *js, const char *what) {
    return JS_ThrowInternalError(js, "%s: %s", what, strerror(errno));
}

static JSValue print(JSContext *js, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    (void)count;
    const char *text = JS_ToCString(js, values[0]);
    if (!text)
        return JS_EXCEPTION;
    puts(text);
    JS_FreeCString(js, text);
    return JS_UNDEFINED;
}

static JSValue connect_to(JSContext *js, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    (void)count;
    const char *host = JS_ToCString(js, values[0]);
    const char *port = JS_ToCString(js, values[1]);
    JSValue result = JS_EXCEPTION;
    if (host && port) {
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
        int error = getaddrinfo(host, port, &hints, &found);
        int fd = error ? -1 : socket(found->ai_family, SOCK_STREAM, 0);
        if (error)
            result = JS_ThrowInternalError(js, "getaddrinfo: %s", gai_strerror(error));
        else if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen))
            result = failure(js, "connect");
        else
            result = JS_NewInt32(js, fd);
        if (!error)
            freeaddrinfo(found);
    }
    JS_FreeCString(js, host);
    JS_FreeCString(js, port);
    return result;
}

static JSValue send_text(JSContext *js, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    (void)count;
    int fd;
    size_t size;
    const char *text = JS_ToCStringLen(js, &size, values[1]);
    if (!text)
        return JS_EXCEPTION;
    JSValue result = JS_UNDEFINED;
    if (JS_ToInt32(js, &fd, values[0]))
        result = JS_EXCEPTION;
    for (size_t sent = 0; JS_IsUndefined(result) && sent < size;) {
        ssize_t part = send(fd, text + sent, size - sent, 0);
        if (part < 0)
            result = failure(js, "send");
        else
            sent += (size_t)part;
    }
    JS_FreeCString(js, text);
    return result;
}

static JSValue receive(JSContext *js, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    (void)count;
    int fd;
    char buffer[4096];
    if (JS_ToInt32(js, &fd, values[0]))
        return JS_EXCEPTION;
    ssize_t size = recv(fd, buffer, sizeof buffer, 0);
    return size < 0 ? failure(js, "recv") : JS_NewStringLen(js, buffer, (size_t)size);
}

static JSValue close_it(JSContext *js, JSValueConst self, int count, JSValueConst *values) {
    (void)self;
    (void)count;
    int fd;
    if (JS_ToInt32(js, &fd, values[0]))
        return JS_EXCEPTION;
    return close(fd) ? failure(js, "close") : JS_UNDEFINED;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        JSCFunction *function;
        int parameters;
    } functions[] = {
        {"print", print, 1},     {"connect", connect_to, 2}, {"send", send_text, 2},
        {"receive", receive, 1}, {"close", close_it, 1},
    };
    if (argc != 2)
        return 2;
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *js = JS_NewContext(runtime);
    JSValue global = JS_GetGlobalObject(js);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        JS_SetPropertyStr(
            js, global, functions[i].name,
            JS_NewCFunction(js, functions[i].function, functions[i].name, functions[i].parameters));
    JS_FreeValue(js, global);
    JSValue result = JS_Eval(js, argv[1], strlen(argv[1]), "script", JS_EVAL_TYPE_GLOBAL);
    int failed = JS_IsException(result);
    if (failed) {
        JSValue error = JS_GetException(js);
        const char *text = JS_ToCString(js, error);
        fprintf(stderr, "%s\n", text ? text : "an error without words");
        JS_FreeCString(js, text);
        JS_FreeValue(js, error);
    }
    JS_FreeValue(js, result);
    JS_FreeContext(js);
    JS_FreeRuntime(runtime);
    return failed;
}
