/* Options are read as rt/options/options.h says, and every bad value is refused in words. */
#include "options/options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check.h"

/* Fresh options with `text` applied, which must be accepted. */
static tc_options accepted(const char *text) {
    tc_options options;
    char *error = NULL;
    tc_options_init(&options);
    if (tc_options_apply_text(&options, text, &error) != 0) {
        fprintf(stderr, "refused: %s: %s\n", text, error);
        failures++;
    }
    free(error);
    return options;
}

/* `text` is refused, with `words` in the message. */
static void refused(const char *text, const char *words) {
    tc_options options;
    char *error = NULL;
    tc_options_init(&options);
    if (tc_options_apply_text(&options, text, &error) != -1 || !error) {
        fprintf(stderr, "not refused: %s\n", text);
        failures++;
    } else if (!strstr(error, words)) {
        fprintf(stderr, "%s: \"%s\" is not in: %s\n", text, words, error);
        failures++;
    }
    free(error);
    tc_options_reset(&options);
}

static void the_last_word_on_confinement_counts(void) {
    tc_options options = accepted("--no-confinement --require-confinement --no-grants");
    CHECK(options.confinement == TC_CONFINEMENT_REQUIRED);
    tc_options_reset(&options);
    options = accepted("--require-confinement --no-confinement");
    CHECK(options.confinement == TC_CONFINEMENT_NONE);
    tc_options_forget_trace(&options); /* as of a record that is replayed */
    CHECK(options.confinement == TC_CONFINEMENT_ASKED);
    tc_options_reset(&options);
}

static void defaults_grant_nothing(void) {
    tc_options options = accepted("  ");
    CHECK(options.dir_count + options.env_count + options.connect_count + options.listen_count ==
          0);
    CHECK(!options.inherit_env && !options.require_tls);
    CHECK(options.max_memory == 0 && options.timeout_ns == 0);
    CHECK(options.handshake_timeout_ns == 30000000000u);
    CHECK(options.stack_size == 64u << 20);
    tc_options_reset(&options);
}

static void folders(void) {
    tc_options options = accepted("--dir=data --dir /srv/x::/y:ro --dir=z:ro --dir='a b::c'");
    CHECK(options.dir_count == 4);
    CHECK(!strcmp(options.dirs[0].host, "data") && !strcmp(options.dirs[0].guest, "data"));
    CHECK(!options.dirs[0].read_only);
    CHECK(!strcmp(options.dirs[1].host, "/srv/x") && !strcmp(options.dirs[1].guest, "/y"));
    CHECK(options.dirs[1].read_only);
    CHECK(!strcmp(options.dirs[2].host, "z") && options.dirs[2].read_only);
    CHECK(!strcmp(options.dirs[3].host, "a b") && !strcmp(options.dirs[3].guest, "c"));
    tc_options_reset(&options);

    options = accepted("--dir=one::/d --dir=two::/d:ro");
    CHECK(options.dir_count == 1 && !strcmp(options.dirs[0].host, "two"));
    CHECK(options.dirs[0].read_only);
    tc_options_reset(&options);

    options = accepted("--dir=data/ --dir=/srv//:ro --dir=x::/ --dir=.");
    CHECK(!strcmp(options.dirs[0].host, "data/") && !strcmp(options.dirs[0].guest, "data"));
    CHECK(!strcmp(options.dirs[1].guest, "/srv") && options.dirs[1].read_only);
    CHECK(!strcmp(options.dirs[2].guest, "/") && !strcmp(options.dirs[3].guest, "."));
    tc_options_reset(&options);

    refused("--dir", "--dir needs a value; write for example");
    refused("--dir --inherit-env", "--dir needs a value");
    refused("--dir=", "names no folder");
    refused("--dir=:ro", "names no folder");
    refused("--dir=::guest", "names no folder");
    refused("--dir=host::", "for the guest");
    refused("--dir=host:::ro", "for the guest");
}

static void environment(void) {
    tc_options options = accepted("--env=A --env B=1=2 --env=C= --env=B=3");
    CHECK(options.env_count == 3);
    CHECK(!strcmp(options.envs[0].name, "A") && options.envs[0].value == NULL);
    CHECK(!strcmp(options.envs[1].name, "B") && !strcmp(options.envs[1].value, "3"));
    CHECK(!strcmp(options.envs[2].value, ""));
    tc_options_reset(&options);
    refused("--env==x", "names no variable");
    refused("--inherit-env=yes", "takes no value");
}

static bool is_prefix(const tc_net_grant *grant, const char *address, unsigned bits, int port) {
    uint8_t bytes[16] = {0};
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;
    inet_pton(family, address, bytes);
    return grant->kind == TC_NET_PREFIX && grant->family == family && grant->prefix_len == bits &&
           grant->port == port && memcmp(grant->address, bytes, sizeof bytes) == 0;
}

static void network(void) {
    tc_options options = accepted("--allow-net");
    CHECK(options.connect_count == 1 && options.connects[0].kind == TC_NET_ANY);
    tc_options_reset(&options);

    options = accepted("--allow-net=Example.COM.:443,*,:80,*:81,unix:/run/x,a_b.c:*");
    CHECK(options.connect_count == 6);
    CHECK(options.connects[0].kind == TC_NET_NAME && options.connects[0].port == 443);
    CHECK(!strcmp(options.connects[0].name, "example.com"));
    CHECK(options.connects[1].kind == TC_NET_ANY && options.connects[1].port == 0);
    CHECK(options.connects[2].kind == TC_NET_ANY && options.connects[2].port == 80);
    CHECK(options.connects[3].kind == TC_NET_ANY && options.connects[3].port == 81);
    CHECK(options.connects[4].kind == TC_NET_UNIX);
    CHECK(!strcmp(options.connects[4].name, "/run/x"));
    CHECK(options.connects[5].kind == TC_NET_NAME && options.connects[5].port == 0);
    tc_options_reset(&options);

    options = accepted("--allow-listen=127.0.0.1:8080,10.1.2.3/8,::1,[::1]:443,[2001:db8::1]/33:1,"
                       "2001:db8::/32,::ffff:192.0.2.1,0.0.0.0/0,[::]/0");
    CHECK(options.listen_count == 9);
    CHECK(is_prefix(&options.listens[0], "127.0.0.1", 32, 8080));
    CHECK(is_prefix(&options.listens[1], "10.0.0.0", 8, 0));
    CHECK(is_prefix(&options.listens[2], "::1", 128, 0));
    CHECK(is_prefix(&options.listens[3], "::1", 128, 443));
    CHECK(is_prefix(&options.listens[4], "2001:db8::", 33, 1));
    CHECK(is_prefix(&options.listens[5], "2001:db8::", 32, 0));
    CHECK(is_prefix(&options.listens[6], "192.0.2.1", 32, 0));
    CHECK(is_prefix(&options.listens[7], "0.0.0.0", 0, 0));
    CHECK(is_prefix(&options.listens[8], "::", 0, 0));
    tc_options_reset(&options);
}

static void bad_network(void) {
    refused("--allow-net=", "an element is empty");
    refused("--allow-net=a,,b", "an element is empty");
    refused("--allow-net=a,", "an element is empty");
    refused("--allow-net=example.com:https", "a port is a number");
    refused("--allow-net=example.com:0", "a port is a number");
    refused("--allow-net=example.com:65536", "a port is a number");
    refused("--allow-net=example.com:", "a port is a number");
    refused("--allow-net=10.0.0.0/33", "no IPv4 address");
    refused("--allow-net=10.0.0.0/", "no IPv4 address");
    refused("--allow-net=1.2.3", "no IPv4 address");
    refused("--allow-net=1.2.3.256:1", "no IPv4 address");
    refused("--allow-net=example.com/24", "no IPv4 address");
    refused("--allow-net=[::1", "[2001:db8::1]:443");
    refused("--allow-net=[::1]443", "[2001:db8::1]:443");
    refused("--allow-net=[127.0.0.1]", "no IPv6 address");
    refused("--allow-net=fe80::1%eth0", "no IPv6 address");
    refused("--allow-net=::1/129", "no IPv6 address");
    refused("--allow-net=*.example.com", "no host name");
    refused("--allow-net=b\xc3\xbc"
            "cher.example",
            "xn--");
    refused("--allow-net=a..b", "no host name");
    refused("--allow-net=-a.b", "no host name");
    refused("--allow-net=.", "no IPv4 address");
    refused("--allow-net=0x7f.1", "no host name");
    refused("--allow-net=a.0x7f", "no host name");
    refused("--allow-net=unix:", "1 to 107 bytes");
    char label[100] = "--allow-net=";
    memset(label + strlen(label), 'a', 64);
    refused(label, "no host name");
    refused("--allow-listen=:99999", "write for example --allow-listen=");
}

static void limits(void) {
    tc_options options = accepted("--max-memory=64K --timeout=1.5 --stack-size 1m "
                                  "--tls-handshake-timeout=0.25 --require-tls");
    CHECK(options.max_memory == 65536);
    CHECK(options.timeout_ns == 1500000000u);
    CHECK(options.stack_size == 1u << 20);
    CHECK(options.handshake_timeout_ns == 250000000u);
    CHECK(options.require_tls);
    tc_options_reset(&options);
    options = accepted("--max-memory=1G --timeout=5 --max-memory=0 --timeout=0");
    CHECK(options.max_memory == 0 && options.timeout_ns == 0);
    tc_options_reset(&options);

    refused("--max-memory=12Q", "a size from 64K to 4G");
    refused("--max-memory=", "a size from 64K to 4G");
    refused("--max-memory=M", "a size from 64K to 4G");
    refused("--max-memory=1", "a size from 64K to 4G");
    refused("--max-memory=5G", "a size from 64K to 4G");
    refused("--max-memory=99999999999999999999G", "a size from 64K to 4G");
    refused("--max-memory=18446744073709551615K", "a size from 64K to 4G");
    refused("--stack-size=4K", "a size from 1M to 4G");
    refused("--timeout=-1", "a number of seconds");
    refused("--timeout=1.", "a number of seconds");
    refused("--timeout=1.1234567890", "a number of seconds");
    refused("--timeout=soon", "a number of seconds");
    refused("--tls-handshake-timeout=0", "above 0");
}

static void staying_up(void) {
    tc_options options = accepted("--workers=4 --drain=1.5");
    CHECK(options.workers == 4 && tc_options_workers(&options) == 4);
    CHECK(options.drain_ns == 1500000000u);
    tc_options_reset(&options);
    options = accepted("--workers=auto");
    CHECK(options.workers == TC_WORKERS_AUTO && tc_options_workers(&options) >= 1);
    CHECK(options.drain_ns == 10000000000u);
    tc_options_reset(&options);
    options = accepted("--workers=4 --workers=0 --drain=0");
    CHECK(options.workers == 0 && options.drain_ns == 0);
    tc_options_reset(&options);
    refused("--workers=1025", "a number from 0 to 1024");
    refused("--workers=-1", "a number from 0 to 1024");
    refused("--workers=many", "a number from 0 to 1024");
    refused("--workers=", "a number from 0 to 1024");
    refused("--drain=soon", "a number of seconds");
    refused("--drain=-1", "a number of seconds");
}

static void what_is_kept_of_a_run(void) {
    tc_options options = accepted("--trace --trace-only=fd_read,network,!fd=3 --trace-size=1K");
    CHECK(options.trace && !strcmp(options.trace, "") && options.trace_size == 1024);
    CHECK(options.trace_only && !strcmp(options.trace_only, "fd_read,network,!fd=3"));
    CHECK(!options.record && options.chaos == 0 && !options.unmask);
    tc_options_forget_trace(&options);
    CHECK(!options.trace && !options.trace_only && options.trace_size == 64);
    tc_options_reset(&options);
    refused("--trace=", "names no file");
    refused("--trace-only=fd_raed", "there is no \"fd_raed\"");
    refused("--trace-only=fd=x", "there is no \"fd=x\"");
    refused("--trace-only=network,", "there is no \"\"");
    refused("--trace-size=many", "a number of bytes");
    refused("--trace-colour=red", "auto, always or never");

    options = accepted("--record=a,limit=1M --record=b.tcrec,detail=headers,limit=2G");
    CHECK(options.record && !strcmp(options.record, "b.tcrec"));
    CHECK(options.record_limit == (uint64_t)2 << 30);
    CHECK(options.record_detail == TC_DETAIL_HEADERS);
    tc_options_reset(&options);
    refused("--record=,limit=1G", "names no file");
    refused("--record=a,limit=1K", "1M or more");
    refused("--record=a,detail=much", "detail=all");
    refused("--record=a,other", "there is no \"other\"");
}

static void chaos(void) {
    tc_options options = accepted("--chaos=0.05");
    CHECK(options.chaos == 0.05 && !options.chaos_seeded);
    tc_options_reset(&options);
    options = accepted("--chaos=0.5 --chaos=1,seed=18446744073709551615");
    CHECK(options.chaos == 1 && options.chaos_seeded && options.chaos_seed == UINT64_MAX);
    tc_options_forget_trace(&options);
    CHECK(options.chaos == 0 && !options.chaos_seeded && options.chaos_seed == 0);
    tc_options_reset(&options);
    options = accepted("--chaos=0,seed=0");
    CHECK(options.chaos == 0 && options.chaos_seeded);
    tc_options_reset(&options);
    static const char *const wrong[] = {"",
                                        "1.1",
                                        "-0.1",
                                        "x",
                                        "1e-3",
                                        "0.5,",
                                        "0.5;",
                                        "0.5,seed=",
                                        "1,seed=x",
                                        "1,seed=-1",
                                        "1,seed=18446744073709551616"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char word[64];
        snprintf(word, sizeof word, "--chaos=%s", wrong[i]);
        refused(word, "a number from 0 to 1 is needed");
    }
}

static void words(void) {
    tc_options options;
    char *error = NULL;
    tc_options_init(&options);
    CHECK(tc_options_apply(&options, "--dir", "x", &error) == 2);
    CHECK(tc_options_apply(&options, "--dir=x", "y", &error) == 1);
    CHECK(tc_options_apply(&options, "--allow-net", "y", &error) == 1);
    CHECK(tc_options_apply(&options, "--dirs=x", NULL, &error) == 0);
    CHECK(tc_options_apply(&options, "--di", NULL, &error) == 0);
    CHECK(tc_options_apply(&options, "-o", "x", &error) == 0);
    CHECK(tc_options_apply(&options, "", NULL, &error) == 0);
    CHECK(error == NULL);
    CHECK(tc_options_apply(&options, "--no-grants", NULL, &error) == 1);
    CHECK(options.dir_count == 0 && options.connect_count == 0);
    tc_options_reset(&options);
    refused("--colour", "unknown option \"--colour\"; the options are --dir,");
    refused("stray", "unknown option");
    refused("--allow-net example.com:443",
            "\"example.com:443\" is not an option; --allow-net takes "
            "its value in the same word: --allow-net=example.com:443");
    refused("--allow-listen :80 --allow-net", "--allow-listen=:80");
    refused("--trace calls.txt", "--trace=calls.txt");
    refused("--allow-net=a:1 b:1", "unknown option \"b:1\"");
    refused("--allow-net --colour", "unknown option \"--colour\"");
    refused("--dir a b", "unknown option \"b\"");
    refused("--require-tls yes", "unknown option \"yes\"");
    refused("--dir='x", "a ' is not closed");
    refused("--env=A=1 \"", "a \" is not closed");

    options = accepted("--inherit-env --env=A=1 --require-tls --no-grants --env=B=2");
    CHECK(!options.inherit_env && options.require_tls);
    CHECK(options.env_count == 1 && !strcmp(options.envs[0].name, "B"));
    tc_options_reset(&options);
}

/* It is part of the program, so forgetting the grants does not take it away. */
static void payload(void) {
    tc_options options = accepted("--payload=/a.zip --dir=x --payload=/b.zip --no-grants");
    CHECK(options.payload && !strcmp(options.payload, "/b.zip"));
    CHECK(options.dir_count == 0);
    tc_options_reset(&options);
    CHECK(options.payload == NULL);
    refused("--payload=", "--payload= names no file");
    refused("--payload", "--payload needs a value");
}

static void quoting(void) {
    tc_options options = accepted("--env=A=\"x y\\\"\\n\"'\\$'\\ z\t\n--env 'B'=\"\" ");
    CHECK(options.env_count == 2);
    CHECK(!strcmp(options.envs[0].value, "x y\"\\n\\$ z"));
    CHECK(!strcmp(options.envs[1].value, ""));
    tc_options_reset(&options);

    static const char *const hostile[] = {
        "", "plain", "a b", "it's", "\"q\"", "back\\slash", "new\nline", "''", "$HOME `x` *"};
    char *text = NULL;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        char word[64];
        snprintf(word, sizeof word, "--env=V%zu=%s", i, hostile[i]);
        text = tc_options_append_word(text, word);
    }
    options = accepted(text);
    free(text);
    CHECK(options.env_count == sizeof hostile / sizeof *hostile);
    for (size_t i = 0; i < options.env_count; i++)
        CHECK(!strcmp(options.envs[i].value, hostile[i]));
    tc_options_reset(&options);
}

int main(void) {
    defaults_grant_nothing();
    the_last_word_on_confinement_counts();
    folders();
    environment();
    network();
    bad_network();
    limits();
    staying_up();
    what_is_kept_of_a_run();
    chaos();
    words();
    payload();
    quoting();
    if (failures)
        fprintf(stderr, "%d failed\n", failures);
    return failures != 0;
}
