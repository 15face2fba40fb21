/* The exam's name service: names [closed|open] UID MARK-ASK MARK-OPEN SERVER… -- NAME…
 *
 * Answers allowed names only (`open`: all names). Before it passes an address on it sends one empty datagram towards it
 * with a mark of its own: the firewall puts that address into the set of open ones and drops the datagram. So an address
 * is open before anybody knows it, and nobody needs the right to change the firewall. The two kinds of sockets get their
 * marks before every privilege is given up; nobody inside can make another such socket. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns.h"
#include "lasting.h"

#define SERVERS 4
#define PENDING 64
#define PATIENCE_MS 1500     /* then the next server is asked */
#define LONGEST_SECONDS 300  /* nobody keeps an address for longer than the firewall's set does */

struct pending {
    struct question question;
    struct sockaddr_in from;
    uint16_t id;
    int server; /* asked at the moment; -1: this place is free */
    bool again; /* one of them was silent and is asked from another port: all are worth another round, the last */
    bool last;
    int64_t until;
};

static struct allow allow;
static bool everything;
static int door, announce4, announce6;
static int servers[SERVERS], server_count;
static struct sockaddr_storage places[SERVERS];
static int64_t heard[SERVERS]; /* when each last answered */
static struct pending pending[PENDING];

static void reply(const struct pending *one, struct found *found) {
    uint8_t packet[REPLY];
    if (found->seconds > LONGEST_SECONDS) found->seconds = LONGEST_SECONDS;
    sendto(door, packet, dns_answer(packet, &one->question, found), 0, (const struct sockaddr *)&one->from, sizeof one->from);
}

static void reply_code(const struct pending *one, int code) { reply(one, &(struct found){.code = code}); }

/* Docker's name service listens on another port once its daemon has started anew, and the kernel goes on leading what comes
 * from our port to the old one for as long as it comes. The same socket takes another port: its mark stays. */
static void take_another_port(int server) {
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (connect(servers[server], &nobody, sizeof nobody) == 0)
        connect(servers[server], (struct sockaddr *)&places[server], sizeof places[server]);
}

static void ask_server(struct pending *one) {
    uint8_t packet[REPLY];
    if (one->server >= server_count && one->again && !one->last) {
        one->server = 0;
        one->last = true;
    }
    if (one->server >= server_count) {
        reply_code(one, SERVER_FAILED);
        one->server = -1;
        return;
    }
    one->until = now_ms() + PATIENCE_MS;
    if (getrandom(&one->id, sizeof one->id, 0) < 0) abort();
    size_t size = dns_ask(packet, one->id, one->question.name, one->question.type);
    /* Twice: the first may only tell that nobody took an earlier one. Else the next server at the next turn. */
    if (send(servers[one->server], packet, size, 0) < 0 && send(servers[one->server], packet, size, 0) < 0) one->until = 0;
}

static void take_question(void) {
    uint8_t packet[REPLY];
    struct pending one = {.server = 0};
    socklen_t length = sizeof one.from;
    ssize_t size = recvfrom(door, packet, sizeof packet, 0, (struct sockaddr *)&one.from, &length);
    if (size < 0 || !dns_question(packet, (size_t)size, &one.question)) return;
    bool ours = allow_name(&allow, one.question.name);
    if (!ours && !everything) return reply_code(&one, NO_SUCH_NAME);
    /* Other records would carry data (TXT) or keys that hide the server's name from the gate (HTTPS). */
    if (one.question.type != TYPE_A && one.question.type != TYPE_AAAA) return reply_code(&one, NO_ERROR);
    for (int i = 0; i < PENDING; i++) {
        if (pending[i].server >= 0) continue;
        pending[i] = one;
        return ask_server(&pending[i]);
    }
    reply_code(&one, SERVER_FAILED);
}

static void open_address(uint16_t type, const uint8_t *address) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    memcpy(&four.sin_addr, address, 4);
    memcpy(&six.sin6_addr, address, 16);
    /* The firewall refuses every one of them: an error is what success looks like. */
    if (type == TYPE_A)
        sendto(announce4, "", 0, 0, (struct sockaddr *)&four, sizeof four);
    else if (announce6 >= 0)
        sendto(announce6, "", 0, 0, (struct sockaddr *)&six, sizeof six);
}

static void take_answer(int server) {
    uint8_t packet[PACKET];
    struct found found;
    ssize_t size = recv(servers[server], packet, sizeof packet, 0);
    if (size > 0) heard[server] = now_ms();
    for (int i = 0; size > 0 && i < PENDING; i++) {
        struct pending *one = &pending[i];
        if (one->server != server ||
            !dns_found(packet, (size_t)size, one->id, one->question.name, one->question.type, &found))
            continue;
        if (found.code == SERVER_FAILED || found.code == REFUSED) {
            one->server++;
            return ask_server(one);
        }
        if (allow_name(&allow, one->question.name))
            for (int n = 0; n < found.count; n++) open_address(one->question.type, found.addresses[n]);
        reply(one, &found);
        one->server = -1;
        return;
    }
}

static int next_turn(void) {
    int64_t now = now_ms(), next = -1;
    for (int i = 0; i < PENDING; i++) {
        if (pending[i].server < 0) continue;
        if (pending[i].until <= now) {
            /* Not while it answers others: what is on its way to the old port would be lost. */
            if (heard[pending[i].server] < pending[i].until - PATIENCE_MS) {
                take_another_port(pending[i].server);
                pending[i].again = true;
            }
            pending[i].server++;
            ask_server(&pending[i]);
        }
        if (pending[i].server < 0) continue;
        int64_t left = pending[i].until > now ? pending[i].until - now : 0;
        if (next < 0 || left < next) next = left;
    }
    return (int)next;
}

static void serve(void) {
    struct pollfd ends[1 + SERVERS] = {{.fd = door, .events = POLLIN}};
    for (int i = 0; i < server_count; i++) ends[1 + i] = (struct pollfd){.fd = servers[i], .events = POLLIN};
    for (int i = 0; i < PENDING; i++) pending[i].server = -1;
    for (;;) {
        if (poll(ends, 1 + (nfds_t)server_count, next_turn()) < 0 && errno != EINTR) abort();
        for (int i = 0; i < server_count; i++)
            if (ends[1 + i].revents) take_answer(i);
        if (ends[0].revents) take_question();
    }
}

static void add_server(const char *text, uint32_t mark) {
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT)};
    bool is_four = inet_pton(AF_INET, text, &four.sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, text, &six.sin6_addr) != 1) fail("%s is no address of a name server", text);
    if (server_count == SERVERS) return;
    int fd = marked_socket(is_four ? AF_INET : AF_INET6, SOCK_DGRAM, mark);
    if (fd < 0) return;
    /* One that cannot be reached from here (IPv6 without a route) is no server of ours. */
    if (is_four ? connect(fd, (struct sockaddr *)&four, sizeof four) : connect(fd, (struct sockaddr *)&six, sizeof six))
        close(fd);
    else {
        if (is_four)
            memcpy(&places[server_count], &four, sizeof four);
        else
            memcpy(&places[server_count], &six, sizeof six);
        servers[server_count++] = fd;
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int next = 5;
    if (argc < 6) fail("usage: names closed|open UID MARK-ASK MARK-OPEN SERVER… -- NAME…");
    everything = strcmp(argv[1], "open") == 0;
    uint32_t mark_ask = (uint32_t)strtoul(argv[3], NULL, 0), mark_open = (uint32_t)strtoul(argv[4], NULL, 0);
    while (next < argc && strcmp(argv[next], "--") != 0) add_server(argv[next++], mark_ask);
    if (server_count == 0) fail("no name server can be asked");
    allow.names = argv + next + (next < argc);
    allow.count = (int)(argv + argc - allow.names);
    announce4 = marked_socket(AF_INET, SOCK_DGRAM, mark_open);
    announce6 = marked_socket(AF_INET6, SOCK_DGRAM, mark_open);
    door = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (door < 0 || bind(door, (struct sockaddr *)&here, sizeof here)) fail("the name service's port: %s", strerror(errno));
    last((unsigned)strtoul(argv[2], NULL, 10));
    serve();
}
