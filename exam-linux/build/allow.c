#include "allow.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* What carries data out as questions has long labels. Names that stand in the list may be as long as they like. */
#define LABEL_BELOW_WILDCARD 40

static bool short_labels(const char *name, const char *end) {
    size_t length = 0;
    for (; name < end; name++) {
        length = *name == '.' ? 0 : length + 1;
        if (length > LABEL_BELOW_WILDCARD) return false;
    }
    return true;
}

bool allow_name(const struct allow *allow, const char *name) {
    size_t size = strlen(name);
    for (int i = 0; i < allow->count; i++) {
        const char *entry = allow->names[i];
        if (strncmp(entry, "*.", 2) != 0) {
            if (strcmp(entry, name) == 0) return true;
            continue;
        }
        entry += 2;
        size_t base = strlen(entry);
        if (strcmp(entry, name) == 0) return true;
        if (size > base + 1 && name[size - base - 1] == '.' && strcmp(name + size - base, entry) == 0 &&
            short_labels(name, name + size - base - 1))
            return true;
    }
    return false;
}

bool allow_range(struct allow *allow, const char *text) {
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t size = slash ? (size_t)(slash - text) : strlen(text);
    if (allow->range_count == RANGES || size >= sizeof address) return false;
    memcpy(address, text, size);
    address[size] = 0;
    struct range range = {.family = strchr(address, ':') ? AF_INET6 : AF_INET};
    int most = range.family == AF_INET6 ? 128 : 32;
    range.bits = slash ? atoi(slash + 1) : most;
    if (inet_pton(range.family, address, range.bytes) != 1 || range.bits < 0 || range.bits > most) return false;
    allow->ranges[allow->range_count++] = range;
    return true;
}

bool allow_address(const struct allow *allow, int family, const uint8_t *bytes) {
    for (int i = 0; i < allow->range_count; i++) {
        const struct range *range = &allow->ranges[i];
        int whole = range->bits / 8, rest = range->bits % 8;
        if (range->family != family || memcmp(range->bytes, bytes, whole) != 0) continue;
        if (rest == 0 || (range->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0) return true;
    }
    return false;
}

bool plain_name(const uint8_t *bytes, size_t size, char name[NAME_SIZE]) {
    if (size > 0 && bytes[size - 1] == '.') size--;
    if (size == 0 || size >= NAME_SIZE) return false;
    for (size_t i = 0; i < size; i++) {
        char c = (char)bytes[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.')) return false;
        name[i] = c;
    }
    name[size] = 0;
    return true;
}
