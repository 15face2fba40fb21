#include "dns.h"

#include <string.h>

#define HEADER 12

static uint16_t two(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }
static uint8_t *put(uint8_t *at, uint16_t value) {
    *at++ = (uint8_t)(value >> 8);
    *at++ = (uint8_t)value;
    return at;
}

/* Reads the name that stands at `at` without following pointers. Returns what comes after it, or 0. */
static size_t name_at(const uint8_t *packet, size_t size, size_t at, char name[NAME_SIZE]) {
    uint8_t dotted[NAME_SIZE];
    size_t length = 0;
    while (at < size && packet[at] != 0) {
        size_t label = packet[at++];
        if (label > 63 || at + label >= size || length + label + 1 >= sizeof dotted) return 0;
        if (memchr(packet + at, '.', label)) return 0;
        memcpy(dotted + length, packet + at, label);
        length += label;
        dotted[length++] = '.';
        at += label;
    }
    return at < size && plain_name(dotted, length, name) ? at + 1 : 0;
}

static size_t skip_name(const uint8_t *packet, size_t size, size_t at) {
    while (at < size) {
        uint8_t label = packet[at];
        if (label == 0) return at + 1;
        if (label >= 0xc0) return at + 2;
        if (label > 63) return 0;
        at += 1u + label;
    }
    return 0;
}

bool dns_question(const uint8_t *packet, size_t size, struct question *question) {
    if (size < HEADER || (packet[2] & 0xf8) != 0 || two(packet + 4) != 1 || two(packet + 6) || two(packet + 8)) return false;
    size_t end = name_at(packet, size, HEADER, question->name);
    if (end == 0 || end + 4 > size || two(packet + end + 2) != 1) return false;
    question->id = two(packet);
    question->type = two(packet + end);
    question->asked_size = end + 4 - HEADER;
    memcpy(question->asked, packet + HEADER, question->asked_size);
    return true;
}

size_t dns_ask(uint8_t packet[REPLY], uint16_t id, const char *name, uint16_t type) {
    static const uint8_t LARGER[] = {0, 0, 41, PACKET >> 8, PACKET & 255, 0, 0, 0, 0, 0, 0}; /* EDNS: answers up to PACKET */
    uint8_t *at = put(put(put(packet, id), 0x0100), 1);
    at = put(put(put(at, 0), 0), 1);
    while (*name) {
        size_t label = strcspn(name, ".");
        *at++ = (uint8_t)label;
        memcpy(at, name, label);
        at += label;
        name += label + (name[label] == '.');
    }
    *at++ = 0;
    at = put(put(at, type), 1);
    memcpy(at, LARGER, sizeof LARGER);
    return (size_t)(at - packet) + sizeof LARGER;
}

bool dns_found(const uint8_t *packet, size_t size, uint16_t id, const char *name, uint16_t type, struct found *found) {
    char asked[NAME_SIZE];
    if (size < HEADER || two(packet) != id || !(packet[2] & 0x80) || two(packet + 4) != 1) return false;
    size_t at = name_at(packet, size, HEADER, asked), width = type == TYPE_A ? 4 : 16;
    if (at == 0 || at + 4 > size || strcmp(asked, name) != 0 || two(packet + at) != type) return false;
    *found = (struct found){.code = packet[3] & 15, .seconds = UINT32_MAX};
    at += 4;
    /* A shortened answer (TC) is used as far as it goes: some of the site's addresses are enough. */
    for (int left = two(packet + 6); left > 0; left--) {
        at = skip_name(packet, size, at);
        if (at == 0 || at + 10 > size) break;
        uint16_t kind = two(packet + at), length = two(packet + at + 8);
        uint32_t seconds = (uint32_t)two(packet + at + 4) << 16 | two(packet + at + 6);
        at += 10;
        if (at + length > size) break;
        if (seconds < found->seconds) found->seconds = seconds; /* a CNAME's counts too */
        if (kind == type && length == width && found->count < ADDRESSES)
            memcpy(found->addresses[found->count++], packet + at, width);
        at += length;
    }
    return true;
}

size_t dns_answer(uint8_t packet[REPLY], const struct question *question, const struct found *found) {
    size_t width = question->type == TYPE_A ? 4 : 16, room = REPLY - HEADER - question->asked_size;
    int count = found->count;
    if ((size_t)count > room / (12 + width)) count = (int)(room / (12 + width));
    uint8_t *at = put(put(put(packet, question->id), (uint16_t)(0x8180 | found->code)), 1);
    at = put(put(put(at, (uint16_t)count), 0), 0);
    memcpy(at, question->asked, question->asked_size);
    at += question->asked_size;
    for (int i = 0; i < count; i++) {
        at = put(put(put(at, 0xc000 | HEADER), question->type), 1);
        at = put(put(put(at, (uint16_t)(found->seconds >> 16)), (uint16_t)found->seconds), (uint16_t)width);
        memcpy(at, found->addresses[i], width);
        at += width;
    }
    return (size_t)(at - packet);
}
