/* Speaks with a Redis server: hiredis PORT WRONG-PORT. */
#include <hiredis.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    struct timeval limit = {5, 0};
    if (argc < 3)
        return 1;
    redisContext *refused = redisConnectWithTimeout("127.0.0.1", atoi(argv[2]), limit);
    printf("%s\n", refused->err ? refused->errstr : "connected");
    redisFree(refused);
    redisContext *context = redisConnectWithTimeout("127.0.0.1", atoi(argv[1]), limit);
    if (context->err) {
        printf("%s\n", context->errstr);
        return 1;
    }
    redisEnableKeepAlive(context);
    redisReply *reply = redisCommand(context, "SET %s %b", "key", "a\0b", (size_t)3);
    printf("%s\n", reply->str);
    freeReplyObject(reply);
    for (int i = 0; i < 1000; i++)
        redisAppendCommand(context, "INCR counter");
    long long sum = 0;
    for (int i = 0; i < 1000; i++) {
        redisGetReply(context, (void **)&reply);
        sum += reply->integer;
        freeReplyObject(reply);
    }
    printf("%lld\n", sum);
    reply = redisCommand(context, "GET key");
    printf("%d %d\n", (int)reply->len, reply->str[2]);
    freeReplyObject(reply);
    reply = redisCommand(context, "NONSENSE");
    printf("%d %.3s\n", reply->type == REDIS_REPLY_ERROR, reply->str);
    freeReplyObject(reply);
    redisFree(context);
    return 0;
}
