/* One connection through the gate: the student's program on one side, the site on the other. */
#ifndef GATE_LINK_H
#define GATE_LINK_H
#include <netinet/in.h>

#include "dns.h"
#include "gate.h"

#define UP_ROOM 36864   /* more than the longest head or ClientHello that is taken */
#define DOWN_ROOM 65536
#define CANDIDATES (2 * ADDRESSES + 2)

struct address {
    int family;
    uint8_t bytes[16];
    uint16_t port; /* as on the wire */
};

enum what { LISTENER, RESOLVER, CLIENT, SITE };
struct end { /* what an event of epoll belongs to */
    enum what what;
    int fd;
    uint32_t watched;
    struct link *link;
};

enum stage { JUDGING, CONNECTING, ASKING, OPEN, ENDING, GONE };

struct link {
    struct link *next;
    struct end client, site;
    enum stage stage;
    int64_t until; /* the stage's patience; 0: none */
    int64_t seen;  /* when anything moved last */
    enum { UNKNOWN, TLS, HTTP } kind;
    struct tls tls;
    struct http http;
    char name[NAME_SIZE]; /* the site by name; empty: by address */
    struct address original, candidates[CANDIDATES];
    int candidate, candidate_count;
    bool asked, client_ended, site_ended, client_shut, site_shut;
    uint16_t ask_id[2];
    bool answered[2];
    size_t up_sent, up_passed, up_filled, down_sent, down_filled;
    uint8_t up[UP_ROOM], down[DOWN_ROOM];
};

extern struct allow allow;

/* gate.c: the loop */
void watch(struct end *end, uint32_t events);
/* Ends the connection that has been silent for longest, of those to a site of that family (0: of all). False: there is none. */
bool make_room(const struct link *keep, int family);

/* gate-link.c */
void link_pump(struct link *link);
void link_refuse(struct link *link, const char *http_status);
void link_end(struct link *link);

/* gate-site.c: reaching the site, also where it has moved to */
void sites_made(uint32_t mark); /* before privileges go */
void sites_reset(void);         /* after a restart */
int resolver_socket(void);
void site_next(struct link *link);      /* connects to the next candidate, asks for more of them, or gives up */
void site_connected(struct link *link); /* an event while CONNECTING */
void site_leave(struct link *link);
void resolver_answered(struct link *links);
#endif
