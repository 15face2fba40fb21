#define _GNU_SOURCE
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "gate.h"

struct text {
    const uint8_t *at;
    size_t size;
};

static bool is(struct text text, const char *word) {
    return text.size == strlen(word) && strncasecmp((const char *)text.at, word, text.size) == 0;
}

static bool token(struct text text) {
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.at[i];
        if (c <= ' ' || c > '~' || strchr("\"(),/:;<=>?@[\\]{}", c)) return false;
    }
    return text.size > 0;
}

static struct text trimmed(struct text text) {
    while (text.size > 0 && (*text.at == ' ' || *text.at == '\t')) text.at++, text.size--;
    while (text.size > 0 && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t')) text.size--;
    return text;
}

/* HOST, HOST:PORT, [V6] or [V6]:PORT. What is written down is the host alone; v6 as the system writes it. */
static bool host_name(struct text text, char name[NAME_SIZE]) {
    size_t size = text.size;
    const uint8_t *colon;
    if (size > 0 && text.at[0] == '[') {
        const uint8_t *end = memchr(text.at, ']', size);
        uint8_t six[16];
        if (end == NULL || end - text.at >= INET6_ADDRSTRLEN) return false;
        memcpy(name, text.at + 1, (size_t)(end - text.at) - 1);
        name[end - text.at - 1] = 0;
        if (inet_pton(AF_INET6, name, six) != 1) return false;
        inet_ntop(AF_INET6, six, name, NAME_SIZE);
        colon = end + 1;
        if (colon < text.at + size && *colon != ':') return false;
        if (colon == text.at + size) return true;
    } else {
        colon = memchr(text.at, ':', size);
        if (!plain_name(text.at, colon ? (size_t)(colon - text.at) : size, name)) return false;
        if (colon == NULL) return true;
    }
    size_t digits = size - (size_t)(colon + 1 - text.at);
    for (size_t i = 0; i < digits; i++)
        if (colon[1 + i] < '0' || colon[1 + i] > '9') return false;
    return digits <= 5;
}

/* METHOD SP TARGET SP HTTP/1.x */
static bool request_line(struct text line, struct request *request, bool *old) {
    const uint8_t *space = memchr(line.at, ' ', line.size), *last = memrchr(line.at, ' ', line.size);
    if (space == NULL || space == last) return false;
    struct text method = {line.at, (size_t)(space - line.at)}, target = {space + 1, (size_t)(last - space - 1)};
    struct text version = {last + 1, (size_t)(line.at + line.size - last - 1)};
    *old = version.size == 8 && memcmp(version.at, "HTTP/1.0", 8) == 0;
    if (!*old && !(version.size == 8 && memcmp(version.at, "HTTP/1.1", 8) == 0)) return false;
    /* CONNECT would make a server the student's proxy. */
    if (!token(method) || is(method, "CONNECT") || target.size == 0) return false;
    for (size_t i = 0; i < target.size; i++)
        if (target.at[i] <= ' ' || target.at[i] == 127) return false;
    if (target.at[0] == '/' || is(target, "*")) return true;
    if (target.size < 8 || strncasecmp((const char *)target.at, "http://", 7) != 0) return false;
    struct text host = {target.at + 7, 0};
    while (host.size < target.size - 7 && !strchr("/?#", host.at[host.size])) host.size++;
    return host_name(host, request->target);
}

static bool length_of(struct text value, uint64_t *length) {
    *length = 0;
    if (value.size == 0 || value.size > 15) return false;
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] < '0' || value.at[i] > '9') return false;
        *length = *length * 10 + (value.at[i] - '0');
    }
    return true;
}

bool http_head(const uint8_t *bytes, size_t size, struct request *request) {
    struct text line = {bytes, 0};
    bool old = false, hosted = false, measured = false;
    *request = (struct request){0};
    for (unsigned lines = 0;; lines++, bytes = line.at + line.size + 2) {
        const uint8_t *end = memchr(bytes, '\n', size);
        if (end == NULL || end == bytes || end[-1] != '\r') return false; /* a bare line feed is read in two ways */
        line = (struct text){bytes, (size_t)(end - bytes) - 1};
        size -= line.size + 2;
        for (size_t i = 0; i < line.size; i++)
            if ((line.at[i] < ' ' && line.at[i] != '\t') || line.at[i] == 127) return false;
        if (line.size == 0) return lines > 0 && size == 0 && !(request->chunked && (measured || old));
        if (lines == 0) {
            if (!request_line(line, request, &old)) return false;
            continue;
        }
        const uint8_t *colon = memchr(line.at, ':', line.size);
        if (colon == NULL) return false;
        struct text name = {line.at, (size_t)(colon - line.at)};
        struct text value = trimmed((struct text){colon + 1, line.size - name.size - 1});
        if (!token(name)) return false; /* a folded line, or a blank before the colon */
        if (is(name, "Host")) {
            if (hosted || !host_name(value, request->host)) return false;
            hosted = true;
        } else if (is(name, "Content-Length")) {
            if (measured || !length_of(value, &request->length)) return false;
            measured = true;
        } else if (is(name, "Transfer-Encoding")) {
            if (request->chunked || !is(value, "chunked")) return false;
            request->chunked = true;
        } else if (is(name, "Upgrade")) {
            if (request->upgrade) return false;
            request->upgrade = true;
            request->websocket = is(value, "websocket");
        }
    }
}
