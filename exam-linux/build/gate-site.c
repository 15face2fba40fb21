/* Sockets to the sites carry the mark that alone may leave for an allowed address. They are made before the privilege to
 * make them is given up, and used again and again. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gate-link.h"
#include "lasting.h"

#define SOCKETS 96 /* of each family */
#define FIRST_MS 1200
#define CANDIDATE_MS 4000
#define ASK_MS 2500
#define UNACKNOWLEDGED_MS 15000 /* a site that vanished under an open connection */

static struct pool {
    int family, count;
    int fd[SOCKETS];
    bool busy[SOCKETS];
} pools[2] = {{.family = AF_INET}, {.family = AF_INET6}};
static struct end resolver = {.what = RESOLVER, .fd = -1};

void sites_made(uint32_t mark) {
    struct sockaddr_in names = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1, idle = 60, patience = UNACKNOWLEDGED_MS;
    for (struct pool *pool = pools; pool < pools + 2; pool++) {
        for (pool->count = 0; pool->count < SOCKETS; pool->count++) {
            int fd = marked_socket(pool->family, SOCK_STREAM, mark);
            if (fd < 0) break;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
            setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
            setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
            pool->fd[pool->count] = fd;
        }
    }
    resolver.fd = marked_socket(AF_INET, SOCK_DGRAM, mark); /* with a limit of its own in the firewall */
    if (resolver.fd < 0 || connect(resolver.fd, (struct sockaddr *)&names, sizeof names)) fail("the resolver's socket: %s", strerror(errno));
}

static void disconnect(int fd) { connect(fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr)); }

void sites_reset(void) {
    for (struct pool *pool = pools; pool < pools + 2; pool++)
        for (int i = 0; i < pool->count; i++) disconnect(pool->fd[i]);
    watch(&resolver, EPOLLIN);
}

static int take(int family) {
    struct pool *pool = &pools[family == AF_INET6];
    for (int i = 0; i < pool->count; i++) {
        if (pool->busy[i]) continue;
        pool->busy[i] = true;
        return pool->fd[i];
    }
    return -1;
}

void site_leave(struct link *link) {
    if (link->site.fd < 0) return;
    watch(&link->site, 0);
    disconnect(link->site.fd);
    for (struct pool *pool = pools; pool < pools + 2; pool++)
        for (int i = 0; i < pool->count; i++)
            if (pool->fd[i] == link->site.fd) pool->busy[i] = false;
    link->site.fd = -1;
}

static int connect_to(int fd, const struct address *to) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = to->port};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = to->port};
    memcpy(&four.sin_addr, to->bytes, 4);
    memcpy(&six.sin6_addr, to->bytes, 16);
    if (to->family == AF_INET) return connect(fd, (struct sockaddr *)&four, sizeof four);
    return connect(fd, (struct sockaddr *)&six, sizeof six);
}

static void ask(struct link *link) {
    uint8_t packet[REPLY];
    link->asked = true;
    link->stage = ASKING;
    link->until = now_ms() + ASK_MS;
    for (int i = 0; i < 2; i++) {
        link->answered[i] = false;
        if (getrandom(&link->ask_id[i], sizeof link->ask_id[i], 0) < 0) link->ask_id[i] = (uint16_t)link->until;
        size_t size = dns_ask(packet, link->ask_id[i], link->name, i ? TYPE_AAAA : TYPE_A);
        if (send(resolver.fd, packet, size, 0) < 0) link->answered[i] = true;
    }
}

void site_next(struct link *link) {
    for (; link->candidate < link->candidate_count; link->candidate++) {
        const struct address *to = &link->candidates[link->candidate];
        if (link->site.fd < 0 && pools[to->family == AF_INET6].count > 0)
            while ((link->site.fd = take(to->family)) < 0)
                if (!make_room(link, to->family)) break;
        if (link->site.fd < 0) continue;
        if (connect_to(link->site.fd, to) == 0 || errno == EINPROGRESS) {
            link->stage = CONNECTING;
            link->until = now_ms() + (link->asked || !link->name[0] ? CANDIDATE_MS : FIRST_MS);
            return watch(&link->site, EPOLLOUT);
        }
        site_leave(link);
    }
    /* The program's address is of before the site moved: where is it now? */
    if (!link->asked && link->name[0]) return ask(link);
    link_refuse(link, "502 Bad Gateway");
}

void site_connected(struct link *link) {
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (link->until > now_ms()) getsockopt(link->site.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) {
        link->stage = OPEN;
        link->until = 0;
        return;
    }
    site_leave(link);
    link->candidate++;
    site_next(link);
}

static void add_found(struct link *link, int family, const struct found *found) {
    for (int i = 0; i < found->count && link->candidate_count < CANDIDATES - 1; i++) {
        struct address *to = &link->candidates[link->candidate_count++];
        *to = (struct address){.family = family, .port = link->original.port};
        memcpy(to->bytes, found->addresses[i], family == AF_INET ? 4 : 16);
    }
}

void resolver_answered(struct link *links) {
    uint8_t packet[REPLY];
    struct found found;
    ssize_t size = recv(resolver.fd, packet, sizeof packet, 0);
    for (struct link *link = links; size > 0 && link; link = link->next) {
        if (link->stage != ASKING) continue;
        for (int i = 0; i < 2; i++) {
            if (link->answered[i]) continue;
            if (!dns_found(packet, (size_t)size, link->ask_id[i], link->name, i ? TYPE_AAAA : TYPE_A, &found)) continue;
            link->answered[i] = true;
            add_found(link, i ? AF_INET6 : AF_INET, &found);
        }
        if (!link->answered[0] || !link->answered[1]) continue;
        link->candidates[link->candidate_count++] = link->original; /* it may only have been slow */
        site_next(link);
    }
}
