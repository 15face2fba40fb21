/* A program of ours that serves for as long as the desktop lives, without any privilege. */
#ifndef LASTING_H
#define LASTING_H
#include <stdint.h>

/* Says what is wrong and ends. */
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

/* A socket whose packets carry a firewall mark, or -1 where the kernel lacks the family. Setting a mark takes NET_ADMIN:
 * such sockets are made before it is given up, and nobody can make one afterwards. */
int marked_socket(int family, int type, uint32_t mark);

/* Becomes UID without capabilities, goes to the background, returns there, and is started again when it dies. The
 * foreground ends with 0: whoever called it knows that every socket stands. */
void last(unsigned uid);

int64_t now_ms(void);
#endif
