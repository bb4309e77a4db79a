// The little program that stands between us and a plain process, so that its output and its exit are kept while no control plane is there.

/**
 * Perl, because every Debian and macOS has it. Its arguments: folder of the log, bytes per segment, exit file, file for the process id, then the program's own.
 * Says one line on standard output, `pid N` or `no <reason>`, and closes it. The program leads a process group of its own, which is
 * ended with it. Two log segments are kept, each named by the position of its first byte.
 */
export const SUPERVISOR = String.raw`
my ($log, $max, $exit, $pidfile) = splice(@ARGV, 0, 4);
my ($total, $size, @kept) = (0, 0);
opendir(my $d, $log); @kept = sort { $a <=> $b } map { /^s-(\d+)$/ ? $1 : () } readdir $d; closedir $d;
if (@kept) { $size = -s "$log/s-$kept[-1]"; $total = $kept[-1] + $size }
sub segment { push @kept, $total if !@kept or $size >= $max; $size = 0 if $size >= $max;
  open(OUT, '>>', "$log/s-$kept[-1]") or exit 1; while (@kept > 2) { unlink "$log/s-" . shift @kept } }
umask 077; segment(); umask 022;
pipe(R, W); pipe(ER, EW);
my $pid = fork; defined $pid or exit 1;
if (!$pid) { setpgrp(0, 0); close R; close ER; open(STDIN, '<', '/dev/null'); open(STDOUT, '>&', \*W); open(STDERR, '>&', \*W); close W; close OUT;
  exec { $ARGV[0] } @ARGV; syswrite EW, "$!"; require POSIX; POSIX::_exit(127); }
close W; close EW; setpgrp($pid, $pid);
my $said = ''; sysread(ER, $said, 200);
if ($said ne '') { syswrite STDOUT, "no $said\n"; exit 0 }
open(my $p, '>', "$pidfile.tmp"); print $p $pid; close $p; rename "$pidfile.tmp", $pidfile;
my $status; $SIG{CHLD} = sub { }; $SIG{$_} = 'IGNORE' for qw(TERM INT HUP);
syswrite STDOUT, "pid $pid\n"; close STDOUT;
my $open = 1;
sub pump { my ($wait) = @_; my $ready = ''; vec($ready, fileno(R), 1) = 1;
  return 0 if !$open or select($ready, undef, undef, $wait) <= 0;
  my $n = sysread(R, my $bytes, 65536); return 1 if !defined $n; if (!$n) { $open = 0; return 0 }
  syswrite OUT, $bytes; $total += $n; $size += $n; segment() if $size >= $max; return 1 }
while (!defined $status) { pump($open ? 0.2 : 0) or select(undef, undef, undef, $open ? 0 : 0.5);
  my $done; while (($done = waitpid(-1, 1)) > 0) { $status = $? if $done == $pid } }
kill 'KILL', -$pid;
1 while pump(0);
my $code = $status & 127 ? 128 + ($status & 127) : $status >> 8;
open(my $e, '>', "$exit.tmp"); print $e $code; close $e; rename "$exit.tmp", $exit;
`
