/* Puts a second seccomp filter on itself and runs a command under it.
 *
 * The container's own profile must let the entry point talk to nftables. What comes after it must not: a student
 * may make user and network namespaces (Chromium's sandbox is made of them) and would otherwise reach the kernel's
 * nf_tables code with full capabilities in a namespace of his own, the way most recent kernel break-outs began. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#error "name this machine's audit architecture here"
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))

int main(int argc, char **argv) {
    /* Little-endian: the low word of an argument comes first. */
    struct sock_filter rules[] = {
        LOAD(arch), UNLESS(OWN_ARCH, 7),
        LOAD(nr), UNLESS(__NR_socket, 6),
        LOAD(args[0]), UNLESS(AF_NETLINK, 4),
        LOAD(args[2]), UNLESS(NETLINK_NETFILTER, 2),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof rules / sizeof *rules, .filter = rules};
    if (argc < 2) {
        fprintf(stderr, "usage: shut COMMAND [ARGUMENT…]\n");
        return 2;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) {
        perror("shut: the filter was not accepted");
        return 126;
    }
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return errno == ENOENT ? 127 : 126;
}
