/* The few forms of DNS packets that the exam's name service speaks. Pure. */
#ifndef DNS_H
#define DNS_H
#include "allow.h"

#define DNS_PORT 53
#define PACKET 4096    /* the most that is taken from a server */
#define REPLY 512      /* the most that is answered: what a program without EDNS takes */
#define ADDRESSES 16
enum { TYPE_A = 1, TYPE_AAAA = 28 };
enum { NO_ERROR = 0, SERVER_FAILED = 2, NO_SUCH_NAME = 3, REFUSED = 5 };

struct question {
    uint16_t id, type;
    char name[NAME_SIZE];
    uint8_t asked[NAME_SIZE + 4]; /* as it came, to be repeated letter by letter */
    size_t asked_size;
};

struct found {
    int code;
    uint32_t seconds; /* the shortest time to live */
    int count;
    uint8_t addresses[ADDRESSES][16];
};

/* False: not one plain question, or a name with letters that no host has. */
bool dns_question(const uint8_t *packet, size_t size, struct question *question);
/* A question for a server; returns its size. */
size_t dns_ask(uint8_t packet[REPLY], uint16_t id, const char *name, uint16_t type);
/* What a server answered to that question. False: it is no answer to it. */
bool dns_found(const uint8_t *packet, size_t size, uint16_t id, const char *name, uint16_t type, struct found *found);
/* The answer to whoever asked: addresses and nothing else, whatever more the server said. Returns its size. */
size_t dns_answer(uint8_t packet[REPLY], const struct question *question, const struct found *found);
#endif
