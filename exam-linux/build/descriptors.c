#define _GNU_SOURCE
#include "descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST 100000
#define MOST_INODES 4096
#define STUDENTS_GROUP 1000

int lies_in(const char *target, const char *place) {
    size_t length = strlen(place);
    return !strncmp(target, place, length) && target[length] == '/';
}

int is_new_inode(dev_t dev, ino_t ino) {
    static struct { dev_t dev; ino_t ino; } known[MOST_INODES];
    static int count;
    for (int i = 0; i < count; i++)
        if (known[i].dev == dev && known[i].ino == ino) return 0;
    if (count == MOST_INODES) return 0;
    known[count].dev = dev;
    known[count++].ino = ino;
    return 1;
}

int process_of(pid_t pid, uid_t *uid, char *state) {
    char path[64], text[1024], *line;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    if (got <= 0) return 0;
    text[got] = 0;
    /* The name comes first, and is the student's to choose; the kernel writes no line's end into it. */
    if (!(line = strstr(text, "\nState:\t"))) return 0;
    *state = line[8];
    if (!(line = strstr(line, "\nUid:\t"))) return 0;
    *uid = strtoul(line + 6, NULL, 10);
    return 1;
}

static int hear_process(pid_t pid, int left, void (*hear)(const struct descriptor *, void *), void *with) {
    char path[64], target[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    if (!folder) return left;
    for (struct dirent *entry; left > 0 && (entry = readdir(folder));) {
        static const char DELETED[] = " (deleted)";
        struct stat mode;
        if (entry->d_name[0] == '.') continue;
        left--;
        snprintf(path, sizeof path, "/proc/%d/fd/%.20s", pid, entry->d_name);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length <= 0 || target[0] != '/' || lstat(path, &mode)) continue;
        target[length] = 0;
        size_t end = sizeof DELETED - 1;
        int is_deleted = (size_t)length > end && !strcmp(target + length - end, DELETED);
        if (is_deleted) target[length - end] = 0;
        hear(&(struct descriptor){pid, path, target, is_deleted, (mode.st_mode & S_IWUSR) != 0}, with);
    }
    closedir(folder);
    return left;
}

void each_descriptor(uid_t student, void (*hear)(const struct descriptor *, void *), void *with) {
    DIR *processes = opendir("/proc");
    int left = MOST;
    if (!processes) return;
    gid_t gid = setfsgid(STUDENTS_GROUP);
    uid_t before = setfsuid(student);
    for (struct dirent *entry; left > 0 && (entry = readdir(processes));) {
        pid_t pid = atoi(entry->d_name);
        uid_t uid;
        char state;
        if (pid > 0 && process_of(pid, &uid, &state) && uid == student) left = hear_process(pid, left, hear, with);
    }
    setfsuid(before);
    setfsgid(gid);
    closedir(processes);
}
