# What an attempt tries to reach: answers on many TCP ports, echoes UDP, and is a name server that knows every name.
# Arguments: address of the exam site, address for every other name, TCP ports.
use strict; use warnings; use Socket qw(:all);
my ($site, $elsewhere, @ports) = @ARGV;
$SIG{PIPE} = 'IGNORE'; $SIG{TERM} = sub { exit 0 };
my (%tcp, %udp);
for my $family (AF_INET, AF_INET6) {
    my $any = sub { my $port = shift; $family == AF_INET ? pack_sockaddr_in($port, INADDR_ANY) : pack_sockaddr_in6($port, inet_pton(AF_INET6, '::')) };
    for my $port (@ports) {
        socket(my $s, $family, SOCK_STREAM, 0) or next;
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
        setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, 1) if $family == AF_INET6;
        bind($s, $any->($port)) and listen($s, 50) or die "port $port: $!";
        $tcp{fileno $s} = $s;
    }
    for my $port (53, 443, 9999) {
        socket(my $s, $family, SOCK_DGRAM, 0) or next;
        setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, 1) if $family == AF_INET6;
        bind($s, $any->($port)) or die "udp $port: $!";
        $udp{fileno $s} = [$s, $port];
    }
}
sub answer { # a question's packet: addresses only; where the moving site is now, is written in a file
    my $question = shift;
    my ($id) = unpack('n', $question);
    my ($at, @labels) = (12);
    while (my $length = unpack('C', substr($question, $at, 1))) { push @labels, substr($question, $at + 1, $length); $at += $length + 1; }
    my $type = unpack('n', substr($question, $at + 1, 2));
    my $name = lc join('.', @labels);
    my $address = $name eq 'ext.escape.test' || $name =~ /\.wild\.escape\.test$/ ? $site : $elsewhere;
    my $six = '';
    if ($name eq 'moving.escape.test' && open(my $moved, '<', '/tmp/moved')) { ($address, $six) = split ' ', <$moved> }
    my $data = $type == 1 ? inet_aton($address) : $type == 28 && $six ? inet_pton(AF_INET6, $six) : '';
    my $reply = pack('n6', $id, 0x8580, 1, length $data ? 1 : 0, 0, 0) . substr($question, 12, $at - 12 + 5);
    $reply .= pack('n n n N n/a*', 0xc00c, $type, 1, 1, $data) if length $data;
    return $reply;
}
while (1) {
    my $wait = '';
    vec($wait, $_, 1) = 1 for keys %tcp, keys %udp;
    select($wait, undef, undef, undef) or next;
    for my $fd (keys %udp) {
        next unless vec($wait, $fd, 1);
        my ($socket, $port) = @{ $udp{$fd} };
        my $from = recv($socket, my $packet, 2000, 0) or next;
        send($socket, $port == 53 ? answer($packet) : "reached $packet", 0, $from);
    }
    for my $fd (keys %tcp) {
        next unless vec($wait, $fd, 1) and accept(my $client, $tcp{$fd});
        my $ready = ''; vec($ready, fileno $client, 1) = 1;
        sysread($client, my $request, 4096) if select($ready, undef, undef, 0.5);
        my $page = "<!doctype html><title>Escape</title>reached\n";
        syswrite($client, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: " . length($page) . "\r\n\r\n$page");
        close($client);
    }
}
