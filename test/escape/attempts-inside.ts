import { type Attempt, probe, shell } from './attempts.ts';
import { PASSWORD } from './stage.ts';

// System calls by their number on x86-64: what a student's own C program would use, whatever tools the image lacks.
const MOUNT = 165;
const SETNS = 308;
const UNSHARE = 272;
const NEW_MOUNTS = 0x20000;
const FIREWALL_SOCKET = [16, 3, 12] as const;
const STARTED_BY_ROOT = `for p in /proc/[0-9]*; do [ "$(stat -c %u $p)" = 0 ] && [ "\${p#/proc/}" != $$ ] && echo \${p#/proc/}; done | head -1`;
const NAMES = 'pgrep -xo names';

// Every process below PID 1 (an exec of ours is not), by its bounding and permitted capabilities; Chromium's renderers aside: theirs count in user namespaces of their own only, which uid_map shows.
const STILL_ADMIN = `for s in /proc/[0-9]*; do
  p=$(basename $s)
  while [ "$p" -gt 1 ]; do p=$(awk '/^PPid/{print $2}' /proc/$p/status); done
  [ "$p" = 1 ] && cmp -s $s/uid_map /proc/1/uid_map || continue
  set -- $(awk '/^Cap(Prm|Bnd)/{print $2}' $s/status)
  [ $(( (0x$1 | 0x$2) & 0x1000 )) = 0 ] || { echo $s; exit 0; }
done 2>/dev/null; exit 1`;

const asRoot = { where: 'loose', as: 'root' } as const;

/** The firewall, and the privileges that would change it. */
export function byPrivilege(): Attempt[] {
  return [
    { name: 'list the firewall', as: 'student', run: ['nft', 'list', 'ruleset'], control: asRoot, quick: true },
    { name: 'list the firewall', as: 'root', run: ['nft', 'list', 'ruleset'], quick: true },
    {
      name: 'delete the table',
      as: 'root',
      run: ['nft', 'delete', 'table', 'inet', 'exam'],
      control: { ...asRoot, run: shell('nft add table inet exam; nft delete table inet exam') },
      quick: true,
    },
    {
      name: 'flush all rules',
      as: 'root',
      run: ['nft', 'flush', 'ruleset'],
      control: { ...asRoot, run: shell('nft add table inet spare; nft delete table inet spare') },
    },
    { name: 'netfilter socket', as: 'student', run: probe('socket', ...FIREWALL_SOCKET), quick: true },
    { name: 'netfilter socket', as: 'root', run: probe('socket', ...FIREWALL_SOCKET) },
    {
      name: 'nft in namespaces of his own (unshare -Urn)',
      as: 'student',
      run: ['unshare', '-Urn', ...probe('socket', ...FIREWALL_SOCKET)],
      quick: true,
    },
    {
      name: 'nft in namespaces of his own (unshare -Urn)',
      as: 'root',
      run: ['unshare', '-Urn', 'nft', 'list', 'ruleset'],
      control: { ...asRoot, run: ['unshare', '-n', 'nft', 'list', 'ruleset'] },
    },
    { name: 'packet socket', as: 'root', run: probe('socket', 17, 3, 0), quick: true },
    {
      name: 'packet socket in a namespace of his own',
      as: 'student',
      run: ['unshare', '-Urn', ...probe('socket', 17, 3, 0)],
    },
    {
      name: 'capabilities back by setpriv',
      as: 'root',
      run: ['setpriv', '--inh-caps=+net_admin', '--ambient-caps=+net_admin', 'true'],
      quick: true,
    },
    {
      name: 'stop the name service',
      as: 'student',
      run: shell(`kill -0 $(${NAMES})`),
      control: { where: 'desktop', as: 'root', run: shell(`true && ${NAMES}`) },
    },
    {
      name: 'stop the name service',
      as: 'root',
      run: shell(`kill -0 $(${NAMES})`),
      control: { ...asRoot, run: shell('setpriv --reuid 900 sleep 2 & sleep 0.2; kill -0 $!') },
      quick: true,
    },
    {
      name: 'memory of the name service',
      as: 'root',
      run: shell(`cat /proc/$(${NAMES})/maps | grep -q .`),
      control: { ...asRoot, run: shell('setpriv --reuid 900 sleep 2 & sleep 0.2; cat /proc/$!/maps | grep -q .') },
      quick: true,
    },
    {
      name: 'a process that keeps NET_ADMIN',
      as: 'root',
      run: shell(STILL_ADMIN),
      quick: true,
    },
  ];
}

/** Becoming somebody else, and what belongs to others. */
export function byAccount(): Attempt[] {
  return [
    {
      name: 'setuid and setgid programs',
      as: 'student',
      run: shell('find / -xdev \\( -perm -4000 -o -perm -2000 \\) -type f 2>/dev/null | grep .'),
      control: {
        ...asRoot,
        run: shell(
          'cp /bin/true /usr/local/bin/s && chmod 4755 /usr/local/bin/s && find / -xdev -perm -4000 -type f 2>/dev/null | grep .',
        ),
      },
      quick: true,
    },
    {
      name: 'sudo, su, doas, pkexec, passwd, newgrp',
      as: 'student',
      run: shell('type -P sudo su doas pkexec passwd newgrp | grep .'),
      control: { where: 'desktop', as: 'student', run: shell('type -P bash setpriv | grep .') },
      quick: true,
    },
    {
      name: 'apt, dpkg, pip',
      as: 'student',
      run: shell('type -P apt apt-get dpkg pip pip3 snap | grep .'),
      control: { where: 'desktop', as: 'student', run: shell('type -P bash setpriv | grep .') },
      quick: true,
    },
    {
      name: 'become root',
      as: 'student',
      run: shell("perl -e '$> = 0; exit($> == 0 ? 0 : 1)'"),
      control: asRoot,
      quick: true,
    },
    {
      name: 'read the RDP password',
      as: 'student',
      run: ['cat', '/home/.exam/rdp-password'],
      control: { where: 'desktop', as: 'root', run: ['test', '-s', '/home/.exam/rdp-password'] },
      quick: true,
    },
    {
      name: 'read the key that proofs are signed with',
      as: 'student',
      run: ['cat', '/home/.exam/proof-key'],
      control: { where: 'desktop', as: 'root', run: ['test', '-s', '/home/.exam/proof-key'] },
      quick: true,
    },
    {
      name: 'read the probe, and so trace it',
      as: 'student',
      run: ['cat', '/usr/lib/exam/probe'],
      control: { where: 'desktop', as: 'root', run: ['cat', '/usr/lib/exam/probe'] },
      quick: true,
    },
    { name: 'read /etc/shadow', as: 'student', run: ['cat', '/etc/shadow'], control: asRoot },
    {
      name: "write to PID 1's output",
      as: 'student',
      run: probe('open', '>>', '/proc/1/fd/1'),
      control: asRoot,
      quick: true,
    },
    {
      name: 'write to the output of any process of root',
      as: 'student',
      run: shell(
        'for d in /proc/[0-9]*; do for f in $d/fd/[012]; do [ "$(stat -c %u $d)" = 0 ] && { : >> $f; } 2>/dev/null && exit 0; done; done; exit 1',
      ),
      control: asRoot,
    },
    { name: 'trace PID 1', as: 'student', run: probe('syscall', 101, 16, 1, 0, 0), control: asRoot, quick: true },
    { name: 'memory of PID 1', as: 'student', run: probe('open', '<', '/proc/1/mem'), control: asRoot },
    {
      name: 'signal a process of root',
      as: 'student',
      run: shell(`kill -0 $(${STARTED_BY_ROOT})`),
      control: asRoot,
      quick: true,
    },
    {
      name: "change the browser's policies",
      as: 'student',
      run: probe('open', '>>', '/etc/chromium/policies/managed/exam.json'),
      control: asRoot,
      quick: true,
    },
    { name: 'change the resolver', as: 'student', run: probe('open', '>>', '/etc/resolv.conf'), control: asRoot },
    {
      name: 'change what root runs',
      as: 'student',
      run: shell(
        'find /usr /etc /bin /sbin /lib /opt /root /var -path /var/tmp -prune -o -writable ! -type l -print 2>/dev/null | grep .',
      ),
      control: { ...asRoot },
    },
    {
      name: 'a second session with a wrong password',
      as: 'student',
      run: shell('echo wrong | xrdp-sesrun -s 127.0.0.1 -t Xorg -F 0 student 2>&1 | grep -q "^ok"'),
      control: {
        where: 'desktop',
        as: 'root',
        run: shell(
          `echo ${PASSWORD} | xrdp-sesrun -s 127.0.0.1 -g 1280x800 -b 24 -t Xorg -F 0 student 2>&1 | grep -q "^ok"`,
        ),
      },
      quick: true,
    },
  ];
}

/** The kernel's doors. */
export function byKernel(): Attempt[] {
  const mount = probe('syscall', MOUNT, 'none', '/tmp', 'tmpfs', 0, 0);
  const call = (name: string, ...args: (string | number)[]): Attempt => ({
    name,
    as: 'student',
    run: probe('syscall', ...args),
    control: asRoot,
  });
  return [
    { name: 'mount', as: 'root', run: mount, control: { ...asRoot, run: ['unshare', '-m', ...mount] }, quick: true },
    {
      name: 'mount in a user namespace',
      as: 'student',
      run: ['unshare', '-Ur', ...mount],
      control: { ...asRoot, run: ['unshare', '-m', ...mount] },
      quick: true,
    },
    {
      name: 'a mount namespace of his own',
      as: 'student',
      run: ['unshare', '-Ur', ...probe('syscall', UNSHARE, NEW_MOUNTS)],
      quick: true,
    },
    {
      name: "enter PID 1's namespaces",
      as: 'root',
      run: shell(`perl -e 'open(my $f,"<","/proc/1/ns/net") or exit 1; exit(syscall(${SETNS},fileno $f,0)==-1)'`),
      quick: true,
    },
    {
      name: 'bpf',
      as: 'student',
      run: ['unshare', '-Ur', ...probe('syscall', 321, 0, 'ZEROS', 72)],
      control: { ...asRoot, run: shell('perl -e \'my $a=pack("L4x56",2,4,4,1); exit(syscall(321,0,$a,72)==-1)\'') },
    },
    { ...call('keyctl', 250, 0, -3, 1), quick: true },
    call('io_uring', 425, 4, 'ZEROS'),
    call('userfaultfd', 323, 0),
    {
      name: 'AF_ALG socket',
      as: 'student',
      run: probe('socket', 38, 5, 0),
      control: { ...asRoot, run: shell("perl -e 'socket(my $s,38,5,0) or $!{EAFNOSUPPORT} or exit 1'") },
    },
    {
      name: 'VSOCK to the hypervisor',
      as: 'student',
      run: probe('socket', 40, 1, 0),
      control: { ...asRoot, run: shell("perl -e 'socket(my $s,40,1,0) or $!{EAFNOSUPPORT} or exit 1'") },
    },
    {
      name: 'make a block device',
      as: 'root',
      run: ['mknod', '/tmp/escape-disk', 'b', '7', '0'],
      control: { ...asRoot, run: shell('mknod /tmp/escape-disk b 7 0 && rm /tmp/escape-disk') },
    },
    {
      name: 'kernel settings (core_pattern)',
      as: 'root',
      run: probe('open', '>>', '/proc/sys/kernel/core_pattern'),
      quick: true,
    },
    { name: 'kernel settings (panic_on_oom)', as: 'root', run: probe('open', '>>', '/proc/sys/vm/panic_on_oom') },
    {
      name: 'control groups',
      as: 'root',
      run: shell('find /sys/fs/cgroup -name cgroup.procs -writable 2>/dev/null | grep .'),
    },
    {
      name: 'root file system of the host through PID 1',
      as: 'student',
      run: shell('ls /proc/1/root/'),
      control: asRoot,
    },
  ];
}

/** The browser as a way out. Slow: it starts one each time. */
export function byBrowser(): Attempt[] {
  const browser = (rest: string) =>
    shell(`d=$(mktemp -d); timeout 20 /usr/lib/chromium/chromium --headless --disable-gpu --user-data-dir=$d ${rest}`);
  const there = { where: 'loose', as: 'student' } as const;
  return [
    {
      name: 'browser: file:///etc/passwd',
      as: 'student',
      run: browser('--dump-dom file:///etc/passwd 2>/dev/null | grep -q root:'),
      control: there,
    },
    {
      name: 'browser: another site, its own name service',
      as: 'student',
      run: browser(
        '--host-resolver-rules="MAP * $(getent ahostsv4 exam.escape.test | awk \'{print $1; exit}\')" --dump-dom http://other.escape.test/ 2>/dev/null | grep -q reached',
      ),
      control: { ...there, run: browser('--dump-dom http://other.escape.test/ 2>/dev/null | grep -q reached') },
    },
    {
      name: 'browser: remote debugging port',
      as: 'student',
      run: browser(
        '--remote-debugging-port=9333 http://exam.escape.test/ >/dev/null 2>&1 & for i in $(seq 24); do sleep 0.5; curl -fsS -m 2 http://127.0.0.1:9333/json/version && break; done; code=$?; kill %1; exit $code',
      ),
      control: there,
    },
  ];
}
