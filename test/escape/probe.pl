# One attempt, run inside a desktop or, as its control, where there is no lock. Ends with 0 when it got through.
use strict; use warnings; use Socket qw(:all);
my ($kind, @args) = @ARGV;
$SIG{ALRM} = sub { print "no answer\n"; exit 1 };
alarm 4;

sub end { my ($through, $why) = @_; print "$why\n"; exit($through ? 0 : 1); }

sub ask { # SOCKET PACKET ADDRESS SECONDS: the reply
    my ($socket, $packet, $to, $seconds) = @_;
    defined send($socket, $packet, 0, $to) or end(0, "send: $!");
    my $wait = ''; vec($wait, fileno $socket, 1) = 1;
    select($wait, undef, undef, $seconds) or end(0, 'no answer');
    defined recv($socket, my $reply, 2000, 0) or end(0, "receive: $!");
    return $reply;
}

sub pass { # FROM TO: one datagram between two sockets of this machine
    my ($from, $to) = @_;
    defined send($from, 'hello', 0, getsockname $to) or end(0, "send: $!");
    my $wait = ''; vec($wait, fileno $to, 1) = 1;
    end(select($wait, undef, undef, 1.5) > 0, 'passed on');
}

sub place { # HOST PORT TYPE: family and address; a name is asked of the resolver, as any program does
    my ($host, $port, $type) = @_;
    my ($error, @found) = getaddrinfo($host, $port, { socktype => $type });
    end(0, "name: $error") if $error || !@found;
    return @{ $found[0] }{qw(family addr)};
}

sub become { my $uid = shift; $( = $) = "$uid $uid"; ($<, $>) = ($uid, $uid); end(0, "could not become $uid") if $> != $uid; }

sub question { my $name = shift; pack('n6', $$ & 0xffff, 0x0100, 1, 0, 0, 0) . join('', map { pack('C/a*', $_) } split /\./, $name) . pack('C n n', 0, 1, 1) }

my %kinds = (
    tcp => sub {
        my ($family, $address) = place(@_, SOCK_STREAM);
        socket(my $s, $family, SOCK_STREAM, 0) or end(0, "socket: $!");
        connect($s, $address) or end(0, "connect: $!");
        syswrite($s, "GET / HTTP/1.0\r\nHost: exam.escape.test\r\n\r\n");
        my $page = ''; while (sysread($s, my $part, 4096)) { $page .= $part }
        end(scalar($page =~ /reached/), length $page ? 'a page came' : 'closed');
    },
    connect => sub {
        my ($family, $address) = place(@_, SOCK_STREAM);
        socket(my $s, $family, SOCK_STREAM, 0) or end(0, "socket: $!");
        end(connect($s, $address), "connect: $!");
    },
    udp => sub {
        my ($family, $address) = place(@_, SOCK_DGRAM);
        socket(my $s, $family, SOCK_DGRAM, 0) or end(0, "socket: $!");
        end(scalar(ask($s, 'hello', $address, 1.5) =~ /reached/), 'answered');
    },
    dns => sub { # SERVER NAME [UID to become first]
        my ($server, $name, $uid) = @_;
        become($uid) if defined $uid;
        my ($family, $address) = place($server, 53, SOCK_DGRAM);
        socket(my $s, $family, SOCK_DGRAM, 0) or end(0, "socket: $!");
        my $reply = ask($s, question($name), $address, 1.5);
        end(unpack('x6 n', $reply) > 0, 'reply code ' . (unpack('x3 C', $reply) & 15));
    },
    knock => sub { # ADDRESS PORT [UID to become first]: a datagram towards it, then a web request
        my ($host, $port, $uid) = @_;
        become($uid) if defined $uid;
        my ($family, $address) = place($host, $port, SOCK_DGRAM);
        socket(my $s, $family, SOCK_DGRAM, 0) or end(0, "socket: $!");
        send($s, '', 0, $address) for 1 .. 3;
        ($family, $address) = place($host, 80, SOCK_STREAM);
        socket(my $t, $family, SOCK_STREAM, 0) or end(0, "socket: $!");
        end(connect($t, $address), "connect: $!");
    },
    talk => sub { # HOST PORT PATTERN PIECE…: pieces in hexadecimal, each in a segment of its own
        my ($host, $port, $pattern, @pieces) = @_;
        my ($family, $address) = place($host, $port, SOCK_STREAM);
        socket(my $s, $family, SOCK_STREAM, 0) or end(0, "socket: $!");
        setsockopt($s, IPPROTO_TCP, TCP_NODELAY, 1);
        connect($s, $address) or end(0, "connect: $!");
        my ($heard, $wait) = ('', ''); vec($wait, fileno $s, 1) = 1;
        my $hear = sub { while (select(my $w = $wait, undef, undef, $_[0])) { sysread($s, $heard, 4096, length $heard) or last } };
        for my $piece (@pieces) { syswrite($s, pack('H*', $piece)); $hear->(0.15); }
        $hear->(1) unless $heard =~ /$pattern/s;
        (my $seen = substr $heard, 0, 40) =~ s/[^ -~]+/ /g;
        end(scalar($heard =~ /$pattern/s), length $heard ? "heard: $seen" : 'closed');
    },
    as => sub { become(shift); exec(@_) or end(0, "$!") },
    mark => sub { socket(my $s, AF_INET, SOCK_DGRAM, 0) or end(0, "$!"); end(setsockopt($s, SOL_SOCKET, 36, pack('L', $_[0])), "$!") },
    pose => sub { # ADDRESS: a datagram from port 53 of that address of this machine to a socket of its own
        my ($host) = @_;
        socket(my $s, AF_INET, SOCK_DGRAM, 0); socket(my $r, AF_INET, SOCK_DGRAM, 0);
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
        bind($s, pack_sockaddr_in(53, inet_aton($host))) or end(0, "bind: $!");
        bind($r, pack_sockaddr_in(0, inet_aton('127.0.0.1')));
        pass($s, $r);
    },
    flood => sub { # COUNT questions at once; through when nearly all are answered
        my ($count) = @_;
        open(my $conf, '<', '/etc/resolv.conf') or end(0, "$!");
        my ($server) = join('', <$conf>) =~ /^nameserver (\S+)/m;
        socket(my $s, AF_INET, SOCK_DGRAM, 0);
        my ($got, $wait) = (0, ''); vec($wait, fileno $s, 1) = 1;
        for my $i (1 .. $count) {
            send($s, question("d$i.wild.escape.test"), 0, pack_sockaddr_in(53, inet_aton($server)));
            while (select(my $w = $wait, undef, undef, 0.001)) { recv($s, my $r, 2000, 0); $got++ if length $r && unpack('x6 n', $r) > 0 }
        }
        while (select(my $w = $wait, undef, undef, 0.5)) { recv($s, my $r, 2000, 0); $got++ if length $r && unpack('x6 n', $r) > 0 }
        end($got > $count * 0.9, "$got of $count answered");
    },
    icmp => sub { # TYPE (dgram or raw) ADDRESS
        my ($type, $host) = @_;
        socket(my $s, AF_INET, $type eq 'raw' ? SOCK_RAW : SOCK_DGRAM, 1) or end(0, "socket: $!");
        my $echo = pack('C C n n n', 8, 0, 0, $$ & 0xffff, 1); my $sum = 0; $sum += $_ for unpack('n*', $echo);
        $sum = ($sum & 0xffff) + ($sum >> 16);
        substr($echo, 2, 2) = pack('n', ~$sum & 0xffff);
        ask($s, $echo, pack_sockaddr_in(0, inet_aton($host)), 1.5);
        end(1, 'echo reply');
    },
    socket => sub { my ($family, $type, $protocol) = @_; end(socket(my $s, $family, $type, $protocol), "socket: $!") },
    syscall => sub { # NUMBER ARGUMENT…: numbers as such, everything else as a string; a page of zeros for 'ZEROS'
        my @call = map { /^-?\d+$/ ? $_ + 0 : $_ eq 'ZEROS' ? "\0" x 4096 : "$_" } @_;
        end(syscall($call[0], @call[1 .. $#call]) != -1, "$!");
    },
    open => sub { my ($mode, $file) = @_; end(open(my $f, $mode, $file), "$!") },
    signal => sub { end(kill(0, $_[0]), "$!") },
);
$kinds{$kind} or die "no such probe: $kind\n";
$kinds{$kind}->(@args);
