/* Feeds the gate's readers: each line of the input is KIND PIECES, where KIND is tls, http, websocket or upgrade and PIECES are
 * hex strings between commas, coming one after the other as segments of the network do. Prints for each line the verdict,
 * the bytes passed on and the names asked for. Allowed are exam.test and *.wild.test; a name that is not given is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../exam-linux/build/gate.h"

static char asked[4096];
static char *entries[] = {"exam.test", "*.wild.test"};
static const struct allow allow = {.names = entries, .count = 2};

static bool right(void *whom, const char *host) {
    (void)whom;
    if (strlen(asked) + strlen(host) + 2 < sizeof asked) sprintf(asked + strlen(asked), " %s", *host ? host : "(none)");
    return allow_name(&allow, host);
}

static size_t from_hex(const char *text, size_t size, uint8_t *bytes) {
    for (size_t i = 0; i < size / 2; i++) sscanf(text + 2 * i, "%2hhx", &bytes[i]);
    return size / 2;
}

int main(void) {
    static char line[1 << 20];
    while (fgets(line, sizeof line, stdin)) {
        char *kind = strtok(line, " \n"), *piece;
        struct tls tls = {0};
        struct http http = {0};
        struct judge judge = {right, NULL};
        enum verdict verdict = MORE;
        size_t have = 0, done = 0;
        bool is_tls = strcmp(kind, "tls") == 0;
        uint8_t *bytes = NULL;
        asked[0] = 0;
        while (verdict != REFUSE && (piece = strtok(NULL, ",\n"))) {
            size_t size = strlen(piece), passed = 0;
            /* exactly as long as what came: a look beyond it is seen by the address sanitizer */
            uint8_t *longer = malloc(have + size / 2 + (size < 2));
            if (have) memcpy(longer, bytes, have);
            free(bytes);
            bytes = longer;
            have += from_hex(piece, size, bytes + have);
            verdict = is_tls ? tls_judge(&tls, judge, bytes + done, have - done, &passed)
                             : http_judge(&http, judge, bytes + done, have - done, &passed);
            done += passed;
            if (http.at == HTTP_WAITING) {
                static const uint8_t YES[] = "HTTP/1.1 101 Switching", NO[] = "HTTP/1.1 404 Not Found";
                verdict = http_answered(&http, strcmp(kind, "upgrade") == 0 ? NO : YES, sizeof YES - 1);
                if (verdict == PASS) verdict = http_judge(&http, judge, bytes + done, have - done, &passed), done += passed;
            }
        }
        free(bytes);
        printf("%s %zu%s\n", verdict == PASS ? "pass" : verdict == MORE ? "more" : "refuse", done, asked);
    }
    return 0;
}
