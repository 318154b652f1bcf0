/* Runs a program and prints the KiB that it had in memory at most. A process begins with its
 * parent's peak: this one's is small.
 *
 *   peak PROGRAM */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct rusage used;
    int status;
    pid_t child = argc == 2 ? fork() : -1;
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execl(argv[1], argv[1], (char *)NULL);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) < 0 || status)
        return 1;
    printf("%ld\n", used.ru_maxrss);
    return 0;
}
