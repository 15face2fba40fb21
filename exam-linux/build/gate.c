/* The exam's gate: gate UID MARK PORT NAME… -- ADDRESS…
 *
 * An address can serve many sites. So every connection of the student's to an allowed address is redirected here, and goes
 * on to where it was meant for when the name in its TLS ClientHello, or in the head of every HTTP request, is the exam's.
 * One process, one loop, no allocation but a link's own; no privilege. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter_ipv4.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate-link.h"
#include "lasting.h"

#define LINKS 256
#define EVENTS 32
#define TICK_MS 250
#define IP6T_SO_ORIGINAL_DST 80

struct allow allow;
static struct end doors[2] = {{.what = LISTENER, .fd = -1}, {.what = LISTENER, .fd = -1}};
static struct link *links;
static int link_count, loop;
static uint16_t port;

void watch(struct end *end, uint32_t events) {
    struct epoll_event wanted = {.events = events, .data.ptr = end};
    if (events == end->watched) return;
    /* Nothing wanted is not watched: a broken connection would be told again and again. */
    int how = events == 0 ? EPOLL_CTL_DEL : end->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    epoll_ctl(loop, how, end->fd, &wanted);
    end->watched = events;
}

bool make_room(const struct link *keep, int family) {
    struct link *oldest = NULL;
    for (struct link *link = links; link; link = link->next) {
        if (link == keep || link->stage == GONE || (oldest && link->seen >= oldest->seen)) continue;
        if (family == 0 || (link->site.fd >= 0 && link->candidates[link->candidate].family == family)) oldest = link;
    }
    if (oldest) link_end(oldest);
    return oldest != NULL;
}

static void sweep(void) {
    for (struct link **at = &links; *at;) {
        struct link *link = *at;
        if (link->stage != GONE) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        munmap(link, sizeof *link);
        link_count--;
    }
}

/* Where the student's program wanted to go before the firewall sent it here. */
static bool original_of(int fd, bool six, struct address *original) {
    struct sockaddr_storage to = {0};
    socklen_t size = sizeof to;
    if (getsockopt(fd, six ? SOL_IPV6 : SOL_IP, six ? IP6T_SO_ORIGINAL_DST : SO_ORIGINAL_DST, &to, &size)) return false;
    const struct sockaddr_in *four = (const void *)&to;
    const struct sockaddr_in6 *long_one = (const void *)&to;
    original->family = six ? AF_INET6 : AF_INET;
    original->port = six ? long_one->sin6_port : four->sin_port;
    memcpy(original->bytes, six ? (const void *)&long_one->sin6_addr : (const void *)&four->sin_addr, six ? 16 : 4);
    return original->port != port; /* who comes here by himself wants to go nowhere */
}

static void take_client(struct end *door) {
    int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (link_count >= LINKS) {
        make_room(NULL, 0);
        sweep();
    }
    struct link *link = mmap(NULL, sizeof *link, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (link == MAP_FAILED || !original_of(fd, door == &doors[1], &link->original)) {
        if (link != MAP_FAILED) munmap(link, sizeof *link);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &(int){1}, sizeof(int));
    link->client = (struct end){.what = CLIENT, .fd = fd, .link = link};
    link->site = (struct end){.what = SITE, .fd = -1, .link = link};
    link->candidates[0] = link->original;
    link->candidate_count = 1;
    link->seen = now_ms();
    link->next = links;
    links = link;
    link_count++;
    link_pump(link);
}

static bool overdue(void) {
    bool waiting = false;
    int64_t now = now_ms();
    for (struct link *link = links; link; link = link->next) {
        if (link->stage == GONE || link->until == 0) continue;
        waiting = true;
        if (link->until > now) continue;
        if (link->stage == CONNECTING) site_connected(link);
        else if (link->stage == ASKING) {
            link->candidates[link->candidate_count++] = link->original;
            link->answered[0] = link->answered[1] = true;
            site_next(link);
        } else link_end(link);
    }
    return waiting;
}

static void serve(void) {
    struct epoll_event events[EVENTS];
    loop = epoll_create1(EPOLL_CLOEXEC);
    sites_reset();
    for (int i = 0; i < 2; i++)
        if (doors[i].fd >= 0) watch(&doors[i], EPOLLIN);
    for (;;) {
        bool waiting = overdue();
        sweep();
        int count = epoll_wait(loop, events, EVENTS, waiting ? TICK_MS : -1);
        if (count < 0 && errno != EINTR) abort();
        for (int i = 0; i < count; i++) {
            struct end *end = events[i].data.ptr;
            if (end->what == RESOLVER) resolver_answered(links);
            else if (end->what == LISTENER) take_client(end);
            else if (end->link->stage != GONE) {
                if (end->what == SITE && end->link->stage == CONNECTING) site_connected(end->link);
                if (end->link->stage != GONE) link_pump(end->link);
            }
        }
    }
}

static void open_doors(void) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    for (int i = 0; i < 2; i++) {
        int fd = socket(i ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int bad = fd < 0 || (i ? bind(fd, (struct sockaddr *)&six, sizeof six) : bind(fd, (struct sockaddr *)&four, sizeof four)) ||
                  listen(fd, 128);
        if (bad && i == 0) fail("the gate's port: %s", strerror(errno));
        /* A desktop without IPv6 has no ::1, and nothing to go there for. */
        if (bad && fd >= 0) close(fd);
        if (!bad) doors[i].fd = fd;
    }
}

int main(int argc, char **argv) {
    int next = 4;
    if (argc < 5) fail("usage: gate UID MARK PORT NAME… -- ADDRESS…");
    port = htons((uint16_t)atoi(argv[3]));
    allow.names = argv + next;
    while (next < argc && strcmp(argv[next], "--") != 0) next++;
    allow.count = (int)(argv + next - allow.names);
    for (next++; next < argc; next++)
        if (!allow_range(&allow, argv[next])) fail("%s is no address or range, or there are more than %d", argv[next], RANGES);
    sites_made((uint32_t)strtoul(argv[2], NULL, 0));
    open_doors();
    last((unsigned)strtoul(argv[1], NULL, 10));
    serve();
}
