#define _GNU_SOURCE
#include <string.h>

#include "gate.h"

#define HEAD_MOST 32768
#define LINE_MOST 1024 /* of a chunk's size or a trailer */

static enum verdict head(struct http *http, struct judge judge, const uint8_t *bytes, size_t size, size_t *used) {
    struct request request;
    size_t from = http->looked > 3 ? http->looked - 3 : 0;
    const uint8_t *end = memmem(bytes + from, size - from, "\r\n\r\n", 4);
    http->looked = size;
    /* What is no request from the start need not go on to its end. */
    for (size_t i = 0; i < size && i < 32 && bytes[i] != ' '; i++)
        if (bytes[i] < '!' || bytes[i] > 'Z') return REFUSE;
    if (end == NULL) return size > HEAD_MOST ? REFUSE : MORE;
    *used = (size_t)(end - bytes) + 4;
    http->looked = 0;
    if (*used > HEAD_MOST || !http_head(bytes, *used, &request)) return REFUSE;
    if (!judge.right(judge.whom, request.host)) return REFUSE;
    if (request.target[0] && !judge.right(judge.whom, request.target)) return REFUSE;
    /* Only the answer tells whether the connection becomes something else, and only the first answer surely belongs to
     * this request. Browsers open a new connection for a WebSocket. */
    if (request.upgrade && (http->requests > 0 || request.chunked || request.length > 0)) return REFUSE;
    http->requests++;
    http->websocket = request.websocket;
    http->left = request.length;
    http->at = request.upgrade ? HTTP_WAITING : request.chunked ? HTTP_CHUNK_SIZE : request.length ? HTTP_BODY : HTTP_HEAD;
    return PASS;
}

/* One line of the chunked form, its end included. */
static enum verdict line(const uint8_t *bytes, size_t size, size_t *used) {
    const uint8_t *end = memchr(bytes, '\n', size < LINE_MOST ? size : LINE_MOST);
    if (end == NULL) return size < LINE_MOST ? MORE : REFUSE;
    *used = (size_t)(end - bytes) + 1;
    if (*used < 2 || end[-1] != '\r' || memchr(bytes, '\r', *used - 2)) return REFUSE;
    return PASS;
}

static enum verdict chunk_size(struct http *http, const uint8_t *bytes, size_t size, size_t *used) {
    enum verdict verdict = line(bytes, size, used);
    size_t digits = 0;
    if (verdict != PASS) return verdict;
    http->left = 0;
    for (; digits < *used - 2; digits++) {
        const char *hex = "0123456789abcdef", *digit = memchr(hex, bytes[digits] | 0x20, 16);
        if (digit == NULL || bytes[digits] < '0') break;
        http->left = http->left << 4 | (uint64_t)(digit - hex);
    }
    if (digits == 0 || digits > 12 || (digits < *used - 2 && bytes[digits] != ';')) return REFUSE;
    http->at = http->left ? HTTP_CHUNK : HTTP_TRAILER;
    return PASS;
}

static enum verdict trailer(struct http *http, const uint8_t *bytes, size_t size, size_t *used) {
    enum verdict verdict = line(bytes, size, used);
    if (verdict == PASS && *used == 2) http->at = HTTP_HEAD;
    return verdict;
}

static enum verdict chunk_end(struct http *http, const uint8_t *bytes, size_t size, size_t *used) {
    if (bytes[0] != '\r' || (size > 1 && bytes[1] != '\n')) return REFUSE;
    if (size < 2) return MORE;
    *used = 2;
    http->at = HTTP_CHUNK_SIZE;
    return PASS;
}

static void through(struct http *http, size_t size, size_t *used) {
    *used = http->left < size ? (size_t)http->left : size;
    http->left -= *used;
    if (http->left == 0) http->at = http->at == HTTP_BODY ? HTTP_HEAD : HTTP_CHUNK_END;
}

enum verdict http_judge(struct http *http, struct judge judge, const uint8_t *bytes, size_t size, size_t *passed) {
    *passed = 0;
    while (*passed < size) {
        const uint8_t *here = bytes + *passed;
        size_t left = size - *passed, used = 0;
        enum verdict verdict = PASS;
        switch (http->at) {
        case HTTP_HEAD: verdict = head(http, judge, here, left, &used); break;
        case HTTP_CHUNK_SIZE: verdict = chunk_size(http, here, left, &used); break;
        case HTTP_CHUNK_END: verdict = chunk_end(http, here, left, &used); break;
        case HTTP_TRAILER: verdict = trailer(http, here, left, &used); break;
        case HTTP_BODY:
        case HTTP_CHUNK: through(http, left, &used); break;
        case HTTP_WAITING: return MORE;
        case HTTP_TUNNEL: used = left; break;
        }
        if (verdict != PASS) return verdict;
        *passed += used;
    }
    return PASS;
}

enum verdict http_answered(struct http *http, const uint8_t *bytes, size_t size) {
    if (size < 12) return MORE;
    bool switched = memcmp(bytes, "HTTP/1.", 7) == 0 && memcmp(bytes + 8, " 101", 4) == 0;
    if (switched && !http->websocket) return REFUSE;
    http->at = switched ? HTTP_TUNNEL : HTTP_HEAD;
    return PASS;
}
