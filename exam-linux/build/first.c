/* PID 1 of the desktop: keeps root's programs up, each started again whenever it ends, and buries what others leave behind.
 *
 *   first --speaks COMMAND… --mute COMMAND… …
 *
 * Nothing inside can kill it, so the death of nothing inside ends the desktop. Only the first of its programs does, by
 * ending with an error of its own. A program that speaks has PID 1's output, and is done when it ends without an error. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 16
#define SOON_S 2

static struct program {
    char **command;
    int speaks, isDone;
    pid_t pid;
    time_t startedAt, startAt;
} programs[MOST];
static int count;

static time_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static void start(struct program *program, const sigset_t *before) {
    program->startedAt = now();
    program->pid = fork();
    if (program->pid < 0) program->startAt = now() + 1; /* No process to be had: a student has used them up. Tried again. */
    if (program->pid != 0) return;
    int nothing = open("/dev/null", O_RDWR);
    sigprocmask(SIG_SETMASK, before, NULL);
    setsid();
    dup2(nothing, 0);
    if (!program->speaks) {
        dup2(nothing, 1);
        dup2(nothing, 2);
    }
    if (nothing > 2) close(nothing);
    execvp(program->command[0], program->command);
    perror(program->command[0]);
    _exit(127);
}

/* Whoever has no parent any more ends as ours, too. */
static void bury(void) {
    int status;
    for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;)
        for (struct program *each = programs; each < programs + count; each++) {
            if (each->pid != ended) continue;
            if (WIFSTOPPED(status)) {
                kill(ended, SIGCONT);
                continue;
            }
            each->pid = 0;
            int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
            if (each == programs && code > 0) exit(code);
            each->isDone = each->speaks && code == 0;
            /* What dies at once, again and again, gets no core to itself. */
            each->startAt = now() + (now() - each->startedAt < SOON_S ? SOON_S : 0);
        }
}

int main(int argc, char **argv) {
    sigset_t heard, before;
    for (int i = 1; i < argc; i++) {
        int speaks = !strcmp(argv[i], "--speaks");
        if (!speaks && strcmp(argv[i], "--mute")) continue;
        if (count == MOST || i + 1 == argc) return 2;
        argv[i] = NULL; /* ends the command before it */
        programs[count++] = (struct program){.command = argv + i + 1, .speaks = speaks};
    }
    if (count == 0) {
        fprintf(stderr, "usage: first --speaks COMMAND… --mute COMMAND… …\n");
        return 2;
    }
    sigemptyset(&heard);
    sigaddset(&heard, SIGCHLD);
    sigaddset(&heard, SIGTERM);
    sigaddset(&heard, SIGINT);
    sigprocmask(SIG_BLOCK, &heard, &before);
    for (;;) {
        int waits = 0;
        for (struct program *each = programs; each < programs + count; each++) {
            if (each->pid > 0 || each->isDone) continue;
            if (each->startAt <= now()) start(each, &before);
            if (each->pid <= 0) waits = 1;
        }
        int signal = sigtimedwait(&heard, NULL, waits ? &(struct timespec){.tv_nsec = 200 * 1000 * 1000} : &(struct timespec){.tv_sec = 60});
        if (signal == SIGTERM || signal == SIGINT) return 0;
        bury();
    }
}
