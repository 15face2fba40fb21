#include "gate-link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lasting.h"

#define HEAD_MS 20000
#define ENDING_MS 1000
#define HALF_OPEN_MS 30000

void link_end(struct link *link) {
    if (link->stage == GONE) return;
    link->stage = GONE; /* its memory goes when the events at hand are done */
    watch(&link->client, 0);
    site_leave(link);
    close(link->client.fd);
}

/* Said in the program's own language, then closed: a browser shows the page, a TLS client says "unrecognized name". */
void link_refuse(struct link *link, const char *status) {
    static const uint8_t ALERT[] = {21, 3, 3, 0, 2, 2, 112};
    char page[512];
    bool forbidden = *status == '4';
    site_leave(link);
    if (link->kind == HTTP) {
        int size = snprintf(page, sizeof page,
                            "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n%s\n", status,
                            forbidden ? "This site is not part of the exam." : "The site does not answer.");
        send(link->client.fd, page, (size_t)size, 0);
    } else if (link->kind == TLS && forbidden) {
        send(link->client.fd, ALERT, sizeof ALERT, 0);
    }
    shutdown(link->client.fd, SHUT_WR);
    link->stage = ENDING;
    link->until = now_ms() + ENDING_MS;
    watch(&link->client, EPOLLIN);
}

static bool is_original(const struct link *link, const char *host) {
    uint8_t bytes[16];
    int family = strchr(host, ':') ? AF_INET6 : AF_INET;
    return inet_pton(family, host, bytes) == 1 && family == link->original.family &&
           memcmp(bytes, link->original.bytes, family == AF_INET ? 4 : 16) == 0;
}

/* By name: an allowed one. By address, or without a name: an address that the operator has written down himself. */
static bool right(void *whom, const char *host) {
    struct link *link = whom;
    if (*host == 0 || is_original(link, host)) {
        link->name[0] = 0;
        return allow_address(&allow, link->original.family, link->original.bytes);
    }
    if (!allow_name(&allow, host)) return false;
    strcpy(link->name, host);
    return true;
}

static bool judge(struct link *link) {
    const uint8_t *bytes = link->up + link->up_passed;
    size_t size = link->up_filled - link->up_passed, passed = 0;
    struct judge judge = {right, link};
    if (size == 0) return true;
    if (link->kind == UNKNOWN) link->kind = bytes[0] == 22 ? TLS : HTTP;
    enum verdict verdict = link->kind == TLS ? tls_judge(&link->tls, judge, bytes, size, &passed)
                                             : http_judge(&link->http, judge, bytes, size, &passed);
    link->up_passed += passed;
    if (verdict == MORE && link->http.at != HTTP_WAITING && link->up_filled - link->up_passed == UP_ROOM) return false;
    return verdict != REFUSE;
}

/* False: the connection is over. */
static bool take_from_client(struct link *link) {
    if (link->up_filled == UP_ROOM && link->up_sent > 0) {
        memmove(link->up, link->up + link->up_sent, UP_ROOM - link->up_sent);
        link->up_passed -= link->up_sent;
        link->up_filled -= link->up_sent;
        link->up_sent = 0;
    }
    if (link->client_ended || link->up_filled == UP_ROOM) return true;
    ssize_t size = recv(link->client.fd, link->up + link->up_filled, UP_ROOM - link->up_filled, 0);
    if (size < 0) return errno == EAGAIN;
    if (size == 0) link->client_ended = true;
    if (link->stage == JUDGING && link->up_filled == 0) link->until = now_ms() + HEAD_MS;
    link->up_filled += (size_t)size;
    return true;
}

static bool give_to_site(struct link *link) {
    if (link->up_sent < link->up_passed) {
        ssize_t size = send(link->site.fd, link->up + link->up_sent, link->up_passed - link->up_sent, 0);
        if (size < 0 && errno != EAGAIN) return false;
        if (size > 0) link->up_sent += (size_t)size;
        if (link->up_sent == link->up_filled) link->up_sent = link->up_passed = link->up_filled = 0;
    }
    if (link->client_ended && link->up_sent == link->up_passed && !link->site_shut) {
        shutdown(link->site.fd, SHUT_WR);
        link->site_shut = true;
    }
    return true;
}

/* Between a request to become something else and the site's answer nothing passes in either direction. */
static bool waits(const struct link *link) { return link->kind == HTTP && link->http.at == HTTP_WAITING; }

static bool take_from_site(struct link *link) {
    if (link->site_ended || link->down_filled == DOWN_ROOM) return true;
    ssize_t size = recv(link->site.fd, link->down + link->down_filled, DOWN_ROOM - link->down_filled, 0);
    if (size < 0) return errno == EAGAIN;
    if (size == 0) link->site_ended = true;
    link->down_filled += (size_t)size;
    if (!waits(link)) return true;
    if (link->site_ended) link->http.at = HTTP_HEAD;
    return http_answered(&link->http, link->down, link->down_filled) != REFUSE;
}

static bool give_to_client(struct link *link) {
    if (waits(link)) return true;
    if (link->down_sent < link->down_filled) {
        ssize_t size = send(link->client.fd, link->down + link->down_sent, link->down_filled - link->down_sent, 0);
        if (size < 0 && errno != EAGAIN) return false;
        if (size > 0) link->down_sent += (size_t)size;
        if (link->down_sent == link->down_filled) link->down_sent = link->down_filled = 0;
    }
    if (link->site_ended && link->down_sent == link->down_filled && !link->client_shut) {
        shutdown(link->client.fd, SHUT_WR);
        link->client_shut = true;
        link->until = now_ms() + HALF_OPEN_MS;
    }
    return !(link->client_shut && link->client_ended);
}

static void watch_both(struct link *link) {
    bool open = link->stage == OPEN;
    uint32_t client = !link->client_ended && (link->up_filled < UP_ROOM || link->up_sent > 0) ? EPOLLIN : 0;
    if (open && link->down_sent < link->down_filled && !waits(link)) client |= EPOLLOUT;
    watch(&link->client, client);
    if (!open) return;
    uint32_t site = !link->site_ended && link->down_filled < DOWN_ROOM ? EPOLLIN : 0;
    if (link->up_sent < link->up_passed) site |= EPOLLOUT;
    watch(&link->site, site);
}

void link_pump(struct link *link) {
    link->seen = now_ms();
    if (link->stage == ENDING) {
        ssize_t size = recv(link->client.fd, link->up, UP_ROOM, 0);
        if (size == 0 || (size < 0 && errno != EAGAIN)) link_end(link);
        return; /* closing while bytes are unread would take the refusal's page away from the program */
    }
    if (!take_from_client(link)) return link_end(link);
    if (link->stage == OPEN && !take_from_site(link)) return link_end(link);
    if (!judge(link)) return link_refuse(link, "403 Forbidden");
    if (link->client_ended && link->up_passed == 0 && link->stage == JUDGING) return link_end(link);
    if (link->stage == JUDGING && link->up_passed > 0) site_next(link);
    if (link->stage == OPEN && (!give_to_site(link) || !give_to_client(link))) return link_end(link);
    if (link->stage != ENDING && link->stage != GONE) watch_both(link);
}
