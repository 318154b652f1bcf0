/* Does what its argument says, all of it from what the host tells: see test_replay.py. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

/* All that comes from outside, on both streams; status 3. */
static int say(int count, char **words) {
    struct timespec now;
    unsigned random;
    struct stat status;
    char line[64] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    getentropy(&random, sizeof random);
    for (int i = 0; i < count; i++)
        printf("%s ", words[i]);
    printf("%lld.%09ld %u %s\n", (long long)now.tv_sec, now.tv_nsec, random, getenv("GIVEN"));
    FILE *file = fopen("data/in", "r");
    if (file && fgets(line, sizeof line, file))
        fputs(line, stderr);
    if (file)
        fclose(file);
    file = fopen("data/out", "a");
    if (file) {
        fprintf(file, "written\n");
        fclose(file);
    }
    if (stat("data/out", &status) == 0)
        printf("%lld bytes\n", (long long)status.st_size);
    if (fgets(line, sizeof line, stdin))
        printf("read: %s", line);
    return 3;
}

static int count(void) {
    for (int i = 0;; i++) {
        printf("%d\n", i);
        fflush(stdout);
        usleep(1000);
    }
}

__attribute__((noinline)) static void spoil(volatile int *place) {
    *place = 1;
}

/* Memory, as much as there is. */
static int grow(void) {
    int megabytes = 0;
    while (megabytes < 4096 && malloc(1 << 20))
        megabytes++;
    printf("%d MB\n", megabytes);
    return 0;
}

/* Writes with standard output elsewhere, and gone. */
static int move(void) {
    dprintf(1, "at 1\n");
    int other = open("data/out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dprintf(other, "into the file\n");
    __wasi_fd_renumber(1, other);
    dprintf(other, "moved\n");
    close(other);
    return dprintf(other, "nowhere\n") < 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(what, "say") == 0)
        return say(argc, argv);
    if (strcmp(what, "trap") == 0) {
        say(argc, argv);
        spoil((volatile int *)0xfffffff0);
    }
    if (strcmp(what, "count") == 0)
        return count();
    if (strcmp(what, "many") == 0) {
        for (int i = 0; i < 20000; i++)
            time(NULL);
        return 0;
    }
    if (strcmp(what, "grow") == 0)
        return grow();
    if (strcmp(what, "move") == 0)
        return move();
    if (strcmp(what, "spin") == 0) {
        puts("spinning");
        for (volatile unsigned i = 0;; i++)
            continue;
    }
    return 9;
}
