#include <string.h>

#include "gate.h"

#define HELLO 16384
#define RECORD_HEAD 5
enum { CHANGE_CIPHER = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION = 23 };
enum { CLIENT_HELLO = 1, SERVER_NAME = 0, ENCRYPTED_HELLO = 0xfe0d, ENCRYPTED_NAME = 0xffce };

struct reader {
    const uint8_t *at;
    size_t left;
    bool ended; /* asked for more than there was */
};

static unsigned number(struct reader *from, int bytes) {
    unsigned value = 0;
    if (from->left < (size_t)bytes) from->ended = true;
    for (; bytes > 0 && !from->ended; bytes--, from->left--) value = value << 8 | *from->at++;
    return value;
}

static struct reader part(struct reader *from, size_t size) {
    struct reader inner = {.at = from->at, .left = size};
    if (from->ended || from->left < size) {
        from->ended = true;
        return (struct reader){.ended = true};
    }
    from->at += size;
    from->left -= size;
    return inner;
}

static bool server_name(struct reader list, char name[NAME_SIZE]) {
    struct reader names = part(&list, number(&list, 2));
    if (number(&names, 1) != 0) return false; /* host_name is the only kind there is */
    struct reader host = part(&names, number(&names, 2));
    return !host.ended && !names.ended && list.left == 0 && names.left == 0 && plain_name(host.at, host.left, name);
}

/* Leaves name empty when the hello has none. False: broken, or it hides where it wants to go. */
static bool hello_name(struct reader hello, char name[NAME_SIZE]) {
    bool seen = false;
    name[0] = 0;
    part(&hello, 2 + 32); /* version, random */
    part(&hello, number(&hello, 1));
    part(&hello, number(&hello, 2));
    part(&hello, number(&hello, 1));
    if (hello.ended || hello.left == 0) return !hello.ended; /* no extensions at all */
    struct reader extensions = part(&hello, number(&hello, 2));
    if (hello.ended || hello.left != 0) return false;
    while (extensions.left > 0) {
        unsigned type = number(&extensions, 2);
        struct reader body = part(&extensions, number(&extensions, 2));
        if (extensions.ended || type == ENCRYPTED_HELLO || type == ENCRYPTED_NAME) return false;
        if (type != SERVER_NAME) continue;
        if (seen || !server_name(body, name)) return false;
        seen = true;
    }
    return true;
}

/* A ClientHello at the start of a record; it may go on over several records. */
static enum verdict hello_at(struct judge judge, const uint8_t *bytes, size_t size, size_t *length) {
    uint8_t message[HELLO];
    char name[NAME_SIZE];
    size_t have = 0, want = 4, at = 0;
    while (have < want) {
        const uint8_t *head = bytes + at;
        size_t left = size - at;
        if ((left > 0 && head[0] != HANDSHAKE) || (left > 1 && head[1] != 3)) return REFUSE;
        if (left < RECORD_HEAD) return MORE;
        size_t record = (size_t)head[3] << 8 | head[4], here = left - RECORD_HEAD;
        if (record == 0 || record > HELLO || have + record > HELLO) return REFUSE;
        if (here > record) here = record;
        memcpy(message + have, head + RECORD_HEAD, here);
        have += here;
        if (have > 0 && message[0] != CLIENT_HELLO) return REFUSE;
        if (have >= 4) want = 4 + ((size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3]);
        if (want > HELLO || have > want) return REFUSE;
        if (here < record) return MORE;
        at += RECORD_HEAD + record;
    }
    *length = at;
    struct reader hello = {.at = message + 4, .left = want - 4};
    return hello_name(hello, name) && judge.right(judge.whom, name) ? PASS : REFUSE;
}

/* A server may ask for a second ClientHello. After the cipher change of TLS 1.2 the same kind of record is encrypted:
 * it is told apart by what no server can do without: not by the rest, which some overlook (the version's second byte is
 * anything since TLS 1.3, more may follow in the record). A random one looks like it once in eight million. */
static bool looks_like_hello(const uint8_t *record) {
    const uint8_t *body = record + RECORD_HEAD;
    return body[0] == CLIENT_HELLO && body[1] <= 1 && body[4] == 3;
}

enum verdict tls_judge(struct tls *tls, struct judge judge, const uint8_t *bytes, size_t size, size_t *passed) {
    *passed = 0;
    while (*passed < size) {
        const uint8_t *here = bytes + *passed;
        size_t left = size - *passed, length = 0;
        if (tls->encrypted) tls->rest = left;
        if (tls->rest > 0) {
            size_t now = tls->rest < left ? tls->rest : left;
            *passed += now;
            tls->rest -= now;
            continue;
        }
        if (!tls->named) {
            enum verdict verdict = hello_at(judge, here, left, &length);
            if (verdict != PASS) return verdict;
            tls->named = true;
            *passed += length;
            continue;
        }
        if (here[0] < CHANGE_CIPHER || here[0] > APPLICATION || (left > 1 && here[1] != 3)) return REFUSE;
        if (left < RECORD_HEAD) return MORE;
        length = (size_t)here[3] << 8 | here[4];
        if (here[0] == HANDSHAKE) {
            if (length < 6) return REFUSE; /* too short to tell what it is */
            if (left < RECORD_HEAD + 6) return MORE;
            tls->named = !looks_like_hello(here);
            if (!tls->named) continue;
        }
        tls->encrypted = here[0] == APPLICATION;
        tls->rest = RECORD_HEAD + length;
    }
    return PASS;
}
