/* Tries from inside the desktop, as the student, what must work and what must not, all at the same time.
 *
 *   probe NAME,WANT,KIND[,WORD…] …     WANT is open, blocked or hoped
 *
 * prints `"ok":true,"results":[{"try":"gateway","want":"blocked","got":"blocked","ms":0},…]`. `hoped` does not count for
 * `ok`: an exam site that is down is not this desktop's fault.
 *
 * Installed without the right to read it, so that a process of it cannot be traced by others of its user: a student may
 * kill it, which is seen, but not make it say something else. */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_TRIES = 48, MOST_WORDS = 8, LONGEST_SECONDS = 6 };

struct kind { const char *name; enum outcome (*run)(char **words); int words; };
static const struct kind KINDS[] = {
    {"address", try_address, 2},     {"name", try_name, 2},           {"port", try_port, 2},
    {"connect", try_connect, 2},     {"web", try_web, 4},             {"icmp", try_icmp, 1},
    {"netfilter", try_netfilter, 0}, {"namespace", try_namespace, 0}, {"nft", try_nft, 0},
    {"capability", try_capability, 0}, {"resolver", try_resolver, 1},
};

struct try { char *words[MOST_WORDS]; const struct kind *kind; pid_t pid; enum outcome got; long ms; };

static long now_ms(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static void read_try(struct try *try, char *text) {
    int words = 0;
    for (char *word = strtok(text, ","); word && words < MOST_WORDS; word = strtok(NULL, ",")) try->words[words++] = word;
    for (size_t i = 0; words >= 3 && i < sizeof KINDS / sizeof *KINDS; i++)
        if (!strcmp(KINDS[i].name, try->words[2]) && words == 3 + KINDS[i].words) try->kind = &KINDS[i];
    if (!try->kind) {
        fprintf(stderr, "probe: cannot read the try that begins with '%s'\n", words ? try->words[0] : "");
        exit(2);
    }
}

static void start(struct try *try) {
    try->pid = fork();
    if (try->pid) return;
    alarm(LONGEST_SECONDS);
    _exit(try->kind->run(try->words + 3));
}

/* Ended by its alarm: what it tried neither got through nor was refused. Anything else that ends it is no answer either. */
static enum outcome outcome_of(int status) {
    return WIFEXITED(status) && WEXITSTATUS(status) <= NOTHING ? (enum outcome)WEXITSTATUS(status) : SILENT;
}

static int is_hoped(const struct try *try) { return !strcmp(try->words[1], "hoped"); }

static int as_wanted(const struct try *try) {
    if (is_hoped(try) || try->got == NOTHING) return 1;
    return try->got == (strcmp(try->words[1], "open") ? REFUSED : OPEN);
}

int main(int argc, char **argv) {
    static const char *const GOT[] = {"open", "blocked", "silent"};
    static struct try tries[MOST_TRIES];
    int count = argc - 1, ok = 1, first = 1, status;
    pid_t ended;
    if (count < 1 || count > MOST_TRIES) return 2;
    prctl(PR_SET_DUMPABLE, 0);
    for (int i = 0; i < count; i++) read_try(&tries[i], argv[i + 1]);
    long began = now_ms();
    for (int i = 0; i < count; i++) start(&tries[i]);
    while ((ended = wait(&status)) > 0)
        for (int i = 0; i < count; i++)
            if (tries[i].pid == ended) {
                tries[i].got = outcome_of(status);
                tries[i].ms = now_ms() - began;
            }
    for (int i = 0; i < count; i++) {
        if (tries[i].pid < 0) tries[i].got = SILENT;
        if (!as_wanted(&tries[i])) ok = 0;
    }
    printf("\"ok\":%s,\"results\":[", ok ? "true" : "false");
    for (int i = 0; i < count; i++) {
        /* A site that has no address is not reached. */
        if (tries[i].got == NOTHING && is_hoped(&tries[i])) tries[i].got = SILENT;
        if (tries[i].got == NOTHING) continue;
        printf("%s{\"try\":\"%s\",\"want\":\"%s\",\"got\":\"%s\",\"ms\":%ld}", first ? "" : ",", tries[i].words[0],
               tries[i].words[1], GOT[tries[i].got], tries[i].ms);
        first = 0;
    }
    puts("]");
    return 0;
}
