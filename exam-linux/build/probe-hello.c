/* A TLS ClientHello, 1.2 and 1.3, that every server understands. Its key is no key: the talk ends with the ServerHello. */
#include "probe.h"

#include <string.h>
#include <sys/random.h>

struct text { unsigned char *at; };

static void put(struct text *text, const void *bytes, size_t count) {
    memcpy(text->at, bytes, count);
    text->at += count;
}
static void put16(struct text *text, size_t value) {
    *text->at++ = (unsigned char)(value >> 8);
    *text->at++ = (unsigned char)value;
}
/* A length that is known only when what it counts is there. */
static void fill16(unsigned char *place, const struct text *text) {
    size_t count = (size_t)(text->at - place) - 2;
    place[0] = (unsigned char)(count >> 8);
    place[1] = (unsigned char)count;
}
static unsigned char *later16(struct text *text) {
    unsigned char *place = text->at;
    put16(text, 0);
    return place;
}
static void extension(struct text *text, size_t kind, const void *bytes, size_t count) {
    put16(text, kind);
    put16(text, count);
    put(text, bytes, count);
}
static void random_bytes(struct text *text, size_t count) {
    memset(text->at, 7, count);
    if (getrandom(text->at, count, 0) < 0) text->at[0] = 9;
    text->at += count;
}

static void server_name(struct text *text, const char *name) {
    put16(text, 0);
    unsigned char *whole = later16(text), *list = later16(text);
    *text->at++ = 0;
    put16(text, strlen(name));
    put(text, name, strlen(name));
    fill16(list, text);
    fill16(whole, text);
}

static void key_share(struct text *text) {
    put16(text, 51);
    put16(text, 38);
    put16(text, 36);
    put16(text, 29); /* x25519: any 32 bytes are a point */
    put16(text, 32);
    random_bytes(text, 32);
}

size_t client_hello(unsigned char *into, const char *name) {
    struct text text = {into};
    put(&text, "\x16\x03\x01", 3);
    unsigned char *record = later16(&text);
    put(&text, "\x01\x00", 2); /* ClientHello; its length has three bytes */
    unsigned char *hello = later16(&text);
    put(&text, "\x03\x03", 2);
    random_bytes(&text, 32);
    put(&text, "\x20", 1);
    random_bytes(&text, 32);
    put(&text, "\x00\x10\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa8", 18);
    put(&text, "\x01\x00", 2);
    unsigned char *extensions = later16(&text);
    server_name(&text, name);
    extension(&text, 10, "\x00\x06\x00\x1d\x00\x17\x00\x18", 8);
    extension(&text, 11, "\x01\x00", 2);
    extension(&text, 13, "\x00\x10\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01", 18);
    extension(&text, 16, "\x00\x09\x08http/1.1", 11);
    extension(&text, 43, "\x04\x03\x04\x03\x03", 5);
    key_share(&text);
    fill16(extensions, &text);
    fill16(hello, &text);
    fill16(record, &text);
    return (size_t)(text.at - into);
}
