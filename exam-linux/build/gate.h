/* What may pass the gate: pure readers of the first bytes of a connection. Whatever borders the network puts between the
 * bytes, the verdict is the same. */
#ifndef GATE_H
#define GATE_H
#include "allow.h"

enum verdict { MORE, PASS, REFUSE }; /* MORE: no word before more bytes come */

/* Asked for every name that a client gives; an empty one when it gives none. */
struct judge {
    bool (*right)(void *whom, const char *host);
    void *whom;
};

/* --- TLS (gate-tls.c): server names of all ClientHellos that are not encrypted --- */
struct tls {
    bool named;     /* the last ClientHello seen was right */
    bool encrypted; /* nothing can be read from here on */
    size_t rest;    /* bytes of the present record still to pass */
};
/* Tells in *passed how many of the bytes may go on to the site. */
enum verdict tls_judge(struct tls *tls, struct judge judge, const uint8_t *bytes, size_t size, size_t *passed);

/* --- HTTP/1 (gate-http.c): the Host of every request of a connection --- */
enum http_place { HTTP_HEAD, HTTP_BODY, HTTP_CHUNK_SIZE, HTTP_CHUNK, HTTP_CHUNK_END, HTTP_TRAILER, HTTP_WAITING, HTTP_TUNNEL };
struct http {
    enum http_place at;
    uint64_t left;     /* of a body or chunk */
    size_t looked;     /* of the head: no end of it before here */
    unsigned requests;
    bool websocket;    /* what the request that is HTTP_WAITING asked to become */
};
struct request { /* a head, read by gate-head.c */
    char host[NAME_SIZE]; /* empty: none given */
    char target[NAME_SIZE]; /* host of an absolute target; empty: none */
    bool chunked, upgrade, websocket;
    uint64_t length;
};
/* Reads a whole head, its empty line included. False: not plain HTTP/1, or something two servers could read differently. */
bool http_head(const uint8_t *bytes, size_t size, struct request *request);
enum verdict http_judge(struct http *http, struct judge judge, const uint8_t *bytes, size_t size, size_t *passed);
/* While HTTP_WAITING: what the site answered decides whether the connection becomes something else. */
enum verdict http_answered(struct http *http, const uint8_t *bytes, size_t size);
#endif
