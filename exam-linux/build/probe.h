/* What one try came to. */
#ifndef EXAM_PROBE_H
#define EXAM_PROBE_H

#include <stddef.h>

/* REFUSED: by this machine, at once. SILENT: it left and nobody answered, which a lock that holds never lets happen.
 * NOTHING: there was nothing to try, e.g. a name that has no address now. */
enum outcome { OPEN, REFUSED, SILENT, NOTHING };

/* ADDRESS PORT: a connection and a datagram. The datagram tells a refusal of ours from one of the other side:
 * only our own firewall makes sending itself fail. */
enum outcome try_address(char **words);
/* SERVER NAME: asked by UDP; open when an address comes back. SERVER may be `resolver`: the one programs use. */
enum outcome try_name(char **words);
/* NAME: whether the resolver that programs use answers anything, if only that there is no such name. */
enum outcome try_resolver(char **words);
/* HOST PORT: every address of the allowed host, at a port that is not the web's. */
enum outcome try_port(char **words);
/* HOST PORT: whether a connection is taken at all. */
enum outcome try_connect(char **words);
/* http|https HOST PORT NAME: whether the server answers when asked for NAME. */
enum outcome try_web(char **words);
/* ADDRESS: a ping, by the socket everybody may have and by the one only root may have. */
enum outcome try_icmp(char **words);
/* The ways to the firewall itself. */
enum outcome try_netfilter(char **words);
enum outcome try_namespace(char **words);
enum outcome try_nft(char **words);
enum outcome try_capability(char **words);

/* A TLS ClientHello that asks for this server name. */
size_t client_hello(unsigned char *into, const char *name);

#endif
