/* How much the student's files take:  space MOST_FILES UID PLACE LIMIT_KB [PLACE LIMIT_KB …]
 * prints a line for each place:  KB FILES whole|many|late  [hard]
 * A place inside another is counted by itself only. What is deleted and still open counts, a sparse file only as far as it
 * is there, a file with several names once. `many`: there is more than was counted, more files than there may be or
 * folders deeper than anybody's; `late`: the disk was slow. `hard`: the file system keeps the limit, and counts itself.
 * Root's, with CAP_DAC_READ_SEARCH where the worker gives it: no mode that the student sets hides anything then. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"

#define MOST_PLACES 4
#define DEEPEST 4000
#define LONGEST_SECONDS 10

struct place {
    const char *path;
    uint64_t limit_kb, half_kb, files; /* a block of the kernel's counting is half a KB */
    dev_t dev;
    ino_t ino;
    const char *seen;
};

static struct place places[MOST_PLACES], *here;
static int place_count;
static uint64_t most_files, entries;
static time_t end;

static time_t seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static int is_other_place(const struct stat *seen) {
    for (int i = 0; i < place_count; i++)
        if (&places[i] != here && places[i].dev == seen->st_dev && places[i].ino == seen->st_ino) return 1;
    return 0;
}

static int gone_on_enough(void) {
    if (++entries > most_files) here->seen = "many";
    else if (entries % 256 == 0 && seconds() > end) here->seen = "late";
    return strcmp(here->seen, "whole") != 0;
}

/* Everything in a folder first, then what is below: one buffer and one open folder a level, whatever is moved meanwhile. */
static void count_folder(int folder, int depth) {
    static char buffer[32768];
    char *below = NULL;
    size_t used = 0, room = 0;
    long got;
    while ((got = syscall(SYS_getdents64, folder, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < got;) {
            struct dirent64 *entry = (struct dirent64 *)(buffer + at);
            struct stat seen;
            at += entry->d_reclen;
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
            if (gone_on_enough()) goto done;
            if (fstatat(folder, entry->d_name, &seen, AT_SYMLINK_NOFOLLOW) || is_other_place(&seen)) continue;
            here->files++;
            if (!S_ISDIR(seen.st_mode)) {
                here->half_kb += seen.st_blocks / (seen.st_nlink ? seen.st_nlink : 1);
                continue;
            }
            here->half_kb += seen.st_blocks;
            size_t length = strlen(entry->d_name) + 1;
            if (used + length > room) {
                char *more = realloc(below, room = (used + length) * 2);
                if (!more) goto done;
                below = more;
            }
            memcpy(below + used, entry->d_name, length);
            used += length;
        }
    }
    if (used && depth == DEEPEST) here->seen = "many";
    for (size_t at = 0; at < used && !strcmp(here->seen, "whole"); at += strlen(below + at) + 1) {
        int inner = openat(folder, below + at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner < 0) continue;
        count_folder(inner, depth + 1);
        close(inner);
    }
done:
    free(below);
}

/* A deleted file has no name left but takes its room as long as somebody holds it. */
static void count_deleted(const struct descriptor *held, void *nothing) {
    (void)nothing;
    struct place *best = NULL;
    struct stat seen;
    if (!held->is_deleted || stat(held->path, &seen) || !S_ISREG(seen.st_mode) || seen.st_nlink) return;
    for (int i = 0; i < place_count; i++)
        if (lies_in(held->target, places[i].path) && (!best || strlen(places[i].path) > strlen(best->path))) best = &places[i];
    if (best && is_new_inode(seen.st_dev, seen.st_ino)) best->half_kb += seen.st_blocks;
}

/* Under a project's quota the file system answers as if it were as big as the limit. */
static int ask_quota(struct place *place) {
    struct statfs all;
    if (statfs(place->path, &all)) return 0;
    uint64_t kb = all.f_blocks * (uint64_t)all.f_bsize / 1024;
    if (kb + 64 < place->limit_kb || kb > place->limit_kb + 64) return 0;
    place->half_kb = (all.f_blocks - all.f_bfree) * (uint64_t)all.f_bsize / 512;
    return 1;
}

int main(int count, char **words) {
    if (count < 5 || count % 2 == 0 || count > 3 + 2 * MOST_PLACES) return 2;
    most_files = 2 * strtoull(words[1], NULL, 10);
    unsigned student = strtoul(words[2], NULL, 10);
    setpriority(PRIO_PROCESS, 0, 10);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){DEEPEST + 64, DEEPEST + 64});
    end = seconds() + LONGEST_SECONDS;
    for (int i = 3; i < count; i += 2) {
        struct stat seen;
        struct place *place = &places[place_count++];
        *place = (struct place){.path = words[i], .limit_kb = strtoull(words[i + 1], NULL, 10), .seen = "whole"};
        if (lstat(place->path, &seen)) return 1;
        place->dev = seen.st_dev;
        place->ino = seen.st_ino;
    }
    for (here = places; here < places + place_count; here++) {
        int folder = open(here->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0) return 1;
        entries = 0;
        count_folder(folder, 0);
        close(folder);
    }
    each_descriptor(student, count_deleted, NULL);
    for (here = places; here < places + place_count; here++) {
        int is_hard = ask_quota(here);
        printf("%llu %llu %s%s\n", (unsigned long long)here->half_kb / 2, (unsigned long long)here->files, here->seen,
               is_hard ? " hard" : "");
    }
    return 0;
}
