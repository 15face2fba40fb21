/* guacd writes each line to syslog and to its output, and starts a process for each connection by fork(). The C library's
 * lock of syslog is not taken back in the child: forked while another thread of guacd logs, a connection stands still at
 * its own first line, for ever. No syslog is listening in this container: all lines are in guacd's output. */
#include <stdarg.h>

void openlog(const char *name, int option, int facility) {}
void closelog(void) {}
void syslog(int priority, const char *format, ...) {}
void vsyslog(int priority, const char *format, va_list list) {}
void __syslog_chk(int priority, int flag, const char *format, ...) {}
void __vsyslog_chk(int priority, int flag, const char *format, va_list list) {}
