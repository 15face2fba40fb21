/* Ends the student's programs that hold a file open for writing in one of some places:  end-writers UID PLACE…
 * prints their names. The desktop's own programs are spared. All of the student's are stopped meanwhile, so that none gets
 * away by closing its file or making a child; those that he had stopped himself stay so. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"

/* Nobody's: with this as its real uid it reaches the student's processes, and none of them reaches it. */
#define OWN_UID 902
#define STUDENTS_GROUP 1000
#define MOST 4096
#define SETTLE_MS 500

/* Windows, input, session and browser: without them there is no desktop. */
static const char *const SPARED[] = {"/usr/lib/xorg/", "/usr/lib/exam/", "/usr/lib/chromium/", "/usr/sbin/xrdp", "/usr/bin/xfwm4",
                                     "/usr/bin/xfce4-panel", "/usr/bin/xfdesktop", "/usr/bin/fcitx5", "/usr/bin/dbus-daemon", NULL};

static struct { pid_t pid; int was_stopped, writes; } known[MOST];
static int count;
static uid_t student;
static char **places;

static void look_at_processes(void) {
    DIR *processes = opendir("/proc");
    if (!processes) exit(1);
    count = 0;
    for (struct dirent *entry; count < MOST && (entry = readdir(processes));) {
        pid_t pid = atoi(entry->d_name);
        uid_t uid;
        char state;
        if (pid <= 1 || pid == getpid() || !process_of(pid, &uid, &state) || uid != student) continue;
        known[count].pid = pid;
        known[count].writes = 0;
        known[count++].was_stopped = state == 'T';
    }
    closedir(processes);
}

static int are_stopped(void) {
    for (int i = 0; i < count; i++) {
        uid_t uid;
        char state;
        if (process_of(known[i].pid, &uid, &state) && !strchr("TtZX", state)) return 0;
    }
    return 1;
}

static int is_spared(pid_t pid) {
    char path[64], program[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t length = readlink(path, program, sizeof program - 1);
    program[length > 0 ? length : 0] = 0;
    for (int i = 0; SPARED[i]; i++)
        if (!strncmp(program, SPARED[i], strlen(SPARED[i]))) return 1;
    return 0;
}

static void hear(const struct descriptor *held, void *nothing) {
    (void)nothing;
    if (!held->is_for_writing) return;
    for (char **place = places; *place; place++)
        if (lies_in(held->target, *place))
            for (int i = 0; i < count; i++)
                if (known[i].pid == held->pid && !known[i].writes) known[i].writes = !is_spared(held->pid);
}

static void end(pid_t pid) {
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    FILE *file = fopen(path, "re");
    if (file && fgets(name, sizeof name, file)) name[strcspn(name, "\n")] = 0;
    if (file) fclose(file);
    if (!kill(pid, SIGKILL)) puts(name);
}

int main(int words, char **given) {
    if (words < 3) return 2;
    student = strtoul(given[1], NULL, 10);
    places = given + 2;
    if (student == 0 || setgroups(0, NULL) || setresgid(OWN_UID, STUDENTS_GROUP, OWN_UID) || setresuid(OWN_UID, student, OWN_UID))
        return 1;
    look_at_processes();
    static struct { pid_t pid; } stopped_before[MOST];
    int before = 0;
    for (int i = 0; i < count; i++)
        if (known[i].was_stopped) stopped_before[before++].pid = known[i].pid;
    kill(-1, SIGSTOP);
    look_at_processes();
    for (int waited = 0; waited < SETTLE_MS && !are_stopped(); waited += 5) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    each_descriptor(student, hear, NULL);
    for (int i = 0; i < count; i++)
        if (known[i].writes) end(known[i].pid);
    /* Children before those who wait for them: a shell that sees its child stopped would think that it was meant. */
    for (int i = count - 1; i >= 0; i--) {
        int stay = known[i].writes;
        for (int j = 0; j < before; j++) stay |= stopped_before[j].pid == known[i].pid;
        if (!stay) kill(known[i].pid, SIGCONT);
    }
    return 0;
}
