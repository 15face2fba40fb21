/* The exam's names and addresses, as EXAM_ALLOWED_* say them. Pure. */
#ifndef ALLOW_H
#define ALLOW_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_SIZE 256
#define RANGES 256

struct range {
    int family;
    int bits;
    uint8_t bytes[16];
};

struct allow {
    char **names; /* `a.example` is that name, `*.example` is it and all below it; small letters */
    int count;
    struct range ranges[RANGES];
    int range_count;
};

/* Whether a name (small letters, no dot at the end) is the exam's. */
bool allow_name(const struct allow *allow, const char *name);

/* Takes ADDRESS or ADDRESS/BITS. False: it is neither, or there are too many. */
bool allow_range(struct allow *allow, const char *text);
bool allow_address(const struct allow *allow, int family, const uint8_t *bytes);

/* Copies a name in small letters and without the dot at its end. False: it is no name of letters, digits, - and _. */
bool plain_name(const uint8_t *bytes, size_t size, char name[NAME_SIZE]);
#endif
