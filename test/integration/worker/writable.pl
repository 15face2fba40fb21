# Prints every folder in which a file can be made and every file that can be opened for writing, wherever it is mounted.
# Nothing is written into what is there already. Processes' own folders in /proc are left out.
use strict;
use Fcntl;
my @folders = ('');
while (defined(my $folder = pop @folders)) {
    next if $folder =~ m{^/proc/(\d+|self|thread-self)$};
    my $mark = "$folder/.writable-$$";
    if (sysopen(my $made, $mark, O_WRONLY | O_CREAT | O_EXCL)) { close $made; unlink $mark; print $folder || '/', "\n"; }
    opendir(my $inside, "$folder/") or next;
    for my $name (readdir $inside) {
        next if $name eq '.' or $name eq '..';
        my $path = "$folder/$name";
        lstat $path;
        next if -l _;
        if (-d _) { push @folders, $path; }
        elsif (-f _ and sysopen(my $file, $path, O_WRONLY | O_NONBLOCK)) { close $file; print "$path\n"; }
    }
}
