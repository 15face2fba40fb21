/* The tries that stay inside: ways to the firewall itself, and pings. */
#define _GNU_SOURCE
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome try_netfilter(char **words) {
    (void)words;
    return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER) < 0 ? REFUSED : OPEN;
}

/* In a user namespace of his own a student is root there. The kernel's firewall code must be out of reach all the same. */
enum outcome try_namespace(char **words) {
    if (unshare(CLONE_NEWUSER) < 0) return REFUSED;
    return try_netfilter(words);
}

enum outcome try_nft(char **words) {
    int status;
    (void)words;
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, 1);
        dup2(nowhere, 2);
        execl("/usr/sbin/nft", "nft", "list", "ruleset", NULL);
        _exit(1);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0) return SILENT;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? OPEN : REFUSED;
}

enum outcome try_capability(char **words) {
    char line[256];
    int seen = 0;
    (void)words;
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) return SILENT;
    while (fgets(line, sizeof line, status)) {
        unsigned long long set;
        if (sscanf(line, "CapPrm: %llx", &set) == 1 || sscanf(line, "CapEff: %llx", &set) == 1) {
            if (set) return OPEN;
            seen++;
        }
        if (!strncmp(line, "NoNewPrivs:\t0", 13)) return OPEN;
    }
    return seen == 2 ? REFUSED : SILENT;
}

static int ping_left(int type, const char *address) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct icmphdr echo = {.type = ICMP_ECHO, .checksum = htons(0xf7ff)};
    int sock = socket(AF_INET, type, IPPROTO_ICMP);
    inet_pton(AF_INET, address, &to.sin_addr);
    return sock >= 0 && sendto(sock, &echo, sizeof echo, 0, (struct sockaddr *)&to, sizeof to) > 0;
}

enum outcome try_icmp(char **words) { return ping_left(SOCK_DGRAM, words[0]) || ping_left(SOCK_RAW, words[0]) ? OPEN : REFUSED; }
