/* The tries that go out, or would. */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

/* A refusal is at once. An answer of our own name service or gate is too, but a full host may make them wait for a core, and
 * a desktop must not be given up for that. */
enum { PATIENCE_MS = 1500, ANSWER_MS = 4000, MOST_BYTES = 2048 };

/* A name goes the way of every program's: resolv.conf, hosts file, both families. */
static struct addrinfo *find(const char *host, const char *port, int type) {
    struct addrinfo how = {.ai_socktype = type}, *found = NULL;
    return getaddrinfo(host, port, &how, &found) ? NULL : found;
}

/* Connects without waiting longer than asked. The socket in *sock when it is open. */
static enum outcome connect_to(const struct addrinfo *to, int patience, int *sock) {
    int error = 0;
    socklen_t size = sizeof error;
    *sock = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (*sock < 0) return REFUSED;
    if (connect(*sock, to->ai_addr, to->ai_addrlen) && errno != EINPROGRESS) return REFUSED;
    struct pollfd wait = {.fd = *sock, .events = POLLOUT};
    if (poll(&wait, 1, patience) < 1) return SILENT;
    if (getsockopt(*sock, SOL_SOCKET, SO_ERROR, &error, &size)) return SILENT;
    if (!error) return OPEN;
    /* The network said so after it had left, not we. */
    return error == EHOSTUNREACH || error == ETIMEDOUT ? SILENT : REFUSED;
}

static enum outcome send_to(const struct addrinfo *to) {
    int sock = socket(to->ai_family, SOCK_DGRAM, 0);
    if (sock < 0) return REFUSED;
    return sendto(sock, "probe", 5, 0, to->ai_addr, to->ai_addrlen) < 0 ? REFUSED : SILENT;
}

enum outcome try_address(char **words) {
    struct addrinfo *to = find(words[0], words[1], SOCK_STREAM);
    int sock;
    if (!to) return NOTHING;
    enum outcome tcp = connect_to(to, PATIENCE_MS, &sock);
    return tcp == REFUSED ? send_to(to) : tcp;
}

enum outcome try_port(char **words) {
    enum outcome worst = NOTHING;
    for (struct addrinfo *to = find(words[0], words[1], SOCK_STREAM); to; to = to->ai_next) {
        int sock;
        enum outcome got = connect_to(to, PATIENCE_MS, &sock);
        if (got == REFUSED) got = send_to(to);
        if (worst == NOTHING || got != REFUSED) worst = got;
    }
    return worst;
}

enum outcome try_connect(char **words) {
    enum outcome got = NOTHING;
    int sock;
    for (struct addrinfo *to = find(words[0], words[1], SOCK_STREAM); to && got != OPEN; to = to->ai_next)
        got = connect_to(to, PATIENCE_MS, &sock);
    return got;
}

static size_t http_request(unsigned char *into, const char *name) {
    return (size_t)snprintf((char *)into, MOST_BYTES, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", name);
}

/* A ServerHello, or a page. Under its own name whatever the site says is an answer; under a name that is not its own a
 * refusal (status 400 and up) may be the gate's and is none. */
static int is_answer(int tls, int own, const unsigned char *bytes, ssize_t count) {
    if (tls) return count >= 6 && bytes[0] == 22 && bytes[5] == 2;
    return count >= 12 && !memcmp(bytes, "HTTP/1.", 7) && (own || bytes[9] < '4');
}

static enum outcome ask_web(const struct addrinfo *to, int tls, int own, const char *name) {
    unsigned char bytes[MOST_BYTES];
    int sock;
    enum outcome got = connect_to(to, ANSWER_MS, &sock);
    if (got != OPEN) return got;
    size_t length = tls ? client_hello(bytes, name) : http_request(bytes, name);
    if (send(sock, bytes, length, MSG_NOSIGNAL) < 0) return REFUSED;
    struct pollfd wait = {.fd = sock, .events = POLLIN};
    if (poll(&wait, 1, ANSWER_MS) < 1) return SILENT;
    ssize_t count = recv(sock, bytes, sizeof bytes, 0);
    return is_answer(tls, own, bytes, count) ? OPEN : REFUSED;
}

enum outcome try_web(char **words) {
    enum outcome got = NOTHING;
    for (struct addrinfo *to = find(words[1], words[2], SOCK_STREAM); to && got != OPEN; to = to->ai_next)
        got = ask_web(to, !strcmp(words[0], "https"), !strcmp(words[1], words[3]), words[3]);
    return got;
}

static void first_server(char *into) {
    FILE *conf = fopen("/etc/resolv.conf", "r");
    char line[256];
    strcpy(into, "127.0.0.1");
    while (conf && fgets(line, sizeof line, conf))
        if (sscanf(line, "nameserver %63s", into) == 1) break;
    if (conf) fclose(conf);
}

static size_t question(unsigned char *into, const char *name) {
    size_t length = 12;
    memset(into, 0, length);
    if (getrandom(into, 2, 0) < 0) into[0] = 7;
    into[2] = 1; /* recursion desired */
    into[5] = 1; /* one question */
    while (*name) {
        size_t label = strcspn(name, ".");
        into[length++] = (unsigned char)label;
        memcpy(into + length, name, label);
        length += label;
        name += label + (name[label] == '.');
    }
    memcpy(into + length, "\0\0\1\0\1", 5); /* the root, type A, class IN */
    return length + 5;
}

/* OPEN when an answer of whatever kind has come, and how many addresses and names are in it. */
static enum outcome ask(const char *of, const char *name, int *answers) {
    unsigned char asked[512], bytes[MOST_BYTES];
    char server[64];
    if (strlen(name) > 250) return NOTHING;
    if (strcmp(of, "resolver")) snprintf(server, sizeof server, "%s", of);
    else first_server(server);
    struct addrinfo *to = find(server, "53", SOCK_DGRAM);
    int sock = to ? socket(to->ai_family, SOCK_DGRAM, 0) : -1;
    if (sock < 0) return SILENT;
    size_t length = question(asked, name);
    if (sendto(sock, asked, length, 0, to->ai_addr, to->ai_addrlen) < 0) return REFUSED;
    struct pollfd wait = {.fd = sock, .events = POLLIN};
    if (poll(&wait, 1, ANSWER_MS) < 1) return SILENT;
    ssize_t count = recv(sock, bytes, sizeof bytes, 0);
    if (count < 0) return errno == ECONNREFUSED ? SILENT : REFUSED; /* nobody listens there: the resolver is dead */
    if (count < 12 || memcmp(bytes, asked, 2)) return SILENT;
    *answers = bytes[6] * 256 + bytes[7];
    return OPEN;
}

enum outcome try_name(char **words) {
    int answers = 0;
    enum outcome got = ask(words[0], words[1], &answers);
    return got == OPEN && !answers ? REFUSED : got;
}

enum outcome try_resolver(char **words) {
    int answers;
    return ask("resolver", words[0], &answers);
}
