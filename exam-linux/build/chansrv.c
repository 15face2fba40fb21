/* Stands where xrdp-chansrv stood. That one serves clipboard, drives and sound; here all of them are closed, yet xrdp
 * paints nothing for many seconds while it waits for somebody to take its connection. This takes it and discards what
 * comes. the session starts it beside the X server, as the student; it ends when the session ends.
 * Where the worker allows a clipboard, root has left a word, and xrdp's own takes over: xrdp opens no other channel to it
 * than the clipboard's, and sesman.ini tells it which way text may go. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS 8
#define CLIPBOARD_ALLOWED "/run/exam/clipboard"
/* By its own name: whoever looks for it, or wakes it, knows it by that. */
#define XRDPS_OWN "/usr/lib/exam/xrdp/xrdp-chansrv"

int main(int argc, char **argv) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct pollfd ends[1 + CLIENTS];
    const char *display = getenv("DISPLAY");
    char waste[4096];

    if (argc > 0 && access(CLIPBOARD_ALLOWED, F_OK) == 0) {
        execv(XRDPS_OWN, argv);
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    if (display == NULL || strchr(display, ':') == NULL) return 1;
    snprintf(address.sun_path, sizeof address.sun_path, "/run/xrdp/sockdir/xrdp_chansrv_socket_%d",
             atoi(strchr(display, ':') + 1));
    unlink(address.sun_path);
    ends[0].fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (ends[0].fd < 0 || bind(ends[0].fd, (struct sockaddr *)&address, sizeof address) ||
        chmod(address.sun_path, 0660) || listen(ends[0].fd, CLIENTS))
        return 1;
    for (int i = 0; i <= CLIENTS; i++) {
        if (i > 0) ends[i].fd = -1;
        ends[i].events = POLLIN;
    }
    while (poll(ends, 1 + CLIENTS, -1) > 0) {
        for (int i = 1; i <= CLIENTS; i++) {
            if (ends[i].fd >= 0 && ends[i].revents && read(ends[i].fd, waste, sizeof waste) <= 0) {
                close(ends[i].fd);
                ends[i].fd = -1;
            }
        }
        if (ends[0].revents) {
            int client = accept(ends[0].fd, NULL, NULL), place = 1;
            while (place <= CLIENTS && ends[place].fd >= 0) place++;
            if (place <= CLIENTS)
                ends[place].fd = client;
            else
                close(client);
        }
    }
    return 0;
}
