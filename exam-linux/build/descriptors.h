/* What the student's processes hold open. */
#include <sys/types.h>

struct descriptor {
    pid_t pid;
    const char *path;   /* of the descriptor itself, below /proc */
    const char *target; /* what it leads to, without " (deleted)" */
    int is_deleted, is_for_writing;
};

/* Calls `hear` for every file that a process of this uid holds, with the rights of that uid: a process that hides its
 * descriptors from its own user is left out. Stops after so many that going on would cost more than it tells. */
void each_descriptor(uid_t student, void (*hear)(const struct descriptor *, void *), void *with);

int lies_in(const char *target, const char *place);

/* Whether this is the first time that it is asked about; full, it says no. */
int is_new_inode(dev_t dev, ino_t ino);

/* The uid of a process, and its state as the kernel writes it; 0 when it is gone. */
int process_of(pid_t pid, uid_t *uid, char *state);
